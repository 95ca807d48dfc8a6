#pragma once
// An allocator with one free list for each block size. Messages, machines and their lists are allocated and freed by
// the million in any order; malloc would split and coalesce its chunks each time. Consecutive allocations are
// adjacent, without a header between them, so that the parts of a peer share a page. Each thread has its own pool; a
// pool never returns memory to the system.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace gossip {

class BlockPool {
public:
    static constexpr std::size_t alignment = 8;    // of every block
    static constexpr std::size_t line_bytes = 64;  // size and alignment of a cache line

    [[nodiscard]] void* get(std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator new(rounded(bytes), line);
        Free*& first = list_of(bytes);
        return first != nullptr ? take(first) : carve(rounded(bytes), alignment);
    }
    void put(void* block, std::size_t bytes) {
        if (!recycles || bytes > largest) return ::operator delete(block, line);
        give(list_of(bytes), block);
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
    static constexpr bool recycles = false;  // so that ASan detects a use after free
#else
    static constexpr bool recycles = true;
#endif
    struct Free {
        Free* next;
    };
    static constexpr std::size_t step = 8;
    static constexpr std::size_t largest = 1024;
    static constexpr std::size_t slab_bytes = std::size_t{1} << 20;
    static constexpr std::align_val_t line{line_bytes};

    static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + step - 1) / step * step; }
    [[nodiscard]] Free*& list_of(std::size_t bytes) { return lists_[(bytes - 1) / step]; }
    static void* take(Free*& first) { return std::exchange(first, first->next); }
    static void give(Free*& first, void* block) { first = new (block) Free{first}; }
    [[nodiscard]] void* carve(std::size_t size, std::size_t align) {
        std::size_t padding = -reinterpret_cast<std::uintptr_t>(fresh_) & (align - 1);
        if (padding + size > fresh_bytes_) {
            fresh_ = static_cast<std::byte*>(::operator new(slab_bytes, line));
            fresh_bytes_ = slab_bytes;
            padding = 0;
        }
        fresh_ += padding;
        fresh_bytes_ -= padding + size;
        return std::exchange(fresh_, fresh_ + size);
    }

    std::array<Free*, largest / step> lists_{};  // by rounded size
    Free* lines_{nullptr};
    std::byte* fresh_{nullptr};  // the part of the newest slab that was never allocated
    std::size_t fresh_bytes_{0};
};

// The pool of this thread.
[[nodiscard]] inline BlockPool& block_pool() {
    static thread_local constinit BlockPool pool;
    return pool;
}

}  // namespace gossip
