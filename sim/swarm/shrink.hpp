#pragma once
// Shrinks a failing run: the same invariant is violated with fewer faults, nodes and kinds of faults. Greedy; each
// candidate is tried by running it, and faults are removed in halving chunks as in ddmin (Zeller, Hildebrandt,
// "Simplifying and Isolating Failure-Inducing Input", 2002).

#include "sim/checks/violation.hpp"
#include "sim/swarm/fault_plan.hpp"

#include <functional>
#include <optional>

namespace gossip::sim {

struct ShrinkTask {
    std::function<std::optional<Violation>(const FaultPlan&)> run;
    std::function<bool()> out_of_time;
    std::function<void(const FaultPlan&)> progress;  // a smaller plan that still fails
};

struct Shrunk {
    FaultPlan plan;
    Violation violation;
    std::size_t tried{0};
};

// nullopt if the plan does not fail.
[[nodiscard]] std::optional<Shrunk> shrink(const FaultPlan& plan, const ShrinkTask& task);

// Steps of shrinking, also for tests. Nodes are numbered with seeds first.
[[nodiscard]] FaultPlan without_node(const FaultPlan& plan, std::uint32_t node);
// Ends the fault phase at this time.
[[nodiscard]] FaultPlan cut_after(const FaultPlan& plan, Time end);

}  // namespace gossip::sim
