#pragma once
// Blocks given back and handed out again, by size: messages and machines come and go by the million, in any order,
// and the heap would join and split them each time. Blocks of a multiple of 64 bytes are lines of the cache. One
// pool a thread; its memory stays its own.

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace gossip {

class SpareBlocks {
public:
    [[nodiscard]] void* get(std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator new(rounded(bytes), line);
        Spare*& first = of(bytes);
        if (first == nullptr) carve(bytes);
        return std::exchange(first, first->next);
    }
    void put(void* block, std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator delete(block, line);
        of(bytes) = new (block) Spare{of(bytes)};
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
    static constexpr std::size_t step = 16;
    static constexpr std::size_t largest = 1024;
    static constexpr std::size_t at_once = 64;
    static constexpr std::align_val_t line{64};

    static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + step - 1) / step * step; }
    [[nodiscard]] Spare*& of(std::size_t bytes) { return first_[(bytes - 1) / step]; }
    void carve(std::size_t bytes) {
        const std::size_t size = rounded(bytes);
        auto* const blocks = static_cast<std::byte*>(::operator new(size* at_once, line));
        for (std::size_t i = at_once; i > 0; --i) put(blocks + (i - 1) * size, bytes);
    }

    std::array<Spare*, largest / step> first_{};
};

// Of this thread.
[[nodiscard]] inline SpareBlocks& spare_blocks() {
    static thread_local constinit SpareBlocks blocks;
    return blocks;
}

}  // namespace gossip
