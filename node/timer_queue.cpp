#include "node/timer_queue.hpp"

#include <algorithm>
#include <tuple>

namespace gossip {

bool TimerQueue::later(const Entry& a, const Entry& b) { return std::tie(a.due, a.seq) > std::tie(b.due, b.seq); }

void TimerQueue::push(const SetTimer& timer) {
    heap_.push_back({timer.due, next_seq_++, timer.tag});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

std::optional<TimerTag> TimerQueue::pop_due(Time now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const TimerTag tag = heap_.back().tag;
    heap_.pop_back();
    return tag;
}

std::optional<Time> TimerQueue::next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
}

}  // namespace gossip
