#pragma once
// All checkers of the invariants of PROTOCOL.md section 7 on one cluster: safety at every step, liveness on request.

#include "sim/checks/convergence.hpp"
#include "sim/checks/gossip_checker.hpp"
#include "sim/checks/overlay_checker.hpp"
#include "sim/checks/removal_checker.hpp"
#include "sim/checks/seed_checker.hpp"

namespace gossip::sim {

class Watch {
    // Hides on_synced from the checker.
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
    // Construct before any node starts; the cluster must outlive it. `canary`: the checker of the seeds is not told of
    // synced records, so every run must fail; a run that does not shows that the checkers are not connected.
    Watch(Cluster& cluster, RemovalRules rules, bool canary = false);

    [[nodiscard]] const std::optional<Violation>& violation() const { return alarm_.first(); }
    [[nodiscard]] Alarm& alarm() { return alarm_; }
    // Applies to removals from now on.
    void set_rules(RemovalRules rules) { removals_.set_rules(rules); }
    [[nodiscard]] std::size_t live_removals() const { return removals_.live_removals(); }

    // The first condition of convergence that does not hold for these seeds and the live peers.
    [[nodiscard]] Unmet still_unmet(const std::vector<NodeId>& core) const;
    // Call after the last fault. Runs until the network has converged; after `limit` raises what has not.
    void converge(const std::vector<NodeId>& core, Duration limit);
    // A limit that covers the slowest recovery: leases, back-offs, detection.
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

// The rules under this link profile. `disturbed`: nodes are crashed, paused or cut off.
[[nodiscard]] RemovalRules rules_under(const LinkProfile& link, bool disturbed);

}  // namespace gossip::sim
