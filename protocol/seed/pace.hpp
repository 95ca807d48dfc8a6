#pragma once
// When a seed may propose: the measured round trip and sync time, courtesy towards a seed that is
// proposing, and random exponential back-off after a duel. Without courtesy nine busy seeds
// livelock; with it a change waits a few round trips (PROTOCOL.md section 2).

#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <algorithm>

namespace gossip {

class Pace {
public:
    void measured_round_trip(Duration d) { round_trip_ = smoothed(round_trip_, d); }
    void measured_sync(Duration d) { sync_ = smoothed(sync_, d); }

    // How long to leave another proposer alone: its COMMIT, its disk and its next round, +-30 %.
    [[nodiscard]] Duration courtesy(Rng& rng) const { return rng.around(base(), 30); }

    // After a NACK or a round that reached nobody.
    Duration back_off(Rng& rng) {
        constexpr std::uint32_t max_doublings = 5;
        const Duration span = base() * (1 << std::min(failures_, max_doublings));
        ++failures_;
        return rng.up_to(span) + round_trip_;
    }
    void succeeded() { failures_ = 0; }
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

private:
    [[nodiscard]] Duration base() const {
        constexpr Duration shortest = std::chrono::milliseconds(1);
        constexpr Duration longest = std::chrono::seconds(1);
        return std::clamp(4 * round_trip_ + 3 * sync_ / 2, shortest, longest);
    }
    [[nodiscard]] static Duration smoothed(Duration old, Duration sample) { return (7 * old + sample) / 8; }

    // First guesses of a LAN and a disk; a dozen rounds replace them.
    Duration round_trip_ = std::chrono::milliseconds(1);
    Duration sync_ = std::chrono::milliseconds(2);
    std::uint32_t failures_{0};
};

}  // namespace gossip
