#pragma once
// All checkers of PROTOCOL.md section 7 on one cluster: safety at every step, and liveness when asked.

#include "sim/checks/convergence.hpp"
#include "sim/checks/gossip_checker.hpp"
#include "sim/checks/overlay_checker.hpp"
#include "sim/checks/removal_checker.hpp"
#include "sim/checks/seed_checker.hpp"

namespace gossip::sim {

class Watch {
    class Canary final : public Observer {
    public:
        explicit Canary(SeedChecker& checker) : checker_(checker) {}
        void on_started(Time now, NodeId node, std::uint32_t life) override { checker_.on_started(now, node, life); }
        void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override {
            checker_.on_step(now, node, event, effects);
        }
        void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override {
            checker_.on_wire(now, from, to, message);
        }

    private:
        SeedChecker& checker_;
    };

public:
    // The cluster outlives it; before anything starts. `canary`: every acknowledgement is shown as if its journal
    // record had never been synced, so that a run must fail.
    Watch(Cluster& cluster, RemovalRules rules, bool canary = false);

    [[nodiscard]] const std::optional<Violation>& violation() const { return alarm_.first(); }
    [[nodiscard]] Alarm& alarm() { return alarm_; }
    // From now on; what was is judged by the rules that were.
    void set_rules(RemovalRules rules) { removals_.set_rules(rules); }
    [[nodiscard]] std::size_t live_removals() const { return removals_.live_removals(); }

    // What has not converged among these seeds and the live peers.
    [[nodiscard]] Unmet still_unmet(const std::vector<NodeId>& core) const;
    // Nothing is broken any more: lets time pass until all has converged, and raises what has not by then.
    void converge(const std::vector<NodeId>& core, Duration limit);
    // A limit that covers the slowest way back: leases, back-offs, detection.
    [[nodiscard]] static Duration heal_limit(const Config& config);

private:
    Cluster& cluster_;
    Alarm alarm_;
    SeedChecker seeds_;
    Canary canary_;
    GossipChecker gossip_;
    OverlayChecker overlay_;
    RemovalChecker removals_;
};

// What the network's profile alone allows to be asked of removals.
[[nodiscard]] RemovalRules rules_under(const LinkProfile& link, bool disturbed);

}  // namespace gossip::sim
