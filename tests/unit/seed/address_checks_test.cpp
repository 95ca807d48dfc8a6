#include "protocol/seed/address_checks.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

Change added(std::size_t k) {
    const msg::RegisterRequest m = registration(k, 1);
    return {ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key};
}

// The time passes at which the check would ask again, or give up.
void pass_time(SeedParts& p) {
    const SetTimer timer = p.timer(TimerKind::address_check);
    p.t.now = timer.due;
    p.addresses.handle_timeout(p.t, timer.tag);
}

}  // namespace

TEST_CASE("a challenge that may have been lost is repeated until the probe's time is over") {
    SeedParts p(3);
    const Time begin = p.t.now;
    REQUIRE(p.addresses.begin(p.t, added(1)));
    for (std::size_t sent = 1; sent <= AddressChecks::challenges_limit; ++sent) {
        CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == sent);
        CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::running);
        pass_time(p);
    }
    CHECK(p.t.now == begin + p.config.seed.probe_timeout);
    CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == AddressChecks::challenges_limit);
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::failed);
    CHECK(p.raised<fact::AddressChecked>().size() == 1);
}

TEST_CASE("the answer to any of the challenges counts, and ends them") {
    SeedParts p(3);
    REQUIRE(p.addresses.begin(p.t, added(1)));
    const msg::Challenge first = p.sent<msg::Challenge>(peer_id(1)).front();
    pass_time(p);
    CHECK(p.sent<msg::Challenge>(peer_id(1)).back().nonce == first.nonce);
    p.answer_challenge(peer_id(1), first, 7001);
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::answered);
    pass_time(p);
    CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == 2);
    CHECK(p.raised<fact::AddressChecked>().size() == 1);
}

TEST_CASE("the key that answers at an address counts, not the keys that claim it") {
    SeedParts p(3);
    const Change honest = added(1);
    Change wrong = honest;
    wrong.key = FakeCrypto(7002).public_key();
    REQUIRE(p.addresses.begin(p.t, wrong));
    p.answer_challenge(peer_id(1), p.sent<msg::Challenge>(peer_id(1)).front(), 7001);
    CHECK(p.addresses.result(honest, p.t.now) == AddressChecks::Result::answered);
    CHECK(p.addresses.result(wrong, p.t.now) == AddressChecks::Result::failed);
    p.t.now += 2s;
    REQUIRE(p.addresses.begin(p.t, wrong));  // asked once more
    CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == 2);
    CHECK(p.addresses.result(honest, p.t.now) == AddressChecks::Result::answered);
    CHECK(p.addresses.result(wrong, p.t.now) == AddressChecks::Result::running);
}

TEST_CASE("an answer that its key did not sign is no answer") {
    SeedParts p(3);
    REQUIRE(p.addresses.begin(p.t, added(1)));
    p.addresses.on_answer(p.t, {peer_id(1), added(1).key, Signature{}});
    const msg::Challenge other_nonce{FakeCrypto(1).digest("another")};
    p.answer_challenge(peer_id(1), other_nonce, 7001);
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::running);
}

TEST_CASE("a failed check counts for whom it was made, and others have the address asked again") {
    SeedParts p(3);
    const Time begun = p.t.now;
    REQUIRE(p.addresses.begin(p.t, added(1)));
    p.t.now += 10ms;
    p.addresses.handle_link_lost(p.t, {peer_id(1), LossReason::refused});
    CHECK_FALSE(p.addresses.awaited(p.t, {added(1)}, begun));
    CHECK(p.addresses.awaited(p.t, {added(1)}, begun + 1ms));
    CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == 2);
    p.answer_challenge(peer_id(1), p.sent<msg::Challenge>(peer_id(1)).back(), 7001);
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::answered);
}
