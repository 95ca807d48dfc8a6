#pragma once
// The timers that machines set. A driver does not look at them: it hands the tag back.

#include <cstdint>

namespace gossip {

enum class TimerKind : std::uint8_t {
    // seed
    sync,
    vote_round,
    propose_hold,
    case_deadline,
    seed_probe,
    pending_check,
    lease_check,
    seat_query,
    address_check,
    // peer
    registration,
    lease,
    ping_round,
    probe,
    refute_window,
    suspicion_retry,
    link_dial,
    ring_check,
    generate,
    repair,
    announce,
    graft,
    delta_gap,
    rejoin,
    degree_report,
    leave_deadline,
};

}  // namespace gossip
