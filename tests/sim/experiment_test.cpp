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
    REQUIRE_MESSAGE(at->value, name << " was not measured");
    return *at->value;
}

bool measured(const Experiment& e, const std::string& name) {
    const auto m = e.metrics();
    const auto at = std::ranges::find(m, name, &Metric::name);
    REQUIRE(at != m.end());
    return at->value.has_value();
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

TEST_CASE("what a run did not measure has no value") {
    ExperimentOptions o = small(8);
    o.messages = 0;
    o.grown = true;
    Experiment e(o);
    finish(e);
    for (const char* name : {"bring_up_s", "coverage_mean", "coverage_min", "hops_mean", "hops_max", "latency_p50_ms",
                             "latency_max_ms", "redundancy", "degree_exponent", "degree_tail_from",
                             "degree_fit_distance", "detection_p50_s", "detection_max_s", "paused_detection_p50_s"}) {
        CAPTURE(name);
        CHECK(!measured(e, name));
    }
    for (const char* name : {"messages_said", "deliveries", "removed_dead", "dead_not_removed", "removed_alive"}) {
        CAPTURE(name);
        CHECK(value(e, name) == 0);
    }
}

TEST_CASE("removals are counted in networks whose machines say nothing of them") {
    ExperimentOptions o = small(9);
    o.grown = true;
    o.peers = 20'000;
    o.messages = 1;
    o.faults.crash_per_million = 500;
    o.duration = 30s;
    Experiment e(o);
    finish(e);
    const double down = 20'000 - value(e, "peers_up");
    CHECK(down >= 2);
    CHECK(value(e, "removed_dead") + value(e, "dead_not_removed") == down);
    CHECK(value(e, "removed_dead") > 0);
    CHECK(value(e, "detection_p50_s") > 0);
}

TEST_CASE("each removal of a peer that runs counts, however often it returns") {
    ExperimentOptions o = small(10);
    o.peers = 16;
    o.network.link.drop_per_million = 600'000;
    o.duration = 90min;
    Experiment e(o);
    finish(e);
    CHECK(value(e, "removed_alive") > 16);  // more removals than peers
    CHECK(value(e, "removed_dead") == 0);
    CHECK(value(e, "removed_paused") == 0);
}

TEST_CASE("the removal of a paused peer is neither that of a live nor that of a dead one") {
    ExperimentOptions o = small(10);
    o.peers = 16;
    o.faults.pause_per_million = 300'000;
    o.duration = 15min;  // each pauses for a tenth of it, which is longer than silence is forgiven
    Experiment e(o);
    finish(e);
    CHECK(value(e, "removed_paused") > 0);
    CHECK(value(e, "paused_detection_p50_s") > 10);
    CHECK(value(e, "paused_detection_max_s") < 90);
    CHECK(value(e, "removed_dead") == 0);
    CHECK(value(e, "removed_alive") == 0);
    CHECK(!measured(e, "detection_p50_s"));
}

TEST_CASE("quantiles are nearest-rank") {
    Histogram h;
    for (std::uint64_t v = 1; v <= 100; ++v) h.add(v);
    CHECK(h.quantile(0.07) == 7);
    CHECK(h.quantile(0.5) == 50);
    CHECK(h.quantile(0.95) == 95);
    CHECK(h.quantile(0.99) == 99);
    CHECK(h.quantile(1) == 100);
    CHECK(h.quantile(0) == 1);
}
