#pragma once
// A cluster with every checker on it, for scenarios that are written by hand.

#include "protocol/names.hpp"
#include "sim/checks/convergence.hpp"
#include "sim/checks/gossip_checker.hpp"
#include "sim/checks/overlay_checker.hpp"
#include "sim/checks/removal_checker.hpp"
#include "sim/checks/seed_checker.hpp"
#include "sim/cluster/cluster.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace gossip::sim {

// Timers for tests that wait for silence: a second instead of the documents' thirteen.
inline Config fast_config() {
    Config c;
    c.liveness.interval = std::chrono::seconds(1);
    c.liveness.refute = std::chrono::seconds(1);
    c.liveness.probe_timeout = std::chrono::milliseconds(300);
    c.seed.lease = std::chrono::seconds(5);
    return c;
}

// Notices of one kind, counted, and the last of each message said.
class NoticeLog final : public Observer {
public:
    void on_step(Time, NodeId node, const Event&, const Effects& effects) override {
        for (const Notice& n : effects.notices) {
            ++counts_[{node, n.kind}];
            ++totals_[n.kind];
            if (n.kind == NoticeKind::said) last_said_ = n.rumor->id;
        }
    }
    [[nodiscard]] std::size_t count(NodeId node, NoticeKind kind) const {
        const auto at = counts_.find({node, kind});
        return at == counts_.end() ? 0 : at->second;
    }
    [[nodiscard]] std::size_t count(NoticeKind kind) const {
        const auto at = totals_.find(kind);
        return at == totals_.end() ? 0 : at->second;
    }
    [[nodiscard]] const std::string& last_said() const { return last_said_; }

private:
    std::map<std::pair<NodeId, NoticeKind>, std::size_t> counts_;
    std::map<NoticeKind, std::size_t> totals_;
    std::string last_said_;
};

struct TestNetwork {
    Cluster cluster;
    Alarm alarm;
    SeedChecker seed_checker;
    GossipChecker gossip;
    OverlayChecker overlay;
    RemovalChecker removals;
    NoticeLog log;

    // `from_nothing`: the seeds' whole history is in the trace, as their checker wants it.
    explicit TestNetwork(Config config = {}, std::uint32_t seeds = 3, std::uint64_t seed = 1, bool from_nothing = true)
        : cluster(options(config, seeds, seed)),
          seed_checker(cluster, alarm),
          gossip(cluster, seed_checker.chain(), alarm),
          overlay(cluster, alarm),
          removals(cluster, {}, alarm) {
        if (from_nothing) cluster.sim().observe(&seed_checker);
        for (Observer* o : std::initializer_list<Observer*>{&gossip, &overlay, &removals, &log}) {
            cluster.sim().observe(o);
        }
    }

    // Seeds and `peers` peers, registered and linked.
    bool bring_up(std::uint32_t peers, Duration limit = std::chrono::seconds(10)) {
        cluster.start_seeds();
        cluster.start_peers(peers);
        return cluster.run_until_settled(limit) && whole(limit);
    }
    bool whole(Duration limit) {
        return cluster.run_until([this] { return connected(live_links(cluster)); }, limit);
    }
    // Says something and waits until every live peer has it.
    bool said_everywhere(NodeId peer, const std::string& text, Duration limit) {
        const std::string before = log.last_said();
        cluster.publish(peer, text);
        return cluster.run_until(
            [&] { return log.last_said() != before && gossip.reach(log.last_said()) == cluster.live_peers().size(); },
            limit);
    }
    void run_for(Duration d) { cluster.sim().run_for(d); }
    [[nodiscard]] NodeId peer(std::size_t i) const { return cluster.peers()[i]; }
    [[nodiscard]] NodeId seed(std::size_t i) const { return cluster.seeds()[i]; }
    [[nodiscard]] std::string trouble() const { return alarm.raised() ? to_string(*alarm.first()) : ""; }
    // Both ways between two sets.
    void split(const std::vector<NodeId>& some, const std::vector<NodeId>& others, bool cut) {
        for (const NodeId a : some) {
            for (const NodeId b : others) {
                if (cut) {
                    cluster.sim().block(a, b);
                    cluster.sim().block(b, a);
                } else {
                    cluster.sim().unblock(a, b);
                    cluster.sim().unblock(b, a);
                }
            }
        }
    }

private:
    static ClusterOptions options(Config config, std::uint32_t seeds, std::uint64_t seed) {
        ClusterOptions o;
        o.config = config;
        o.seeds = seeds;
        o.sim.seed = seed;
        return o;
    }
};

}  // namespace gossip::sim
