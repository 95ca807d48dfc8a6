#pragma once
// How far another machine's CLOCK_MONOTONIC is from ours, measured by questions and answers (Cristian, "Probabilistic
// clock synchronization", 1989): the answer was given at some time between question and receipt, so half of what
// passed between these bounds the error. Pure: it is told the times.

#include <cstdint>
#include <deque>

namespace gossip {

class HostClock {
public:
    // Asked at `sent` of our clock, answered at `there` of the other's, heard at `heard` of ours.
    void add(std::int64_t sent, std::int64_t there, std::int64_t heard);
    [[nodiscard]] bool known() const { return !samples_.empty(); }
    // The time of our clock at `there`.
    [[nodiscard]] std::int64_t here(std::int64_t there) const { return there + offset_; }
    // At most this far off, in nanoseconds, when the last answer came.
    [[nodiscard]] std::int64_t error_ns() const { return error_; }

private:
    struct Sample {
        std::int64_t heard{0};
        std::int64_t offset{0};  // ours minus the other's
        std::int64_t error{0};
    };
    static constexpr std::size_t kept = 16;
    // Two clocks drift apart by 50 parts per million at the worst that quartz is sold with: a good answer that is old
    // loses to a fair one that is new.
    static constexpr std::int64_t drift_per_million = 50;

    std::deque<Sample> samples_;
    std::int64_t offset_{0};
    std::int64_t error_{0};
};

}  // namespace gossip
