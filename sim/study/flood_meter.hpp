#pragma once
// Measures an experiment: for the published messages, which peers got them, after how many hops, how late and with how
// many transmissions; for crashed peers, when the seeds removed them.

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

    struct Published {
        NodeId origin{};
        Time at{};
        std::vector<bool> reached;  // by peer number, including the origin
        std::uint64_t deliveries{0};
    };
    [[nodiscard]] const std::vector<Published>& published() const { return published_; }
    // The share of the live peers that got the message, among those that existed when it was published.
    [[nodiscard]] double coverage(const Published& message) const;
    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] std::uint64_t pushes() const { return pushes_; }
    [[nodiscard]] std::uint64_t repairs() const { return repairs_; }     // messages sent by repair
    [[nodiscard]] const Histogram& latency() const { return latency_; }  // nanoseconds
    [[nodiscard]] const Histogram& hops() const { return hops_; }
    [[nodiscard]] const Histogram& detection() const { return detection_; }  // crash to removal, nanoseconds
    [[nodiscard]] std::uint64_t false_removals() const { return false_removals_; }

private:
    void on_published(Time now, NodeId node, const Effects& effects);
    void on_delivered(Time now, NodeId node, const Deliver& delivery);
    void on_removed(Time now, NodeId peer);

    const Cluster& cluster_;
    std::vector<Published> published_;
    std::unordered_map<std::uint64_t, std::size_t> number_of_;  // by RumorKey::lo; never iterated
    std::unordered_map<std::uint64_t, Time> stopped_;           // when peers stopped or were removed; never iterated
    std::uint64_t deliveries_{0};
    std::uint64_t pushes_{0};
    std::uint64_t repairs_{0};
    std::uint64_t false_removals_{0};
    Histogram latency_;
    Histogram hops_;
    Histogram detection_;
};

}  // namespace gossip::sim
