#pragma once
// The timers a peer has one of. Setting one makes the firing of the former setting stale: a machine cannot cancel.
// Probes and suspicions have a timer each and count their own generations.

#include "protocol/machine.hpp"
#include "protocol/memory/cold.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace gossip {

class PeerTimers {
public:
    [[nodiscard]] static constexpr bool has(TimerKind kind) {
        return place(always_set, kind) < always_set.size() || place(others, kind) < others.size();
    }
    void arm(TimerKind kind, Time due, Effects& out) { out.timer(due, {kind, ++generation(kind), 0}); }
    void disarm(TimerKind kind) { ++generation(kind); }
    // False when the timer was set again, or disarmed, since.
    [[nodiscard]] bool current(const TimerTag& tag) const {
        const std::size_t at = place(always_set, tag.kind);
        const Generation last = at < always_set.size() ? of_always_set_[at] : (*of_others_)[place(others, tag.kind)];
        return last == static_cast<Generation>(tag.generation);
    }

private:
    using Generation = std::uint16_t;  // a timer is long due before another has the same

    // The timers of a peer in a calm network, and those that are seldom needed.
    static constexpr std::array always_set{TimerKind::lease, TimerKind::ping_round, TimerKind::repair};
    static constexpr std::array others{TimerKind::registration,  TimerKind::link_dial,      TimerKind::ring_check,
                                       TimerKind::generate,      TimerKind::delta_gap,      TimerKind::rejoin,
                                       TimerKind::degree_report, TimerKind::leave_deadline, TimerKind::announce,
                                       TimerKind::graft};
    // Their number when it is none of them.
    template <class Kinds>
    [[nodiscard]] static constexpr std::size_t place(const Kinds& kinds, TimerKind kind) {
        return static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
    }
    [[nodiscard]] Generation& generation(TimerKind kind) {
        const std::size_t at = place(always_set, kind);
        return at < always_set.size() ? of_always_set_[at] : of_others_.ensure()[place(others, kind)];
    }

    std::array<Generation, always_set.size()> of_always_set_{};
    Cold<std::array<Generation, others.size()>> of_others_;
};

}  // namespace gossip
