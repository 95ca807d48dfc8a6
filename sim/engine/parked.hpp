#pragma once
// What is too large for where it should wait is kept here and known by a number.

#include <cstdint>
#include <utility>
#include <vector>

namespace gossip::sim {

using ParkedIndex = std::uint32_t;

template <class T>
class Parked {
public:
    [[nodiscard]] ParkedIndex put(T value) {
        if (free_.empty()) {
            values_.push_back(std::move(value));
            return static_cast<ParkedIndex>(values_.size() - 1);
        }
        const ParkedIndex index = free_.back();
        free_.pop_back();
        values_[index] = std::move(value);
        return index;
    }
    T take(ParkedIndex index) {
        free_.push_back(index);
        return std::exchange(values_[index], T{});
    }
    // The same, in two steps for what is only to be read.
    [[nodiscard]] const T& operator[](ParkedIndex index) const { return values_[index]; }
    void free(ParkedIndex index) { free_.push_back(index); }

private:
    std::vector<T> values_;
    std::vector<ParkedIndex> free_;
};

}  // namespace gossip::sim
