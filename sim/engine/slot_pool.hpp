#pragma once
// Values stored aside under a 32-bit index, for queue entries with too few bits for the value itself. Indices are
// reused.

#include <cstdint>
#include <utility>
#include <vector>

namespace gossip::sim {

using PoolIndex = std::uint32_t;

template <class T>
class SlotPool {
public:
    [[nodiscard]] PoolIndex put(T value) {
        if (free_.empty()) {
            values_.push_back(std::move(value));
            return static_cast<PoolIndex>(values_.size() - 1);
        }
        const PoolIndex index = free_.back();
        free_.pop_back();
        values_[index] = std::move(value);
        return index;
    }
    // Moves the value out and frees its index.
    T take(PoolIndex index) {
        free_.push_back(index);
        return std::exchange(values_[index], T{});
    }
    // The same in two steps, for a value that is only read.
    [[nodiscard]] const T& operator[](PoolIndex index) const { return values_[index]; }
    void free(PoolIndex index) { free_.push_back(index); }

private:
    std::vector<T> values_;
    std::vector<PoolIndex> free_;
};

}  // namespace gossip::sim
