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
    [[nodiscard]] Duration courtesy(Rng& rng) const { return jittered(base(), rng); }

    // After a NACK or a round that reached nobody.
    Duration back_off(Rng& rng) {
        constexpr std::uint32_t max_doublings = 5;
        const Duration span = base() * (1 << std::min(failures_, max_doublings));
        ++failures_;
        return draw(span, rng) + round_trip_;
    }
    void succeeded() { failures_ = 0; }
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

    [[nodiscard]] static Duration jittered(Duration d, Rng& rng, std::uint32_t percent = 30) {
        const Duration width = d * percent / 100;
        return d - width + draw(2 * width, rng);
    }

private:
    [[nodiscard]] Duration base() const {
        constexpr Duration shortest = std::chrono::milliseconds(1);
        constexpr Duration longest = std::chrono::seconds(1);
        return std::clamp(4 * round_trip_ + 3 * sync_ / 2, shortest, longest);
    }
    // Uniform in [0, span].
    [[nodiscard]] static Duration draw(Duration span, Rng& rng) {
        return Duration(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(span.count()) + 1)));
    }
    [[nodiscard]] static Duration smoothed(Duration old, Duration sample) { return (7 * old + sample) / 8; }

    // First guesses of a LAN and a disk; a dozen rounds replace them.
    Duration round_trip_ = std::chrono::milliseconds(1);
    Duration sync_ = std::chrono::milliseconds(2);
    std::uint32_t failures_{0};
};

}  // namespace gossip
