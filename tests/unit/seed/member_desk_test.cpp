#include "protocol/seed/member_desk.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

TEST_CASE("a lease counts for the life that is listed, and each is told what became of its own") {
    SeedParts p(3);
    p.admit(1);
    const auto status = [&](std::size_t k, std::uint64_t incarnation) {
        p.clear();
        REQUIRE(p.desk.on_lease(p.t, peer_id(k), Trust::proven, {peer_id(k), life(incarnation), 5}));
        p.desk.answer_lease(p.t, peer_id(k), {peer_id(k), life(incarnation), 5});
        return p.sent<msg::LeaseAck>(peer_id(k)).back().status;
    };
    CHECK(status(1, 1) == LeaseStatus::member);
    CHECK(p.raised<fact::PeerAlive>().size() == 1);
    CHECK(p.desk.directory().leases_here(peer_id(1)));
    CHECK(status(1, 2) == LeaseStatus::unknown);
    CHECK(p.raised<fact::PeerAlive>().empty());
    CHECK(status(2, 1) == LeaseStatus::unknown);
    p.decide({Change{ChangeKind::remove, peer_id(1), life(1)}});
    CHECK(status(1, 1) == LeaseStatus::removed);
    CHECK_FALSE(p.desk.on_lease(p.t, peer_id(2), Trust::proven, {peer_id(1), life(1), 5}));
    CHECK(p.said(NoticeKind::refused_message) == 1);
}

TEST_CASE("a lease of a listed life counts from whom it is about alone; of another life it is answered") {
    SeedParts p(3);
    p.admit(1);
    for (const auto& [from, trust] : {std::pair{anonymous_id(7), Trust::anonymous}, {peer_id(1), Trust::address}}) {
        CHECK_FALSE(p.desk.on_lease(p.t, from, trust, {peer_id(1), life(1), 5}));
        CHECK(p.raised<fact::PeerAlive>().empty());
        CHECK(p.desk.on_lease(p.t, from, trust, {peer_id(2), life(1), 5}) == is_anonymous(from));
    }
    p.decide({Change{ChangeKind::remove, peer_id(1), life(1)}});
    CHECK(p.desk.on_lease(p.t, anonymous_id(7), Trust::anonymous, {peer_id(1), life(1), 5}));
    p.desk.answer_lease(p.t, anonymous_id(7), {peer_id(1), life(1), 5});
    CHECK(p.sent<msg::LeaseAck>(anonymous_id(7)).back().status == LeaseStatus::removed);
}

TEST_CASE("a PONG is a sign of life of its sender; an unnamed one only of a member of protocol 0") {
    SeedParts p(3);
    p.admit(1);
    p.admit(2, 0);
    const auto alive = [&](NodeId from, std::size_t sender, Trust trust = Trust::proven) {
        p.clear();
        p.t.now += 1s;
        p.desk.on_pong(p.t, from, trust, {.sender = peer_id(sender)});
        const auto facts = p.raised<fact::PeerAlive>();
        return facts.empty() ? NodeId::none : facts.front().peer;
    };
    CHECK(alive(peer_id(1), 2) == peer_id(1));
    CHECK_FALSE(p.desk.directory().silent_since(peer_id(1), p.t.now));
    CHECK(p.desk.directory().silent_since(peer_id(2), p.t.now));
    CHECK(alive(anonymous_id(1), 2) == peer_id(2));
    CHECK_FALSE(p.desk.directory().silent_since(peer_id(2), p.t.now));
    CHECK(alive(anonymous_id(1), 1) == NodeId::none);
    CHECK(alive(peer_id(1), 1, Trust::address) == NodeId::none);
    CHECK(alive(peer_id(2), 2, Trust::address) == peer_id(2));
}

TEST_CASE("a decision is spread by those that lease here and by whom it is about, signed once") {
    SeedParts p(3);
    for (std::size_t k = 1; k <= 3; ++k) p.admit(k);
    p.desk.expect_lease(p.t, peer_id(1));
    const Change leave{.kind = ChangeKind::leave, .peer = peer_id(2), .incarnation = life(1)};
    const Decision decision = p.replica.ledger().next(p.crypto, {leave});
    p.desk.spread(p.t, decision);
    CHECK(p.out.sends.size() == 2);
    REQUIRE(p.sent<msg::Membership>(peer_id(1)).size() == 1);
    const auto told = p.sent<msg::Membership>(peer_id(1)).front();
    CHECK(p.crypto.verify(p.crypto.public_key(), canonical_bytes(told.decision), told.signature));
    CHECK(p.sent<msg::Membership>(peer_id(2)).size() == 1);
    p.clear();
    // Who was added by another seed is told by that one.
    p.desk.spread(p.t, p.replica.ledger().next(p.crypto, {Change{ChangeKind::add, peer_id(9), life(1)}}));
    CHECK(p.sent<msg::Membership>(peer_id(9)).empty());
}

TEST_CASE("the list comes in pages and says when there is no quorum behind it") {
    SeedParts p(3);
    Batch many;
    for (std::size_t k = 0; k < 501; ++k) many.push_back(Change{ChangeKind::add, peer_id(k), life(1)});
    p.decide(many);
    p.desk.on_get_peer_list(p.t, peer_id(1), {.page = 1});
    auto list = p.sent<msg::PeerList>(peer_id(1)).back();
    CHECK(list.pages == 2);
    CHECK(list.peers.size() == 1);
    CHECK(list.stale);
    p.neighbours.handle_heard(p.t, 1);
    p.desk.on_get_peer_list(p.t, peer_id(1), {.page = 7});
    list = p.sent<msg::PeerList>(peer_id(1)).back();
    CHECK(list.peers.empty());
    CHECK_FALSE(list.stale);
}

TEST_CASE("decisions are handed out signed, those of a short past only") {
    SeedParts p(3);
    Replica shorter(2);
    for (std::size_t k = 1; k <= 4; ++k) {
        p.admit(k);
        (void)shorter.apply(p.t, {*p.replica.ledger().decision(k), {}});
    }
    p.desk.on_get_delta(p.t, peer_id(1), {.since = 1});
    const auto deltas = p.sent<msg::Deltas>(peer_id(1)).back();
    CHECK_FALSE(deltas.gap);
    REQUIRE(deltas.decisions.size() == 3);
    CHECK(deltas.decisions.front().decision.epoch == 2);
    p.desk.on_get_delta(p.t, peer_id(1), {.since = 4});
    CHECK(p.sent<msg::Deltas>(peer_id(1)).back().decisions.empty());
}
