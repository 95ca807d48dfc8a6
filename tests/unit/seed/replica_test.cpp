#include "protocol/seed/replica.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;

namespace {

Digest other_digest() {
    Digest d;
    d.bytes[0] = 1;
    return d;
}

}  // namespace

TEST_CASE("a message about the next epoch is in play; a seed behind is told, from one ahead is fetched") {
    SeedParts p(3);
    p.admit(1);
    p.admit(2);
    const Digest here = p.replica.ledger().digest();
    CHECK(p.replica.in_play(p.t, 1, 3, here));
    CHECK(p.out.sends.empty());
    CHECK_FALSE(p.replica.in_play(p.t, 1, 2, {}));
    CHECK(p.sent<msg::Behind>(seed_id(1)).back().epoch == 2);
    CHECK_FALSE(p.replica.in_play(p.t, 1, 4, {}));
    CHECK(p.sent<msg::Fetch>(seed_id(1)).back().since == 2);
    CHECK_FALSE(p.out.fatal);
}

TEST_CASE("another digest of a known epoch stops the seed, whatever message brings it") {
    const auto fatal = [](const auto& hand) {
        SeedParts p(3);
        p.admit(1);
        hand(p);
        CHECK(p.out.sends.empty());
        return p.out.fatal && p.said(NoticeKind::digest_alarm) == 1;
    };
    CHECK(fatal([](SeedParts& p) { CHECK_FALSE(p.replica.in_play(p.t, 1, 2, other_digest())); }));
    CHECK(fatal([](SeedParts& p) { p.replica.on_sync(p.t, 1, {.epoch = 1, .digest = other_digest()}); }));
    CHECK(fatal([](SeedParts& p) { p.replica.on_behind(p.t, 1, {1, other_digest()}); }));
    CHECK(fatal([](SeedParts& p) { p.replica.on_learn(p.t, 1, {.epoch = 1, .digest = other_digest()}); }));
    CHECK(fatal([](SeedParts& p) { p.replica.on_fetch(p.t, 1, {1, other_digest()}); }));
}

TEST_CASE("SYNC makes the one that is behind catch up, whichever of the two it is") {
    SeedParts p(3);
    p.admit(1);
    const Digest here = p.replica.ledger().digest();
    p.replica.on_sync(p.t, 1, {.epoch = 1, .digest = here});
    CHECK(p.out.sends.empty());
    p.replica.on_sync(p.t, 1, {.epoch = 0});
    CHECK(p.sent<msg::Behind>(seed_id(1)).size() == 1);
    p.replica.on_sync(p.t, 1, {.epoch = 5});
    CHECK(p.sent<msg::Fetch>(seed_id(1)).size() == 1);
}

TEST_CASE("FETCH is answered by the decisions since, or by the whole list when they are forgotten") {
    SeedParts p(3);
    Replica shorter(2);
    for (std::size_t k = 1; k <= 4; ++k) {
        p.admit(k);
        (void)shorter.apply(p.t, {*p.replica.ledger().decision(k), {}});
    }
    p.clear();
    p.replica.on_fetch(p.t, 1, {1, *p.replica.ledger().digest_at(1)});
    REQUIRE(p.sent<msg::Decisions>(seed_id(1)).size() == 1);
    CHECK(p.sent<msg::Decisions>(seed_id(1)).front().decisions.size() == 3);
    CHECK(p.sent<msg::Decisions>(seed_id(1)).front().decisions.front().epoch == 2);
    p.replica.on_fetch(p.t, 2, {4, p.replica.ledger().digest()});
    CHECK(p.out.sends.size() == 1);
    shorter.on_fetch(p.t, 2, {1, {}});
    REQUIRE(p.sent<msg::SnapshotPart>(seed_id(2)).size() == 1);
    CHECK(p.sent<msg::SnapshotPart>(seed_id(2)).front().snapshot.members.size() == 4);
}

TEST_CASE("a decision that is not the successor of this list is refused") {
    SeedParts p(3);
    Decision next = p.replica.ledger().next(p.crypto, {Change{ChangeKind::add, peer_id(1), life(1)}});
    CHECK(p.replica.continues(p.t, 1, next));
    next.digest = other_digest();
    CHECK_FALSE(p.replica.continues(p.t, 1, next));
    CHECK(p.said(NoticeKind::refused_message) == 1);
}

TEST_CASE("a list in parts is whole after its last one, and begins anew when one is missing") {
    SeedParts p(3);
    const auto part = [](std::uint32_t i, std::size_t k) {
        msg::SnapshotPart m{{.epoch = 7, .digest = other_digest()}, i, 2};
        m.snapshot.members.push_back({.id = peer_id(k), .incarnation = life(1)});
        return m;
    };
    CHECK_FALSE(p.replica.on_snapshot_part(part(1, 2)));
    CHECK_FALSE(p.replica.on_snapshot_part(part(0, 1)));
    msg::SnapshotPart foreign = part(1, 2);
    foreign.snapshot.digest = {};
    CHECK_FALSE(p.replica.on_snapshot_part(foreign));
    CHECK_FALSE(p.replica.on_snapshot_part(part(1, 2)));
    CHECK_FALSE(p.replica.on_snapshot_part(part(0, 1)));
    const auto whole = p.replica.on_snapshot_part(part(1, 2));
    REQUIRE(whole);
    CHECK(whole->epoch == 7);
    CHECK(whole->members.size() == 2);
    p.replica.install(p.t, *whole);
    CHECK(p.replica.ledger().epoch() == 7);
    CHECK_FALSE(p.replica.on_snapshot_part(part(0, 1)));  // nothing new
    CHECK_FALSE(p.replica.on_snapshot_part(part(1, 2)));
}

TEST_CASE("an applied epoch is written and said, with why a member left and the votes that are known here") {
    SeedParts p(3);
    p.admit(1);
    p.admit(2);
    const Change leave{.kind = ChangeKind::leave, .peer = peer_id(1), .incarnation = life(1)};
    const Change remove{.kind = ChangeKind::remove, .peer = peer_id(2), .incarnation = life(1)};
    (void)p.replica.apply(p.t, {p.replica.ledger().next(p.crypto, {leave, remove}), {{remove, Approval{3, {}}}}});
    REQUIRE(p.out.appends.size() == 1);
    CHECK(p.out.appends.front().type == RecordType::decided);
    REQUIRE(p.out.notices.size() == 3);
    CHECK(p.out.notices[0].removal == RemovalReason::left);
    CHECK(p.out.notices[0].count == 0);
    CHECK(p.out.notices[1].removal == RemovalReason::dead);
    CHECK(p.out.notices[1].count == 3);
    CHECK(p.out.notices[2].kind == NoticeKind::epoch_applied);
    CHECK(p.out.notices[2].count == 0);
}
