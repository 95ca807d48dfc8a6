#include "sim/study/experiment.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

ExperimentOptions small(std::uint64_t seed = 1) {
    ExperimentOptions o;
    o.seed = seed;
    o.peers = 40;
    o.messages = 5;
    o.config.gossip.max_messages = 0;
    return o;
}

void finish(Experiment& e) {
    while (e.advance(1000)) {
    }
}

double value(const Experiment& e, const std::string& name) {
    const auto m = e.metrics();
    const auto at = std::find_if(m.begin(), m.end(), [&](const Metric& x) { return x.name == name; });
    REQUIRE(at != m.end());
    return at->value;
}

}  // namespace

TEST_CASE("an experiment without faults reaches everybody at the price of a flood") {
    Experiment e(small());
    finish(e);
    CHECK(e.phase() == Experiment::Phase::over);
    CHECK(value(e, "messages_said") == 5);
    CHECK(value(e, "coverage_min") == 1);
    CHECK(value(e, "deliveries") == 5 * 39);
    CHECK(value(e, "repairs") == 0);
    CHECK(value(e, "components") == 1);
    CHECK(value(e, "removed_alive") == 0);
    // 2E - (n - 1) transmissions a message, E from the mean degree.
    CHECK(value(e, "pushes") == doctest::Approx(5 * (40 * value(e, "degree_mean") - 39)));
}

TEST_CASE("the same seed gives the same trace however the run is sliced, and another seed another") {
    Experiment a(small(7));
    Experiment b(small(7));
    Experiment c(small(8));
    finish(a);
    while (b.advance(37)) {
    }
    finish(c);
    CHECK(a.trace_hash() == b.trace_hash());
    CHECK(a.events() == b.events());
    CHECK(a.trace_hash() != c.trace_hash());
}

TEST_CASE("crashed peers are removed, live ones are not, and the rest still hears everything") {
    ExperimentOptions o = small(3);
    o.faults.crash_per_million = 200'000;
    o.duration = 60s;
    Experiment e(o);
    finish(e);
    const double down = 40 - value(e, "peers_up");
    CHECK(down >= 2);
    CHECK(value(e, "removed_dead") == down);
    CHECK(value(e, "removed_alive") == 0);
    CHECK(value(e, "detection_max_s") > 0);
    CHECK(value(e, "detection_max_s") < 10);
    CHECK(value(e, "coverage_min") == 1);
}

TEST_CASE("a partition holds messages back until it heals") {
    ExperimentOptions o = small(4);
    o.faults.partition = 5s;
    o.duration = 40s;
    Experiment e(o);
    finish(e);
    CHECK(value(e, "latency_max_ms") > 100);
    CHECK(value(e, "coverage_min") == 1);
}

TEST_CASE("regions that are far apart take longer") {
    ExperimentOptions o = small(5);
    Experiment near(o);
    o.network.link.regions = 4;
    o.network.link.delay_min = 1ms;
    o.network.link.delay_max = 80ms;
    Experiment far(o);
    finish(near);
    finish(far);
    CHECK(value(far, "latency_p50_ms") > 10 * value(near, "latency_p50_ms"));
    CHECK(value(far, "coverage_min") == 1);
}

TEST_CASE("peers that come one by one form hubs") {
    ExperimentOptions o = small(6);
    o.peers = 150;
    o.arrival = 50ms;
    Experiment e(o);
    finish(e);
    CHECK(value(e, "degree_max") >= 15);
    CHECK(value(e, "coverage_min") == 1);
}

TEST_CASE("a grown network carries messages as one that registered does") {
    ExperimentOptions o = small(7);
    o.grown = true;
    o.peers = 3000;
    Experiment e(o);
    finish(e);
    CHECK(value(e, "coverage_min") == 1);
    CHECK(value(e, "deliveries") == 5 * 2999);
    CHECK(value(e, "pushes") == doctest::Approx(5 * (3000 * value(e, "degree_mean") - 2999)));
    CHECK(value(e, "repairs") == 0);
    CHECK(value(e, "removed_alive") == 0);
}
