#pragma once
// Measures an experiment: for the published messages, which peers got them, after how many hops, how late and with how
// many transmissions.

#include "sim/cluster/cluster.hpp"
#include "sim/study/histogram.hpp"

#include <optional>
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
    // The share of the peers that have the message, of those that were up when it was published and for ten seconds
    // after, or to the end; nothing when there are none.
    [[nodiscard]] std::optional<double> coverage(const Published& message) const;
    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] std::uint64_t pushes() const { return pushes_; }
    [[nodiscard]] std::uint64_t repairs() const { return repairs_; }     // messages sent by repair
    [[nodiscard]] const Histogram& latency() const { return latency_; }  // nanoseconds
    [[nodiscard]] const Histogram& hops() const { return hops_; }

private:
    void on_published(Time now, NodeId node, const Effects& effects);
    void on_delivered(Time now, NodeId node, const Deliver& delivery);
    [[nodiscard]] Published* find(const Rumor& rumor);

    const Cluster& cluster_;
    std::vector<Published> published_;
    std::unordered_map<std::uint64_t, std::size_t> number_of_;  // by RumorKey::lo; never iterated
    std::unordered_map<std::uint64_t, Time> stopped_;           // by node; never iterated
    std::vector<std::size_t> keyless_;  // published by peers without links: their key is not known yet
    std::uint64_t deliveries_{0};
    std::uint64_t pushes_{0};
    std::uint64_t repairs_{0};
    Histogram latency_;
    Histogram hops_;
};

}  // namespace gossip::sim
