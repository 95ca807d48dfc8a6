#pragma once
// Carries a plan's faults out, and heals at the end of the fault phase all but what is broken for good.

#include "sim/cluster/cluster.hpp"
#include "sim/swarm/fault_plan.hpp"

#include <set>

namespace gossip::sim {

class FaultInjector {
public:
    // Both outlive the injector.
    FaultInjector(Cluster& cluster, const FaultPlan& plan) : cluster_(cluster), plan_(plan) {}

    void schedule();  // peers' starts and all faults
    void heal();
    [[nodiscard]] bool broken_for_good(NodeId node) const;
    // Seeds that are to converge: a quorum at least.
    [[nodiscard]] std::vector<NodeId> core() const;

private:
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
    std::set<NodeId> gone_;  // left, or crashed never to return
    std::uint32_t messages_{0};
};

}  // namespace gossip::sim
