#pragma once
// Blocks given back and handed out again, by size: messages, machines and their lists come and go by the million, in
// any order, and the heap would join and split them each time. What is asked for one after the other lies one after the
// other, without anything between, so that a peer is on one page of memory rather than on five. Lines are those of the
// cache, other blocks begin at a multiple of eight. One pool a thread; its memory stays its own.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace gossip {

class SpareBlocks {
public:
    static constexpr std::size_t alignment = 8;    // of any block
    static constexpr std::size_t line_bytes = 64;  // and alignment of a line

    [[nodiscard]] void* get(std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator new(rounded(bytes), line);
        Spare*& first = of(bytes);
        return first != nullptr ? take(first) : carve(rounded(bytes), alignment);
    }
    void put(void* block, std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator delete(block, line);
        give(of(bytes), block);
    }
    [[nodiscard]] void* get_line() {
        if (!recycles) return ::operator new(line_bytes, line);
        return lines_ != nullptr ? take(lines_) : carve(line_bytes, line_bytes);
    }
    void put_line(void* block) {
        if (!recycles) return ::operator delete(block, line);
        give(lines_, block);
    }

private:
#ifdef __SANITIZE_ADDRESS__
    static constexpr bool recycles = false;  // what is used after its end is to be found
#else
    static constexpr bool recycles = true;
#endif
    struct Spare {
        Spare* next;
    };
    static constexpr std::size_t step = 8;
    static constexpr std::size_t largest = 1024;
    static constexpr std::size_t at_once = std::size_t{1} << 20;  // bytes
    static constexpr std::align_val_t line{line_bytes};

    static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + step - 1) / step * step; }
    [[nodiscard]] Spare*& of(std::size_t bytes) { return first_[(bytes - 1) / step]; }
    static void* take(Spare*& first) { return std::exchange(first, first->next); }
    static void give(Spare*& first, void* block) { first = new (block) Spare{first}; }
    [[nodiscard]] void* carve(std::size_t size, std::size_t unit) {
        std::size_t before = -reinterpret_cast<std::uintptr_t>(next_) & (unit - 1);
        if (before + size > left_) {
            next_ = static_cast<std::byte*>(::operator new(at_once, line));
            left_ = at_once;
            before = 0;
        }
        next_ += before;
        left_ -= before + size;
        return std::exchange(next_, next_ + size);
    }

    std::array<Spare*, largest / step> first_{};
    Spare* lines_{nullptr};
    std::byte* next_{nullptr};  // of what was never handed out
    std::size_t left_{0};       // bytes of that
};

// Of this thread.
[[nodiscard]] inline SpareBlocks& spare_blocks() {
    static thread_local constinit SpareBlocks blocks;
    return blocks;
}

}  // namespace gossip
