// What the assignment's documents require of membership and detection, in virtual time.

#include "tests/sim/network_scenarios.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

// Within which a killed peer is removed whose neighbours cannot accuse it (PROTOCOL.md section 4), and a second for
// the decision.
Duration removed_within(const Config& c) {
    return c.liveness.refute + c.seed.vote_timeout + 3 * c.seed.sync_interval / 2 + c.seed.probe_timeout + 1s;
}

}  // namespace

TEST_CASE("three seeds and five peers come up, and stay in order") {
    TestNetwork net;
    REQUIRE(net.bring_up(5, 5s));
    net.run_for(60s);
    CHECK(net.violation() == "");
    CHECK(net.cluster.converged());
    CHECK(one_sided(live_links(net.cluster)) == "");
    CHECK(net.log.count(NoticeKind::suspected) == 0);
    CHECK(net.gossip.messages() == 50);
    CHECK(net.gossip.missing_somewhere() == "");
}

TEST_CASE("any number of seeds from one to nine registers peers") {
    for (std::uint32_t seeds = 1; seeds <= 9; ++seeds) {
        CAPTURE(seeds);
        TestNetwork net({}, seeds);
        CHECK(net.bring_up(6, 10s));
        CHECK(net.violation() == "");
    }
}

TEST_CASE("a killed peer is removed at all seeds in under two seconds") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        TestNetwork net({}, 3, seed);
        REQUIRE(net.bring_up(8));
        const NodeId victim = net.peer(seed % 8);
        net.cluster.crash(victim);
        CHECK(net.cluster.run_until([&] { return net.cluster.listed_nowhere(victim); }, 2s));
        CHECK(net.cluster.run_until_converged(5s));
        CHECK(net.violation() == "");
    }
}

TEST_CASE("a peer that is killed right after its admission is removed as soon as the formula says") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        TestNetwork net({}, 3, seed);
        net.cluster.start_seeds();
        net.cluster.start_peers(5);
        const NodeId victim = net.peer(seed % 5);
        const auto listed = [&] { return !net.cluster.listed_nowhere(victim); };
        REQUIRE(net.cluster.run_until(listed, 5s));
        net.run_for(std::chrono::milliseconds(seed / 5 * 4));
        net.cluster.crash(victim);
        CHECK(net.cluster.run_until([&] { return !listed(); }, removed_within(net.cluster.config())));
        CHECK(net.cluster.run_until_converged(5s));
        CHECK(net.violation() == "");
    }
}

TEST_CASE("whatever share of the peers is killed at once, all dead are removed as soon as the formula says") {
    for (std::size_t dead = 8; dead <= 12; ++dead) {
        CAPTURE(dead);
        TestNetwork net({}, 3, dead);
        REQUIRE(net.bring_up(12));
        for (std::size_t i = 0; i < dead; ++i) net.cluster.crash(net.peer(i));
        const auto all_removed = [&] {
            return net.cluster.listed(net.seed(0)).size() == 12 - dead && net.cluster.listed_nowhere(net.peer(0));
        };
        CHECK(net.cluster.run_until(all_removed, removed_within(net.cluster.config())));
        CHECK(net.cluster.run_until_converged(10s));
        CHECK(net.violation() == "");
    }
}

// Its dials are answered by nobody, not refused: that may be the seeds' fault, and the neighbours know better.
TEST_CASE("a peer that all seeds lost, and no neighbour, stays in the list") {
    TestNetwork net;
    REQUIRE(net.bring_up(6));
    const std::vector<NodeId> seeds{net.seed(0), net.seed(1), net.seed(2)};
    net.split(seeds, {net.peer(2)}, true);
    net.run_for(60s);
    CHECK(net.log.count(NoticeKind::member_removed) == 0);
    net.split(seeds, {net.peer(2)}, false);
    CHECK(net.cluster.run_until_converged(30s));
    CHECK(net.violation() == "");
}

TEST_CASE("a peer paused for longer than the windows is removed, and comes back when it goes on") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        TestNetwork net(fast_config(), 3, seed);
        REQUIRE(net.bring_up(8));
        const NodeId victim = net.peer(3);
        const Incarnation before = net.cluster.peer(victim)->status().incarnation;
        net.cluster.sim().pause(victim);
        CHECK(net.cluster.run_until([&] { return net.cluster.listed_nowhere(victim); }, 12s));
        net.cluster.sim().resume(victim);
        CHECK(
            net.cluster.run_until([&] { return net.cluster.converged() && !net.cluster.listed_nowhere(victim); }, 20s));
        CHECK(net.cluster.peer(victim)->status().incarnation > before);
        CHECK(net.violation() == "");
        CHECK(net.published_everywhere(victim, "back", 5s));
    }
}

// No neighbor is left to accuse the peers, so they are removed by the expired leases at one seed; the other seeds only
// vote. A returning peer answers the probes of those votes, which must not count against the next accusation.
TEST_CASE("a peer that is killed right after its return is removed as any other") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        TestNetwork net(fast_config(), 3, seed);
        REQUIRE(net.bring_up(3));
        const auto listed = [&](NodeId id) { return !net.cluster.listed_nowhere(id); };
        const auto& peers = net.cluster.peers();
        for (const NodeId id : peers) net.cluster.sim().pause(id);
        REQUIRE(net.cluster.run_until([&] { return std::ranges::none_of(peers, listed); }, 60s));
        for (const NodeId id : peers) net.cluster.sim().resume(id);
        REQUIRE(net.cluster.run_until([&] { return std::ranges::all_of(peers, listed); }, 60s));
        REQUIRE(net.cluster.run_until_converged(10s));
        REQUIRE(net.whole(10s));
        net.cluster.crash(peers[0]);
        CHECK(net.cluster.run_until([&] { return net.cluster.listed_nowhere(peers[0]); }, 2s));
        CHECK(net.violation() == "");
    }
}

TEST_CASE("a peer paused for less than the windows is never removed") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        TestNetwork net(fast_config(), 3, seed);
        REQUIRE(net.bring_up(8));
        for (std::size_t i = 0; i < 8; ++i) {
            net.cluster.sim().pause(net.peer(i));
            net.run_for(1900ms);
            net.cluster.sim().resume(net.peer(i));
            net.run_for(1s);
        }
        net.run_for(10s);
        CHECK(net.log.count(NoticeKind::member_removed) == 0);
        CHECK(net.violation() == "");
    }
}

TEST_CASE("two of three seeds dead: registrations are pending, nobody is removed, gossip goes on") {
    TestNetwork net(fast_config());
    REQUIRE(net.bring_up(6));
    net.cluster.crash(net.seed(0));
    net.cluster.crash(net.seed(1));
    const NodeId late = net.cluster.add_peer();
    net.cluster.start(late);
    net.cluster.crash(net.peer(5));
    net.run_for(15s);
    CHECK(net.log.count(net.seed(2), NoticeKind::registration_pending) > 0);
    CHECK(net.log.count(net.seed(2), NoticeKind::no_quorum) > 0);
    CHECK(net.cluster.listed(net.seed(2)).size() == 6);
    CHECK(net.log.count(NoticeKind::member_removed) == 0);
    net.cluster.publish(net.peer(0), "still here");
    net.run_for(3s);
    CHECK(net.gossip.reach(net.log.last_published()) == 5);

    net.cluster.start(net.seed(0));
    CHECK(net.cluster.run_until_converged(30s));
    CHECK(net.violation() == "");
}

TEST_CASE("all seeds restart: the list is whole") {
    for (const CrashKind kind : {CrashKind::process, CrashKind::power}) {
        TestNetwork net;
        REQUIRE(net.bring_up(10));
        const Epoch epoch = net.cluster.seed(net.seed(0))->status().epoch;
        for (std::size_t s = 0; s < 3; ++s) net.cluster.crash(net.seed(s), kind);
        net.run_for(3s);
        for (std::size_t s = 0; s < 3; ++s) net.cluster.start(net.seed(s));
        CHECK(net.cluster.run_until_converged(10s));
        CHECK(net.cluster.seed(net.seed(2))->status().epoch >= epoch);
        CHECK(net.cluster.listed(net.seed(1)).size() == 10);
        CHECK(net.violation() == "");
    }
}

TEST_CASE("a seed that lost its disk learns, is replaced by decision, and votes again") {
    TestNetwork net;
    REQUIRE(net.bring_up(5));
    net.cluster.crash(net.seed(1));
    net.cluster.lose_disk(net.seed(1));
    net.cluster.start(net.seed(1));
    CHECK_FALSE(net.cluster.seed(net.seed(1))->status().voting);
    CHECK(net.cluster.run_until([&] { return net.cluster.seed(net.seed(1))->status().voting; }, 15s));
    CHECK(net.cluster.run_until_converged(10s));
    net.cluster.crash(net.seed(0));  // now its vote is needed
    net.cluster.start_peers(1);
    CHECK(net.cluster.run_until_converged(10s));
    CHECK(net.violation() == "");
}

TEST_CASE("a peer that is killed and restarted at once comes back as a new life") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        TestNetwork net({}, 3, seed);
        REQUIRE(net.bring_up(6));
        const NodeId victim = net.peer(2);
        const Incarnation before = net.cluster.peer(victim)->status().incarnation;
        net.cluster.crash(victim);
        net.run_for(50ms);
        net.cluster.start(victim);
        net.run_for(1s);
        CHECK(net.cluster.run_until_converged(10s));
        CHECK(net.cluster.peer(victim)->status().incarnation > before);
        CHECK(net.violation() == "");
    }
}

TEST_CASE("a peer that leaves in order is gone from the list at once, without an accusation") {
    TestNetwork net;
    REQUIRE(net.bring_up(6));
    net.cluster.sim().feed(net.peer(4), LeaveRequested{});
    CHECK(net.cluster.run_until([&] { return net.cluster.listed_nowhere(net.peer(4)); }, 2s));
    CHECK(net.cluster.run_until([&] { return !net.cluster.sim().is_up(net.peer(4)); }, 5s));
    net.run_for(20s);
    CHECK(net.log.count(NoticeKind::dead_reported) == 0);
    CHECK(net.cluster.converged());
    CHECK(net.violation() == "");
}

TEST_CASE("half of the peers killed at once are all removed, and the others find together") {
    TestNetwork net(fast_config());
    REQUIRE(net.bring_up(20));
    for (std::size_t i = 0; i < 20; i += 2) net.cluster.crash(net.peer(i));
    CHECK(net.cluster.run_until_converged(40s));
    CHECK(net.whole(10s));
    CHECK(net.violation() == "");
}
