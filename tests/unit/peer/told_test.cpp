#include "protocol/peer/told.hpp"
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
void follow(View& view, const msg::Membership& decision, ToldAlike& alike) {
    REQUIRE(view.offer(decision) == View::Offer::fresh);
    REQUIRE(view.next());
    view.share_told(alike);
}

bool share_one(const View& a, const View& b) { return &a.told() == &b.told(); }

}  // namespace

TEST_CASE("peers that follow the same decisions keep what they were told once, after each of them") {
    ToldAlike alike;
    View a(NodeId{1});
    View b(NodeId{2});
    for (Epoch epoch = 1; epoch <= 5; ++epoch) {
        follow(a, decision(epoch, 7), alike);
        CHECK_FALSE(share_one(a, b));
        CHECK(b.epoch() == epoch - 1);
        follow(b, decision(epoch, 7), alike);
        CHECK(share_one(a, b));
        CHECK(b.epoch() == epoch);
    }
}

TEST_CASE("a peer that was told something else keeps that for itself") {
    ToldAlike alike;
    View a(NodeId{1});
    View b(NodeId{2});
    follow(a, decision(1, 7), alike);
    follow(b, decision(1, 8), alike);
    CHECK_FALSE(share_one(a, b));
    CHECK(a.digest().bytes[0] == 7);
    CHECK(b.digest().bytes[0] == 8);
}

TEST_CASE("peers share what they were told only while nothing of it differs") {
    const std::vector<std::function<void(Told&)>> differences{
        [](Told& t) { ++t.epoch; },
        [](Told& t) { ++t.record_version; },
        [](Told& t) { t.incarnation = Incarnation{9}; },
        [](Told& t) { ++t.wall_offset; },
        [](Told& t) { t.standings = reinterpret_cast<const Standings*>(&t); },
        [](Told& t) { t.digest.bytes[31] = 1; },
        [](Told& t) { t.seed_keys.own().resize(1); },
    };
    for (const auto& differ : differences) {
        ToldAlike alike;
        CopyOnWrite<Told> a(Told{.epoch = 3});
        CopyOnWrite<Told> b(Told{.epoch = 3});
        alike.share(a);
        alike.share(b);
        REQUIRE(a.shared_with(b));
        differ(b.own());
        alike.share(b);
        CHECK_FALSE(a.shared_with(b));
        CHECK(*a == Told{.epoch = 3});
        differ(a.own());
        alike.share(a);
        // Each difference once, but for the one that is an address of its own.
        CHECK(a.shared_with(b) == (a->standings == b->standings));
    }
}
