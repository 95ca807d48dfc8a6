#pragma once
// Counts from the trace what became of the messages said in an experiment: who got them, after how
// many hops and how long, at what cost; and of the peers that crashed, when the seeds removed them.

#include "sim/cluster/cluster.hpp"
#include "sim/study/histogram.hpp"

#include <unordered_map>
#include <vector>

namespace gossip::sim {

class FloodMeter final : public Observer {
public:
    explicit FloodMeter(const Cluster& cluster) : cluster_(cluster) {}

    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;
    void on_stopped(Time now, NodeId node, StopKind how) override;

    struct Said {
        NodeId origin{};
        Time at{};
        std::vector<bool> reached;  // by peer number; the origin too
        std::uint64_t deliveries{0};
    };
    [[nodiscard]] const std::vector<Said>& said() const { return said_; }
    // Of the peers that were up when it was said and still are, the share that has it.
    [[nodiscard]] double coverage(const Said& said) const;
    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] std::uint64_t pushes() const { return pushes_; }
    [[nodiscard]] std::uint64_t repairs() const { return repairs_; }     // messages sent to mend a hole
    [[nodiscard]] const Histogram& latency() const { return latency_; }  // nanoseconds
    [[nodiscard]] const Histogram& hops() const { return hops_; }
    [[nodiscard]] const Histogram& detection() const { return detection_; }  // crash to removal, nanoseconds
    [[nodiscard]] std::uint64_t false_removals() const { return false_removals_; }

private:
    void on_said(Time now, NodeId node, const Effects& effects);
    void on_delivered(Time now, NodeId node, const Deliver& delivery);
    void on_removed(Time now, NodeId peer);

    const Cluster& cluster_;
    std::vector<Said> said_;
    std::unordered_map<std::uint64_t, std::size_t> number_of_;  // by RumorKey::lo; looked up only
    std::unordered_map<std::uint64_t, Time> stopped_;           // peers that are down, or were removed; looked up only
    std::uint64_t deliveries_{0};
    std::uint64_t pushes_{0};
    std::uint64_t repairs_{0};
    std::uint64_t false_removals_{0};
    Histogram latency_;
    Histogram hops_;
    Histogram detection_;
};

}  // namespace gossip::sim
