#pragma once
// What must hold some time after the last fault: G2, O1, O2, D1, D4 of PROTOCOL.md section 7, and one list at all
// seeds.

#include "sim/checks/gossip_checker.hpp"
#include "sim/cluster/cluster.hpp"

#include <string>
#include <vector>

namespace gossip::sim {

// The first condition that does not hold yet; none() if the network has converged.
struct Unmet {
    std::string invariant;
    std::vector<NodeId> nodes;
    std::string text;
    [[nodiscard]] bool none() const { return invariant.empty(); }
};

// `core`: the seeds that must agree.
[[nodiscard]] Unmet unmet(const Cluster& cluster, const std::vector<NodeId>& core, const GossipChecker& gossip);

}  // namespace gossip::sim
