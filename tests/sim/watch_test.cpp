#include "sim/checks/watch.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

ClusterOptions options(std::uint64_t seed) {
    ClusterOptions o;
    o.sim.seed = seed;
    o.config.gossip.max_messages = 0;
    return o;
}

std::vector<NodeId> all_seeds(const Cluster& cluster) { return {cluster.seeds().begin(), cluster.seeds().end()}; }

}  // namespace

TEST_CASE("watch: a network that heals in time breaks nothing, and one that does not is named") {
    Cluster cluster(options(3));
    Watch watch(cluster, {});
    cluster.start_seeds();
    cluster.start_peers(6);
    REQUIRE(cluster.run_until_converged(20s));
    const NodeId victim = cluster.peers()[2];
    cluster.crash(victim);
    CHECK(watch.still_unmet(all_seeds(cluster)).invariant == "D1");
    watch.converge(all_seeds(cluster), Watch::heal_limit(cluster.config()));
    CHECK_FALSE(watch.violation());

    cluster.crash(cluster.peers()[4]);
    watch.converge(all_seeds(cluster), 0s);
    REQUIRE(watch.violation());
    CHECK(watch.violation()->invariant == "D1");
    CHECK(watch.violation()->text.starts_with("not healed: "));
}

TEST_CASE("watch: with its canary every run breaks") {
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
        Cluster cluster(options(seed));
        Watch watch(cluster, {}, true);
        cluster.start_seeds();
        cluster.start_peers(3);
        cluster.sim().run_for(1s);
        CHECK(watch.violation());
    }
}

TEST_CASE("watch: what may be asked of removals depends on the links and on what is done to nodes") {
    LinkProfile link;
    CHECK(rules_under(link, false).accuracy_expected);
    CHECK_FALSE(rules_under(link, true).accuracy_expected);
    CHECK(rules_under(link, true).probes_reliable);
    link.drop_per_million = 1;
    CHECK_FALSE(rules_under(link, false).probes_reliable);
    CHECK_FALSE(rules_under(link, false).accuracy_expected);
}
