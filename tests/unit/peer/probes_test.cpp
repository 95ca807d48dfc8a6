#include "protocol/peer/probes.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
Time at(int ms) { return Time{} + milliseconds(ms); }
constexpr NodeId suspect{7};
constexpr Incarnation life{3};
const LivenessConfig config{.probes = 3, .probe_timeout = seconds(1)};
}  // namespace

TEST_CASE("silence: three pings, one time-out each, then unreachable") {
    Probes probes;
    auto action = probes.ask(config, suspect, life, {NodeId{1}, 9}, at(0));
    for (int ping = 1; ping <= 3; ++ping) {
        REQUIRE(action.ping);
        CHECK(*action.wait == Duration(seconds(1)));
        CHECK_FALSE(action.testimony);
        action = probes.timer(config, suspect, action.generation, at(ping * 1'000));
    }
    CHECK_FALSE(action.ping);
    REQUIRE(action.testimony);
    CHECK(action.testimony->verdict == Verdict::unreachable);
    CHECK(action.testimony->life == life);
    REQUIRE(action.testimony->askers.size() == 1);
    CHECK(action.testimony->askers[0].version == 9);
}

TEST_CASE("a refusal is confirmed by one more dial") {
    Probes probes;
    (void)probes.ask(config, suspect, life, {}, at(0));
    auto action = probes.refused(suspect, at(1));
    CHECK(*action.wait == Probes::redial_after);
    CHECK_FALSE(action.ping);
    const auto same_dial = probes.refused(suspect, at(1));
    CHECK_FALSE(same_dial.testimony);
    CHECK_FALSE(same_dial.wait);
    action = probes.timer(config, suspect, action.generation, at(101));
    CHECK(action.ping);
    action = probes.refused(suspect, at(102));
    REQUIRE(action.testimony);
    CHECK(action.testimony->verdict == Verdict::refused);
    CHECK_FALSE(probes.refused(suspect, at(103)).testimony);
}

TEST_CASE("any frame ends it, also after a refusal") {
    for (const bool refused_before : {false, true}) {
        Probes probes;
        (void)probes.ask(config, suspect, life, {}, at(0));
        if (refused_before) (void)probes.refused(suspect, at(1));
        const auto action = probes.heard(suspect, true, at(50));
        REQUIRE(action.testimony);
        CHECK(action.testimony->verdict == Verdict::reachable);
        CHECK_FALSE(probes.heard(suspect, true, at(51)).testimony);
    }
}

TEST_CASE("later askers join a running probe and share a fresh finding, not a stale one") {
    Probes probes;
    auto first = probes.ask(config, suspect, life, {NodeId{1}, 1}, at(0));
    const auto joined = probes.ask(config, suspect, life, {NodeId{2}, 2}, at(10));
    CHECK_FALSE(joined.ping);
    CHECK_FALSE(joined.testimony);
    const auto found = probes.heard(suspect, true, at(20));
    CHECK(found.testimony->askers.size() == 2);
    const auto fresh = probes.ask(config, suspect, life, {NodeId{3}, 3}, at(1'000));
    REQUIRE(fresh.testimony);
    CHECK(fresh.testimony->askers.size() == 1);
    CHECK(fresh.testimony->askers[0].reply == NodeId{3});
    CHECK(probes.askers(suspect).size() == 3);
    CHECK(probes.ask(config, suspect, life, {NodeId{4}, 4}, at(3'000)).ping);
}

TEST_CASE("a finding about one life says nothing about another") {
    Probes probes;
    (void)probes.ask(config, suspect, life, {}, at(0));
    CHECK(probes.ask(config, suspect, Incarnation{4}, {}, at(1)).busy);
    (void)probes.heard(suspect, true, at(2));
    CHECK(probes.ask(config, suspect, Incarnation{4}, {}, at(3)).ping);
}

TEST_CASE("stale timers and unknown suspects do nothing, and the number of probes is bounded") {
    Probes probes;
    const auto first = probes.ask(config, suspect, life, {}, at(0));
    const auto second = probes.timer(config, suspect, first.generation, at(1'000));
    CHECK(second.ping);
    CHECK_FALSE(probes.timer(config, suspect, first.generation, at(1'001)).ping);
    CHECK_FALSE(probes.timer(config, NodeId{99}, 1, at(1)).ping);
    CHECK_FALSE(probes.heard(NodeId{99}, true, at(1)).testimony);
    CHECK_FALSE(probes.refused(NodeId{99}, at(1)).wait);
    for (std::uint64_t i = 100; probes.size() < Probes::limit; ++i)
        (void)probes.ask(config, NodeId{i}, life, {}, at(1));
    CHECK(probes.ask(config, NodeId{50}, life, {}, at(2)).busy);
}
