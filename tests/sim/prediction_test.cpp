// Predictions compared with runs of the real machines.

#include "sim/study/prediction.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

ExperimentOptions base(std::uint32_t peers, std::uint64_t seed) {
    ExperimentOptions o;
    o.peers = peers;
    o.seed = seed;
    o.messages = 20;
    o.config.gossip.max_messages = 0;
    return o;
}

double measured(const std::vector<Metric>& metrics, const std::string& name) {
    const auto at = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
    REQUIRE_MESSAGE(at != metrics.end(), name);
    REQUIRE_MESSAGE(at->value, name << " was not measured");
    return *at->value;
}

void check_against_run(const ExperimentOptions& options) {
    Experiment run(options);
    while (run.advance(100'000)) {
    }
    REQUIRE(run.phase() == Experiment::Phase::over);
    const std::vector<Metric> metrics = run.metrics();
    for (const Predicted& p : predict(options)) {
        const bool happened = p.name != "detection_p50_s" || options.faults.crash_per_million > 0;
        if (p.tolerance == 0 || !happened) continue;
        const double value = measured(metrics, p.name);
        CHECK_MESSAGE(p.agrees(value), p.name << ": " << p.value << " predicted, " << value << " measured");
    }
}

}  // namespace

TEST_CASE("theory and runs agree: peers that join together") {
    check_against_run(base(5, 9));
    check_against_run(base(12, 8));
    check_against_run(base(40, 7));
    check_against_run(base(100, 1));
    check_against_run(base(600, 2));
    ExperimentOptions constant = base(300, 3);
    constant.network.link = {.delay_min = 5ms, .delay_max = 5ms, .jitter_percent = 0};
    check_against_run(constant);
}

TEST_CASE("theory and runs agree: grown networks, whose hubs shorten the ways") {
    for (const char* strategy : {"pa-ring", "pa", "random"}) {
        ExperimentOptions o = base(3000, 4);
        o.grown = true;
        o.config.overlay.strategy = find_overlay(strategy);
        CAPTURE(strategy);
        check_against_run(o);
    }
}

TEST_CASE("theory and runs agree: what regions leave, killed peers") {
    ExperimentOptions o = base(1000, 5);
    o.grown = true;
    o.network.link = {.delay_min = 1ms, .delay_max = 80ms, .regions = 4};
    check_against_run(o);
    CHECK(std::ranges::none_of(predict(o), [](const Predicted& p) { return p.name == "latency_p50_ms"; }));
    ExperimentOptions killed = base(300, 6);
    killed.faults.crash_per_million = 50'000;
    check_against_run(killed);
}

TEST_CASE("the documents' timers: three silent cycles of thirteen seconds") {
    const SilenceTimes t = silence_times(base(100, 1));
    CHECK(t.suspected == doctest::Approx(40.9).epsilon(0.01));  // T/(d+1) + 3T with d = 6
    CHECK(t.removed > 46);
    CHECK(t.removed < 48);
    CHECK(t.forgiven == doctest::Approx(44));
}

TEST_CASE("the rate of false removals grows with loss and falls with patience") {
    ExperimentOptions o = base(200, 1);
    CHECK(false_removal_rate(o, 0) == 0);
    const double some = false_removal_rate(o, 0.1);
    CHECK(some > 0);
    CHECK(some < 1e-6);
    CHECK(false_removal_rate(o, 0.3) > 1000 * some);
    o.config.liveness.misses = 5;
    CHECK(false_removal_rate(o, 0.1) < some);
}

TEST_CASE("links are counted as they are made") {
    ExperimentOptions o = base(50, 1);
    o.config.overlay.strategy = find_overlay("pa");
    CHECK(expected_edges(o) == 3 * 47 + 3);  // as in tests of the grown overlay: 3(n-3) + 3
    o.peers = 2;
    CHECK(expected_edges(o) == 1);
    o.config.overlay.strategy = find_overlay("pa-ring");
    CHECK(expected_edges(o) == 1);
}
