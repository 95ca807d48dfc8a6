#include "protocol/seed/address_checks.hpp"

#include "protocol/trust/credential.hpp"
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
    const Bytes text = challenge_bytes(p.config, p.t.self, peer_id(1), first.nonce);
    p.addresses.on_answer(p.t, {peer_id(1), FakeCrypto(7001).sign(text)});
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::answered);
    pass_time(p);
    CHECK(p.sent<msg::Challenge>(peer_id(1)).size() == 2);
    CHECK(p.raised<fact::AddressChecked>().size() == 1);
}
