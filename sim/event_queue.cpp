#include "sim/event_queue.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {
namespace {
constexpr std::size_t arity = 4;
}

std::uint32_t EventQueue::store(Entry entry) {
    if (free_.empty()) {
        entries_.push_back(std::move(entry));
        return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    entries_[slot] = std::move(entry);
    return slot;
}

void EventQueue::push(Time time, Entry entry) {
    heap_.push_back({time, pushed_++, store(std::move(entry))});
    sift_up(heap_.size() - 1);
}

EventQueue::Due EventQueue::pop() {
    GOSSIP_ASSERT(!heap_.empty());
    const Key top = heap_.front();
    Due due{top.time, std::exchange(entries_[top.slot], Entry{})};
    free_.push_back(top.slot);
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(0);
    return due;
}

void EventQueue::sift_up(std::size_t i) {
    const Key key = heap_[i];
    while (i > 0) {
        const std::size_t parent = (i - 1) / arity;
        if (!(key < heap_[parent])) break;
        heap_[i] = heap_[parent];
        i = parent;
    }
    heap_[i] = key;
}

void EventQueue::sift_down(std::size_t i) {
    const Key key = heap_[i];
    for (;;) {
        const std::size_t first = i * arity + 1;
        if (first >= heap_.size()) break;
        const std::size_t last = std::min(first + arity, heap_.size());
        const auto child = std::min_element(heap_.begin() + static_cast<std::ptrdiff_t>(first),
                                            heap_.begin() + static_cast<std::ptrdiff_t>(last));
        if (!(*child < key)) break;
        heap_[i] = *child;
        i = static_cast<std::size_t>(child - heap_.begin());
    }
    heap_[i] = key;
}

}  // namespace gossip::sim
