#pragma once
// A cluster with all checkers, for tests of scenarios.

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

// Shorter timers for tests of failure detection: an interval of a second instead of the default thirteen.
inline Config fast_config() {
    Config c;
    c.liveness.interval = std::chrono::seconds(1);
    c.liveness.refute = std::chrono::seconds(1);
    c.liveness.probe_timeout = std::chrono::milliseconds(300);
    c.seed.lease = std::chrono::seconds(5);
    return c;
}

// Counts notices by kind, and remembers the message published last.
class NoticeLog final : public Observer {
public:
    void on_step(Time, NodeId node, const Event&, const Effects& effects) override {
        for (const Notice& n : effects.notices) {
            ++counts_[{node, n.kind}];
            ++totals_[n.kind];
            if (n.kind == NoticeKind::said) last_published_ = n.rumor->id;
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
    [[nodiscard]] const std::string& last_published() const { return last_published_; }

private:
    std::map<std::pair<NodeId, NoticeKind>, std::size_t> counts_;
    std::map<NoticeKind, std::size_t> totals_;
    std::string last_published_;
};

struct TestNetwork {
    Cluster cluster;
    Alarm alarm;
    SeedChecker seed_checker;
    GossipChecker gossip;
    OverlayChecker overlay;
    RemovalChecker removals;
    NoticeLog log;

    // `cold`: not a warm start, so that the checker of the seeds sees their whole history.
    explicit TestNetwork(Config config = {}, std::uint32_t seeds = 3, std::uint64_t seed = 1, bool cold = true)
        : cluster(options(config, seeds, seed)),
          seed_checker(cluster, alarm),
          gossip(cluster, seed_checker.chain(), alarm),
          overlay(cluster, alarm),
          removals(cluster, {}, alarm) {
        if (cold) cluster.sim().observe(&seed_checker);
        for (Observer* o : std::initializer_list<Observer*>{&gossip, &overlay, &removals, &log}) {
            cluster.sim().observe(o);
        }
    }

    // Starts seeds and peers and waits until they are registered and connected.
    bool bring_up(std::uint32_t peers, Duration limit = std::chrono::seconds(10)) {
        cluster.start_seeds();
        cluster.start_peers(peers);
        return cluster.run_until_converged(limit) && whole(limit);
    }
    bool whole(Duration limit) {
        return cluster.run_until([this] { return connected(live_links(cluster)); }, limit);
    }
    // Publishes a message and waits until every live peer has it.
    bool published_everywhere(NodeId peer, const std::string& text, Duration limit) {
        const std::string before = log.last_published();
        cluster.publish(peer, text);
        return cluster.run_until(
            [&] {
                return log.last_published() != before &&
                       gossip.reach(log.last_published()) == cluster.live_peers().size();
            },
            limit);
    }
    void run_for(Duration d) { cluster.sim().run_for(d); }
    [[nodiscard]] NodeId peer(std::size_t i) const { return cluster.peers()[i]; }
    [[nodiscard]] NodeId seed(std::size_t i) const { return cluster.seeds()[i]; }
    [[nodiscard]] std::string violation() const { return alarm.raised() ? to_string(*alarm.first()) : ""; }
    // Blocks or unblocks both directions between two sets.
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
