#pragma once
// What must hold some time after the faults ended: G2, O1, O2, D1, D4, and one list everywhere.

#include "sim/checks/gossip_checker.hpp"
#include "sim/cluster/cluster.hpp"

#include <string>
#include <vector>

namespace gossip::sim {

// What is not so yet, by invariant: empty when all has converged.
struct Unmet {
    std::string invariant;
    std::vector<NodeId> nodes;
    std::string text;
    [[nodiscard]] bool none() const { return invariant.empty(); }
};

// `core`: the seeds that must agree.
[[nodiscard]] Unmet unmet(const Cluster& cluster, const std::vector<NodeId>& core, const GossipChecker& gossip);

}  // namespace gossip::sim
