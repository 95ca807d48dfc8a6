#include "protocol/peer/membership_state.hpp"
#include "protocol/peer/view.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

using namespace gossip;

namespace {

msg::Membership decision(Epoch epoch, std::uint8_t digest) {
    msg::Membership m;
    m.decision.epoch = epoch;
    m.decision.digest.bytes[0] = digest;
    return m;
}

// As a machine does in a step.
void follow(View& view, const msg::Membership& decision, StateInterner& latest) {
    REQUIRE(view.offer(decision) == View::Offer::fresh);
    REQUIRE(view.next());
    view.share_state(latest);
}

bool share_one(const View& a, const View& b) { return &a.state() == &b.state(); }

}  // namespace

TEST_CASE("peers that follow the same decisions keep their state once, after each of them") {
    StateInterner latest;
    View a(NodeId{1});
    View b(NodeId{2});
    for (Epoch epoch = 1; epoch <= 5; ++epoch) {
        follow(a, decision(epoch, 7), latest);
        CHECK_FALSE(share_one(a, b));
        CHECK(b.epoch() == epoch - 1);
        follow(b, decision(epoch, 7), latest);
        CHECK(share_one(a, b));
        CHECK(b.epoch() == epoch);
    }
}

TEST_CASE("a peer that was told something else keeps that for itself") {
    StateInterner latest;
    View a(NodeId{1});
    View b(NodeId{2});
    follow(a, decision(1, 7), latest);
    follow(b, decision(1, 8), latest);
    CHECK_FALSE(share_one(a, b));
    CHECK(a.digest().bytes[0] == 7);
    CHECK(b.digest().bytes[0] == 8);
}

TEST_CASE("peers share what they were told only while nothing of it differs") {
    const std::vector<std::function<void(MembershipState&)>> differences{
        [](MembershipState& t) { ++t.epoch; },
        [](MembershipState& t) { t.incarnation = Incarnation{9}; },
        [](MembershipState& t) { ++t.wall_offset; },
        [](MembershipState& t) { t.source = reinterpret_cast<const SnapshotSource*>(&t); },
        [](MembershipState& t) { t.digest.bytes[31] = 1; },
        [](MembershipState& t) { t.seed_keys.mutable_value().resize(1); },
    };
    for (const auto& differ : differences) {
        StateInterner latest;
        CopyOnWrite<MembershipState> a(MembershipState{.epoch = 3});
        CopyOnWrite<MembershipState> b(MembershipState{.epoch = 3});
        latest.share(a);
        latest.share(b);
        REQUIRE(a.shared_with(b));
        differ(b.mutable_value());
        latest.share(b);
        CHECK_FALSE(a.shared_with(b));
        CHECK(*a == MembershipState{.epoch = 3});
        differ(a.mutable_value());
        latest.share(a);
        // Each difference once, but for the one that is an address of its own.
        CHECK(a.shared_with(b) == (a->source == b->source));
    }
}
