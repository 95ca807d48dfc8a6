#pragma once
// A vector whose object is one pointer: size and capacity are stored in front of the items. For lists in objects that
// exist by the million and are mostly empty or short; the first item allocates room for exactly one. A `Beside` value
// can be stored in the same block, for state that is needed only when there are items, or at least `several` of them.

#include "protocol/memory/block_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace gossip {

struct NothingBeside {};

// `Beside` is created once there is room for `several` items, and kept from then on.
template <class T, class Beside = NothingBeside, std::size_t several = 1>
class SlimVector {
public:
    using value_type = T;
    using iterator = T*;
    using const_iterator = const T*;

    SlimVector() = default;
    explicit SlimVector(std::size_t count) {
        reserve(count);
        for (std::size_t i = 0; i < count; ++i) push_back(T{});
    }
    SlimVector(const SlimVector& other) {
        if (other.empty()) return;
        reserve(other.has_beside() ? std::max(several, other.size()) : other.size());
        if (has_beside()) *beside() = *other.beside();
        for (const T& item : other) push_back(item);
    }
    SlimVector(SlimVector&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    SlimVector& operator=(SlimVector other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~SlimVector() {
        clear();
        release(block_);
    }

    [[nodiscard]] T* data() { return block_ == nullptr ? nullptr : items(block_); }
    [[nodiscard]] const T* data() const { return block_ == nullptr ? nullptr : items(block_); }
    [[nodiscard]] std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
    [[nodiscard]] std::size_t capacity() const { return block_ == nullptr ? 0 : block_->capacity; }
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] T* begin() { return data(); }
    [[nodiscard]] T* end() { return data() + size(); }
    [[nodiscard]] const T* begin() const { return data(); }
    [[nodiscard]] const T* end() const { return data() + size(); }
    [[nodiscard]] T& operator[](std::size_t i) { return data()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return data()[i]; }
    [[nodiscard]] T& front() { return *begin(); }
    [[nodiscard]] const T& front() const { return *begin(); }
    [[nodiscard]] T& back() { return end()[-1]; }
    [[nodiscard]] const T& back() const { return end()[-1]; }

    // Null until there is room for `several` items.
    [[nodiscard]] Beside* beside() { return has_beside() ? beside_of(block_) : nullptr; }
    [[nodiscard]] const Beside* beside() const { return has_beside() ? beside_of(block_) : nullptr; }

    // The whole allocation, for prefetching.
    [[nodiscard]] const void* block() const { return block_; }

    void reserve(std::size_t room) {
        if (room <= capacity()) return;
        Block* const wider = allocate(room);
        if (beside() != nullptr) *beside_of(wider) = std::move(*beside());
        std::uninitialized_move(begin(), end(), items(wider));
        wider->size = static_cast<std::uint32_t>(size());
        clear();
        release(std::exchange(block_, wider));
    }
    void push_back(T item) {
        if (size() == capacity()) reserve(std::max<std::size_t>(1, size() + size() / 2 + size() % 2));
        new (end()) T(std::move(item));
        ++block_->size;
    }
    T* insert(const T* before, T item) {
        const std::ptrdiff_t at = before - begin();
        push_back(std::move(item));
        T* const place = begin() + at;
        if (place == end() - 1) return place;
        T last = std::move(back());
        std::move_backward(place, end() - 1, end());
        *place = std::move(last);
        return place;
    }
    T* erase(const T* item) { return erase(item, item + 1); }
    T* erase(const T* first, const T* last) {
        T* const at = begin() + (first - begin());
        T* const left = std::move(begin() + (last - begin()), end(), at);
        if (first == last) return at;
        block_->size -= static_cast<std::uint32_t>(end() - left);
        std::destroy(left, left + (last - first));
        return at;
    }
    void clear() {
        if (block_ == nullptr) return;
        std::destroy(begin(), end());
        block_->size = 0;
    }
    // Size of a block with room for so many items.
    [[nodiscard]] static constexpr std::size_t bytes_for(std::size_t room) { return offset(room) + room * sizeof(T); }

private:
    struct Block {
        std::uint32_t size;
        std::uint32_t capacity;
    };
    struct WideBlock : Block {
        [[no_unique_address]] Beside beside;
    };
    static_assert(several > 0 && std::max(alignof(T), alignof(WideBlock)) <= BlockPool::alignment);

    static constexpr std::size_t offset(std::size_t room) {
        const std::size_t before = room < several ? sizeof(Block) : sizeof(WideBlock);
        return (before + alignof(T) - 1) / alignof(T) * alignof(T);
    }
    static T* items(Block* block) {
        const std::size_t room = several == 1 ? 1 : block->capacity;  // a block always has room for one
        return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(block) + offset(room));
    }
    [[nodiscard]] bool has_beside() const { return several == 1 ? block_ != nullptr : capacity() >= several; }
    static Beside* beside_of(Block* block) { return &static_cast<WideBlock*>(block)->beside; }
    static Block* allocate(std::size_t room) {
        void* const memory = block_pool().get(bytes_for(room));
        const Block sizes{0, static_cast<std::uint32_t>(room)};
        return room < several ? new (memory) Block(sizes) : new (memory) WideBlock{sizes, {}};
    }
    static void release(Block* block) {
        if (block == nullptr) return;
        const std::size_t room = block->capacity;
        if (room >= several) std::destroy_at(static_cast<WideBlock*>(block));
        block_pool().put(block, bytes_for(room));
    }

    Block* block_{nullptr};
};

template <class T, class Beside, std::size_t several, class Unwanted>
void erase_if(SlimVector<T, Beside, several>& items, Unwanted unwanted) {
    items.erase(std::remove_if(items.begin(), items.end(), unwanted), items.end());
}

}  // namespace gossip
