#pragma once
// What is too large for an entry of the queue waits here and is known by a number.

#include "sim/event_queue.hpp"

#include <utility>
#include <vector>

namespace gossip::sim {

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

private:
    std::vector<T> values_;
    std::vector<ParkedIndex> free_;
};

}  // namespace gossip::sim
