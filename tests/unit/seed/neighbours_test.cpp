#include "protocol/seed/neighbours.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

TEST_CASE("a seed that is heard is reached once, and a majority of them is a quorum") {
    SeedParts p(5);
    p.neighbours.handle_heard(p.t, 1);
    p.neighbours.handle_heard(p.t, 1);
    CHECK(p.said(NoticeKind::seed_reached) == 1);
    CHECK(p.raised<fact::SeedReached>().size() == 1);
    CHECK_FALSE(p.neighbours.quorum());
    p.neighbours.handle_heard(p.t, 4);
    CHECK(p.neighbours.quorum());
    CHECK(p.said(NoticeKind::quorum_back) == 0);  // nobody said that there was none
}

TEST_CASE("a missing quorum is not said soon after the start, later it is, and so is its return") {
    SeedParts p(3);
    p.neighbours.check_quorum(p.t);
    CHECK(p.said(NoticeKind::no_quorum) == 0);
    p.t.now += p.config.seed.pending_after;
    p.neighbours.check_quorum(p.t);
    p.neighbours.check_quorum(p.t);
    CHECK(p.said(NoticeKind::no_quorum) == 1);
    CHECK(p.raised<fact::QuorumBack>().empty());
    p.neighbours.handle_heard(p.t, 1);
    CHECK(p.said(NoticeKind::quorum_back) == 1);
    CHECK(p.raised<fact::QuorumBack>().size() == 1);
    p.neighbours.handle_link_lost(p.t, 1, LossReason::closed);
    CHECK(p.said(NoticeKind::no_quorum) == 2);
}

TEST_CASE("who was not heard for three rounds of SYNC is silent; a lost link says so at once, and once") {
    SeedParts p(3);
    p.neighbours.handle_heard(p.t, 1);
    p.neighbours.handle_heard(p.t, 2);
    p.t.now += 2 * p.config.seed.sync_interval;
    p.neighbours.handle_heard(p.t, 2);
    p.t.now += p.config.seed.sync_interval;
    p.neighbours.mark_silent(p.t);
    CHECK(p.said(NoticeKind::seed_unreachable) == 0);
    p.t.now += 1ns;
    p.neighbours.mark_silent(p.t);
    REQUIRE(p.said(NoticeKind::seed_unreachable) == 1);
    CHECK(p.out.notices.back().other == seed_id(1));
    p.neighbours.handle_link_lost(p.t, 1, LossReason::refused);
    CHECK(p.said(NoticeKind::seed_unreachable) == 1);
    p.neighbours.handle_link_lost(p.t, 2, LossReason::refused);
    CHECK(p.said(NoticeKind::seed_unreachable) == 2);
}

TEST_CASE("SYNC goes out at half to three halves of its interval") {
    SeedParts p(3);
    for (int i = 0; i < 100; ++i) {
        p.clear();
        p.neighbours.arm_sync(p.t);
        const SetTimer timer = p.timer(TimerKind::sync);
        CHECK(timer.due >= p.t.now + p.config.seed.sync_interval / 2);
        CHECK(timer.due <= p.t.now + p.config.seed.sync_interval * 3 / 2);
        CHECK_FALSE(p.neighbours.sync_due(p.t, timer.tag));  // not yet: it is armed again
        p.t.now = timer.due;
        CHECK(p.neighbours.sync_due(p.t, p.timer(TimerKind::sync).tag));
    }
}

TEST_CASE("a key is the one that its seed told last") {
    SeedParts p(3);
    CHECK(p.neighbours.key_of(seed_id(1)) == PublicKey{});
    p.neighbours.learn_key(p.t, 1, FakeCrypto(1).public_key());
    p.neighbours.learn_key(p.t, 1, FakeCrypto(2).public_key());
    CHECK(p.neighbours.key_of(seed_id(1)) == FakeCrypto(2).public_key());
    CHECK(p.neighbours.key_of(peer_id(1)) == PublicKey{});
}
