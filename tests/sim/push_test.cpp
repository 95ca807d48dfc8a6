// Infect and die over the links of an overlay, and what repair does for those it misses.

#include "tests/sim/network_scenarios.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

Config push_config(std::uint32_t fanout, Duration repair) {
    Config c = fast_config();
    c.gossip.max_messages = 0;
    c.gossip.mode = find_spread("push");
    c.gossip.fanout = fanout;
    c.gossip.repair_interval = repair;
    c.gossip.origin_burst = 1000;
    c.overlay.strategy = find_overlay("random");
    c.overlay.links = 10;
    return c;
}

}  // namespace

TEST_CASE("push reaches the share p = 1 - exp(-f p) of the peers, for f sends each") {
    constexpr std::uint32_t peers = 400;
    for (const std::uint32_t fanout : {2U, 4U}) {
        Config config = push_config(fanout, 1h);
        config.liveness.interval = 1h;  // a PING would bring repair
        TestNetwork net(config, 3, 7, false);
        net.cluster.start_grown(peers);
        double share = 1;
        for (int i = 0; i < 100; ++i) share = 1 - std::exp(-static_cast<double>(fanout) * share);
        double reached = 0;
        double sends = 0;
        int spread_far = 0;  // a message may die out at once
        for (std::size_t i = 0; i < 20; ++i) {
            net.cluster.publish(net.peer(i * 19), "by few");
            net.run_for(1s);
            const auto reach = static_cast<double>(net.gossip.reach(net.log.last_published()));
            if (reach < peers / 4.0) continue;
            ++spread_far;
            reached += reach;
            sends += static_cast<double>(net.gossip.pushes(net.log.last_published()));
        }
        CAPTURE(fanout);
        CHECK(spread_far >= 12);
        CHECK(reached / spread_far / peers == doctest::Approx(share).epsilon(0.06));
        CHECK(sends / reached == doctest::Approx(fanout).epsilon(0.02));
        CHECK(net.violation() == "");
    }
}

TEST_CASE("whoever a push misses has the message by repair") {
    TestNetwork net(push_config(2, 500ms), 3, 3);
    REQUIRE(net.bring_up(40));
    for (std::size_t i = 0; i < 5; ++i) REQUIRE(net.published_everywhere(net.peer(i), "sooner or later", 20s));
    CHECK(net.violation() == "");
}
