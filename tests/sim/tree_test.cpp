// Dissemination over a tree: its cost, its repair, and when `auto` switches to it.

#include "tests/sim/network_scenarios.hpp"

#include <doctest/doctest.h>

#include <tuple>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

Config tree_config(const char* mode, std::uint32_t copies) {
    Config c = fast_config();
    c.gossip.max_messages = 0;
    c.gossip.mode = find_spread(mode);
    c.gossip.copies = copies;
    c.gossip.origin_rate = 1000;
    c.gossip.origin_burst = 1000;
    return c;
}

struct Spread {
    double sends;  // a delivery
    Duration took;
};

// Measures the last of several messages by different peers.
Spread spread(TestNetwork& net, std::size_t messages) {
    const auto peers = static_cast<double>(net.cluster.peers().size());
    Spread last{};
    for (std::size_t i = 0; i < messages; ++i) {
        const Time begun = net.cluster.sim().now();
        REQUIRE(net.published_everywhere(net.peer(i * 7 % net.cluster.peers().size()), "over few links", 5s));
        last.took = net.cluster.sim().now() - begun;
        net.run_for(1s);
        last.sends = static_cast<double>(net.gossip.pushes(net.log.last_published())) / (peers - 1);
    }
    return last;
}

}  // namespace

TEST_CASE("a tree of one copy sends a message once a peer, one of two copies at most twice; flooding far more") {
    double flood = 0;
    double before = 0;
    for (const auto& [mode, copies, limit] :
         {std::tuple{"flood", 1U, 9.0}, std::tuple{"tree", 2U, 2.0}, std::tuple{"tree", 1U, 1.1}}) {
        CAPTURE(copies);
        TestNetwork net(tree_config(mode, copies));
        REQUIRE(net.bring_up(50, 30s));
        net.run_for(10s);
        const Spread s = spread(net, 30);
        CHECK(s.sends <= limit);
        CHECK(s.sends >= 1.0);
        if (std::string_view(mode) == "flood") flood = s.sends;
        if (before > 0) CHECK(s.sends < before);
        before = s.sends;
        CHECK(net.violation() == "");
    }
    CHECK(flood > 3.5);
}

TEST_CASE("every message reaches everybody though peers of the tree die one after the other") {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(seed);
        TestNetwork net(tree_config("tree", 1), 3, seed);
        REQUIRE(net.bring_up(40, 30s));
        (void)spread(net, 10);
        for (std::size_t victim = 30; victim < 40; ++victim) {
            net.cluster.crash(net.peer(victim));
            net.cluster.publish(net.peer(victim - 30), "after a death");
            // Announcements and grafts are faster than the next repair.
            CHECK(net.cluster.run_until([&] { return net.gossip.missing_somewhere().empty(); }, 3s));
        }
        CHECK(net.violation() == "");
    }
}

TEST_CASE("auto floods while few messages are sent, uses a tree while many are, and then floods again") {
    Config config = tree_config("auto", 2);
    config.gossip.tree_above = 1000;
    TestNetwork net(config);
    REQUIRE(net.bring_up(40, 30s));
    net.run_for(10s);
    const double calm = spread(net, 3).sends;
    CHECK(calm > 3.5);
    const auto talk = [&] {
        for (int i = 0; i < 100; ++i) {
            net.cluster.publish(net.peer(static_cast<std::size_t>(i) % 40), "much is said, and more is to come");
            net.run_for(30ms);
        }
    };
    talk();
    talk();
    const double busy = spread(net, 1).sends;
    CHECK(busy <= 2.1);
    net.run_for(20s);
    CHECK(spread(net, 1).sends == doctest::Approx(calm).epsilon(0.05));
    CHECK(net.violation() == "");
}
