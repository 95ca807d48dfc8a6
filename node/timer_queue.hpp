#pragma once
// The timers of one machine, earliest first; equal times fire in the order they were set, as in the
// simulator. There is no cancel: a machine ignores a firing whose generation is stale.

#include "protocol/machine.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace gossip {

class TimerQueue {
public:
    void push(const SetTimer& timer);
    // The earliest timer due at or before `now`, taken out of the queue.
    std::optional<TimerTag> pop_due(Time now);
    [[nodiscard]] std::optional<Time> next_due() const;
    [[nodiscard]] std::size_t size() const { return heap_.size(); }

private:
    struct Entry {
        Time due{};
        std::uint64_t seq{0};
        TimerTag tag;
    };
    static bool later(const Entry& a, const Entry& b);

    std::vector<Entry> heap_;  // a min-heap by (due, seq)
    std::uint64_t next_seq_{0};
};

}  // namespace gossip
