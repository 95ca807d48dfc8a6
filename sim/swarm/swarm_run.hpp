#pragma once
// One run of the swarm: a drawn network under drawn faults with every checker watching, then healed,
// then required to converge (PROTOCOL.md sections 7 and 8).

#include "sim/checks/coverage.hpp"
#include "sim/checks/violation.hpp"
#include "sim/swarm/fault_plan.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gossip::sim {

struct SwarmOptions {
    Duration heal_limit = std::chrono::seconds(150);  // longest back-offs of a minute, twice
    Duration quiet_phase = std::chrono::seconds(8);   // after convergence nothing may happen to anybody
    // Called with every notice, for a verbose replay.
    std::function<void(Time, NodeId, const Notice&)> narrate;
    // And with every message that leaves a node.
    std::function<void(Time, NodeId, NodeId, const Message&)> narrate_wire;
    // A deliberate bug in what the checkers see, to show that they ring: see swarm_run.cpp.
    bool canary{false};
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
