#pragma once
// Counts the removals of peers by what the peer was at that moment, and measures how long its removal took. It reads
// the decisions that seeds append to their journals, which networks of every size have; notices large ones leave out.

#include "protocol/membership.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/study/histogram.hpp"

#include <map>
#include <optional>
#include <set>

namespace gossip::sim {

class RemovalMeter final : public Observer {
public:
    explicit RemovalMeter(const Cluster& cluster) : cluster_(cluster) {}

    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_stopped(Time now, NodeId node, StopKind how) override;
    // The simulator has no observer for these.
    void on_paused(Time now, NodeId peer);
    void on_resumed(NodeId peer);

    // From the crash, or the begin of the pause, to the first seed's list without the peer, in nanoseconds.
    [[nodiscard]] const Histogram& dead() const { return dead_; }
    [[nodiscard]] const Histogram& paused() const { return paused_; }
    // Removals of peers that ran: each counts, so one peer may count several times.
    [[nodiscard]] std::uint64_t alive() const { return alive_; }
    // Crashed peers that some running seed still lists; nothing while no seed runs.
    [[nodiscard]] std::optional<std::size_t> dead_not_removed() const;

private:
    void on_removed(Time now, const Change& change);

    const Cluster& cluster_;
    Epoch counted_{0};  // decisions up to this one are counted
    std::set<std::pair<NodeId, Incarnation>> removed_;
    std::map<NodeId, Time> crashed_;
    std::map<NodeId, Time> paused_since_;
    std::uint64_t alive_{0};
    Histogram dead_;
    Histogram paused_;
};

}  // namespace gossip::sim
