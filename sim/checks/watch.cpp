#include "sim/checks/watch.hpp"

namespace gossip::sim {

Watch::Watch(Cluster& cluster, RemovalRules rules, bool canary)
    : cluster_(cluster),
      seeds_(cluster, alarm_),
      canary_(seeds_),
      gossip_(cluster, seeds_.chain(), alarm_),
      overlay_(cluster, alarm_),
      removals_(cluster, rules, alarm_) {
    Simulator& sim = cluster.sim();
    sim.observe(canary ? static_cast<Observer*>(&canary_) : &seeds_);
    sim.observe(&gossip_);
    sim.observe(&overlay_);
    sim.observe(&removals_);
}

// G2 is required only while every peer can keep all messages for repair.
Unmet Watch::still_unmet(const std::vector<NodeId>& core) const {
    Unmet u = unmet(cluster_, core, gossip_);
    const bool forgotten = u.invariant == "G2" && gossip_.messages() > cluster_.config().gossip.store_limit;
    return forgotten ? Unmet{} : u;
}

void Watch::converge(const std::vector<NodeId>& core, Duration limit) {
    constexpr Duration check_interval = std::chrono::milliseconds(200);
    const Time end = cluster_.sim().now() + limit;
    Unmet u = still_unmet(core);
    while (!u.none() && !alarm_.raised() && cluster_.sim().now() < end) {
        cluster_.sim().run_for(check_interval);
        u = still_unmet(core);
    }
    if (!u.none()) alarm_.raise(u.invariant, cluster_.sim().now(), u.nodes, "not healed: " + u.text);
}

Duration Watch::heal_limit(const Config& config) {
    const Duration by_lease = config.seed.lease * (config.seed.lease_misses + 1);
    const Duration by_peers = config.liveness.interval * config.liveness.misses + config.liveness.refute;
    constexpr Duration back_offs = std::chrono::seconds(150);  // two back-offs of the longest kind, a minute
    return 2 * (by_lease + by_peers) + back_offs;
}

RemovalRules rules_under(const LinkProfile& link, bool disturbed) {
    RemovalRules rules;
    rules.probes_reliable = link.drop_per_million + link.tail_per_million + link.reset_per_million == 0;
    rules.accuracy_expected = rules.probes_reliable && !disturbed;
    return rules;
}

}  // namespace gossip::sim
