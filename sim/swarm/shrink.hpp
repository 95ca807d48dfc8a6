#pragma once
// A failing run made small: the same invariant broken with fewer faults, nodes and kinds of trouble. Greedy, each
// step tried by running it; faults by halves as in Zeller's ddmin ("Simplifying and Isolating Failure-Inducing
// Input", 2002).

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

// Nothing when the plan does not fail.
[[nodiscard]] std::optional<Shrunk> shrink(const FaultPlan& plan, const ShrinkTask& task);

// Parts of it, for their own tests. Seeds come first in the numbers of nodes.
[[nodiscard]] FaultPlan without_node(const FaultPlan& plan, std::uint32_t node);
// What happens after this does not matter any more.
[[nodiscard]] FaultPlan cut_after(const FaultPlan& plan, Time end);

}  // namespace gossip::sim
