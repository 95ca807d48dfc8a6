#pragma once
// Injects the faults of a plan into a cluster, and heals all but the dead seeds at the end of the fault phase.

#include "sim/cluster/cluster.hpp"
#include "sim/swarm/fault_plan.hpp"

#include <set>

namespace gossip::sim {

class FaultInjector {
public:
    // Both must outlive the injector.
    FaultInjector(Cluster& cluster, const FaultPlan& plan) : cluster_(cluster), plan_(plan) {}

    void schedule();  // peers' starts and all faults
    void heal();
    // Seeds that must converge: all but the dead ones, so at least a quorum.
    [[nodiscard]] std::vector<NodeId> core() const;

private:
    [[nodiscard]] bool is_dead_seed(NodeId node) const;
    void begin(const Fault& fault);
    void end(const Fault& fault);
    void begin_on_node(const Fault& fault, NodeId node);
    void split(const Fault& fault, bool cut);
    void restart(NodeId node);
    [[nodiscard]] NodeId node_at(std::uint32_t index) const;

    Cluster& cluster_;
    const FaultPlan& plan_;
    std::vector<NodeId> peers_;
    std::set<NodeId> started_;
    std::set<NodeId> gone_;  // left, or crashed without restart
    std::uint32_t messages_{0};
};

}  // namespace gossip::sim
