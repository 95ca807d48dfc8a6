#pragma once
// One run of the swarm: a drawn network under drawn faults with all checkers, then healed and required to converge
// (PROTOCOL.md sections 7 and 8).

#include "sim/checks/coverage.hpp"
#include "sim/checks/violation.hpp"
#include "sim/swarm/fault_plan.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gossip::sim {

struct SwarmOptions {
    Duration heal_limit = std::chrono::seconds(150);  // two back-offs of the longest kind, a minute
    Duration quiet_phase = std::chrono::seconds(8);   // after convergence nobody may be removed
    // Called for every notice, for a verbose replay.
    std::function<void(Time, NodeId, const Notice&)> narrate;
    // Called for every message that leaves a node.
    std::function<void(Time, NodeId, NodeId, const Message&)> narrate_wire;
    bool canary{false};  // hides synced records from the checkers, so that the run must fail: see Watch
};

struct SwarmResult {
    std::optional<Violation> violation;
    std::uint64_t trace_hash{0};
    std::uint64_t events{0};
    Duration converged_after{};  // since healing
    Coverage::Counts coverage{};
    std::string shape;  // "3 seeds, 7 peers, 41 s of: …"
};

[[nodiscard]] SwarmResult run_swarm(const FaultPlan& plan, const SwarmOptions& options = {});

}  // namespace gossip::sim
