#include "protocol/seed/requests.hpp"

#include "protocol/seed/judgement.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/opinions.hpp"
#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

Change added(std::size_t k, std::uint64_t incarnation = 1) {
    const msg::RegisterRequest m = registration(k, incarnation);
    return {ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key};
}

void request(SeedParts& p, std::size_t k, std::uint64_t incarnation = 1) {
    p.requests.on_register_request(p.t, peer_id(k), registration(k, incarnation));
    p.answer_address(added(k, incarnation));
}

}  // namespace

TEST_CASE("a registration waits to be proposed, is announced once, and answered when the list has it") {
    SeedParts p(3);
    request(p, 1);
    CHECK(p.out.sends.empty());
    CHECK(p.requests.open_next(p.t, 10).size() == 1);
    CHECK(p.requests.open_next(p.t, 10).size() == 1);
    CHECK(p.said(NoticeKind::proposal_opened) == 1);
    p.decide({added(1)});
    p.requests.handle_list_changed(p.t, {{added(1), {3, {}}}});
    REQUIRE(p.sent<msg::RegisterAck>(peer_id(1)).size() == 1);
    const auto ack = p.sent<msg::RegisterAck>(peer_id(1)).front();
    CHECK(ack.text == "Registration approved (3 votes)");
    CHECK(ack.seed_keys.size() == 3);
    CHECK(ack.seed_keys.front() == p.crypto.public_key());
    CHECK(p.raised<fact::PeerAcknowledged>().size() == 1);
    CHECK(p.requests.empty());
    p.clear();
    request(p, 1);
    CHECK(p.sent<msg::RegisterAck>(peer_id(1)).front().text == "Already registered");
    CHECK(p.raised<fact::PeerAcknowledged>().size() == 1);
    CHECK(p.requests.empty());
}

TEST_CASE("a registration that cannot become anything is refused at once") {
    SeedParts p(3);
    p.admit(1);
    p.decide({added(1, 7)});
    request(p, 1, 6);
    CHECK(p.sent<msg::RegisterNack>(peer_id(1)).front().minimum == life(8));
    msg::RegisterRequest forged = registration(2, 1);
    forged.signature.bytes[0] ^= 1;
    p.requests.on_register_request(p.t, peer_id(2), forged);
    CHECK(p.sent<msg::RegisterNack>(peer_id(2)).front().text == "bad signature");
    p.requests.on_register_request(p.t, peer_id(3), registration(2, 1));
    CHECK(p.out.sends.size() == 2);
    CHECK(p.said(NoticeKind::refused_message) == 2);
    CHECK(p.requests.empty());
}

TEST_CASE("who waits for a life that a later one overtook is refused with the least it needs") {
    SeedParts p(3);
    request(p, 1, 3);
    p.decide({added(1, 5)});
    p.requests.handle_list_changed(p.t, {});
    CHECK(p.sent<msg::RegisterNack>(peer_id(1)).front().minimum == life(6));
    CHECK(p.raised<fact::PeerAcknowledged>().empty());
}

TEST_CASE("who waits for long is told once; who asks after that is told at once") {
    SeedParts p(3);
    request(p, 1);
    const SetTimer check = p.timer(TimerKind::pending_check);
    CHECK(check.due == p.t.now + p.config.seed.pending_after);
    p.t.now += 1s;
    request(p, 2);
    p.t.now = check.due;
    REQUIRE(p.requests.check_due(p.t, check.tag));
    p.requests.handle_check(p.t);
    CHECK(p.sent<msg::RegisterPending>(peer_id(1)).size() == 1);
    CHECK(p.sent<msg::RegisterPending>(peer_id(2)).empty());
    CHECK(p.timer(TimerKind::pending_check).due == p.t.now + 1s);
    request(p, 1);
    CHECK(p.sent<msg::RegisterPending>(peer_id(1)).size() == 2);
}

TEST_CASE("a registration is admitted only when the node at its address answers with its key") {
    SeedParts p(3);
    p.requests.on_register_request(p.t, anonymous_id(1), registration(1, 1));
    CHECK(p.raised<fact::AddressUnknown>().size() == 1);
    CHECK(p.requests.empty());
    REQUIRE(p.addresses.begin(p.t, added(1)));
    const msg::Challenge challenge = p.sent<msg::Challenge>(peer_id(1)).front();
    p.answer_challenge(peer_id(1), challenge, 7001);
    CHECK(p.raised<fact::AddressChecked>().size() == 1);
    p.requests.handle_address_checked(p.t, peer_id(1));
    CHECK(p.requests.size() == 1);
}

TEST_CASE("however many claim an address, the node that listens there is admitted and nobody else") {
    SeedParts p(3);
    for (std::size_t k = 2; k < 102; ++k) {  // each with a key of its own, by a connection of its own
        msg::RegisterRequest claim = registration(k, 1);
        claim.peer = peer_id(1);
        claim.signature = FakeCrypto(7000 + k).sign(
            canonical_bytes(Change{ChangeKind::add, claim.peer, claim.incarnation, claim.protocol, claim.key}));
        p.requests.on_register_request(p.t, anonymous_id(k), claim);
    }
    p.requests.on_register_request(p.t, anonymous_id(1), registration(1, 1));
    p.answer_address(added(1));
    CHECK(p.requests.size() == 1);
    CHECK(p.requests.find(added(1)) != nullptr);
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(1)).empty());
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(2)).size() == 1);
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(101)).size() == 1);
}

TEST_CASE("that nobody listened before it asked is not held against a node") {
    SeedParts p(3);
    REQUIRE(p.addresses.begin(p.t, added(1)));  // somebody else wanted its address
    p.t.now += 10ms;
    p.requests.on_register_request(p.t, anonymous_id(1), registration(1, 1));
    p.t.now += 10ms;
    p.addresses.handle_link_lost(p.t, {peer_id(1), LossReason::refused});
    p.clear();
    p.requests.handle_address_checked(p.t, peer_id(1));
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(1)).empty());
    CHECK(p.raised<fact::AddressUnknown>().size() == 1);  // it is asked again
    p.answer_address(added(1));
    CHECK(p.requests.size() == 1);
}

TEST_CASE("where nobody listens nobody is registered, and the asker is told") {
    SeedParts p(3);
    p.requests.on_register_request(p.t, anonymous_id(1), registration(1, 1));
    REQUIRE(p.addresses.begin(p.t, added(1)));
    p.addresses.handle_link_lost(p.t, {peer_id(1), LossReason::refused});
    CHECK(p.addresses.result(added(1), p.t.now) == AddressChecks::Result::failed);
    p.requests.handle_address_checked(p.t, peer_id(1));
    CHECK(p.requests.empty());
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(1)).front().text ==
          "Nobody who holds this key answers at 127.0.0.1:7001");
    const Ask ask{added(1), registration(1, 1).signature, {}, 0};
    CHECK(judge_add(p.t, ask, false).opinion == Opinion::no);
    p.t.now += 2s;  // and may be asked again
    CHECK(judge_add(p.t, ask, false).opinion == Opinion::undecided);
}

TEST_CASE("who waited for long and has gone meanwhile is proposed no more") {
    SeedParts p(3);
    request(p, 1);
    CHECK(adds_to_check(p.t, p.requests.open_next(p.t, 10)).size() == 1);
    CHECK_FALSE(p.addresses.awaited(p.t, {added(1)}));  // it answered a moment ago
    p.t.now += 11s;
    CHECK(p.addresses.awaited(p.t, {added(1)}));
    p.addresses.handle_link_lost(p.t, {peer_id(1), LossReason::refused});
    p.requests.handle_address_checked(p.t, peer_id(1));
    CHECK(p.requests.empty());
    CHECK(p.sent<msg::RegisterNack>(peer_id(1)).size() == 1);
}

TEST_CASE("what another seed brought into the list while the address was asked is not proposed again") {
    SeedParts p(3);
    p.requests.on_register_request(p.t, anonymous_id(1), registration(1, 1));
    p.requests.handle_carried(p.t, {{added(1), registration(1, 1).signature, {}, 0}});
    p.decide({added(1)});
    p.answer_address(added(1));
    CHECK(p.requests.empty());
    CHECK(p.sent<msg::RegisterAck>(anonymous_id(1)).size() == 1);
    CHECK(p.raised<fact::PeerAcknowledged>().size() == 1);
    p.requests.on_register_request(p.t, anonymous_id(2), registration(2, 1));
    p.decide({added(2, 7)});
    p.answer_address(added(2));
    CHECK(p.requests.empty());
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(2)).size() == 1);
}

TEST_CASE("an address that a key holds is nobody else's, whatever life he names") {
    SeedParts p(3);
    p.admit(1);
    msg::RegisterRequest taken = registration(2, 900);  // with the key of 7002
    taken.peer = peer_id(1);
    taken.signature = FakeCrypto(7002).sign(
        canonical_bytes(Change{ChangeKind::add, taken.peer, taken.incarnation, taken.protocol, taken.key}));
    p.requests.on_register_request(p.t, anonymous_id(1), taken);
    CHECK(p.sent<msg::RegisterNack>(anonymous_id(1)).front().text.find("another key holds this address") == 0);
    CHECK(p.raised<fact::AddressUnknown>().empty());
    request(p, 1, 900);  // its own next life
    CHECK(p.requests.size() == 1);
}

TEST_CASE("a life beyond tomorrow and an address of no host are refused") {
    SeedParts p(3);
    const auto refusal = [&](NodeId peer, std::uint64_t incarnation) {
        p.clear();
        msg::RegisterRequest m = registration(1, incarnation);
        m.peer = peer;
        m.signature =
            FakeCrypto(7001).sign(canonical_bytes(Change{ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key}));
        p.requests.on_register_request(p.t, anonymous_id(1), m);
        const auto nacks = p.sent<msg::RegisterNack>(anonymous_id(1));
        return nacks.empty() ? std::string() : nacks.front().text;
    };
    const auto now = static_cast<std::uint64_t>(p.t.wall);
    CHECK(refusal(peer_id(1), now).empty());
    CHECK(refusal(peer_id(1), now + 25 * 3600 * 1000).find("its clock is more than a day ahead") == 0);
    CHECK(refusal(peer_id(1), std::uint64_t{1} << 62).find("its clock is more than a day ahead") == 0);
    for (const char* place :
         {"255.255.255.255:7000", "224.0.0.1:7000", "0.0.0.0:7000", "0.1.2.3:7000", "127.255.255.255:7000"}) {
        CHECK_MESSAGE(refusal(*parse_node(place), now) == "no address of a host", place);
    }
    CHECK(refusal(*parse_node("8.8.8.8:53"), now) == "the seeds listen on loopback addresses only");
    CHECK(refusal(seed_id(2), now) == "the endpoint is a seed's");
}

TEST_CASE("what has no key leaves at nobody's word, and peers without keys are few") {
    SeedParts p(3);
    p.admit(1, 0);
    const Change leave{.kind = ChangeKind::leave, .peer = peer_id(1), .incarnation = life(1)};
    CHECK(judge_leave(p.t, {.change = leave}).reason == "it has no key that could sign it");
    Batch guests;
    for (std::size_t k = 2; k < 129; ++k) guests.push_back(Change{ChangeKind::add, peer_id(k), life(1), 0, {}});
    p.decide(guests);
    const Change one_more{ChangeKind::add, peer_id(500), life(1), 0, {}};
    CHECK(judge_request(p.t, {.change = one_more}, false).opinion == Opinion::no);
    p.decide({Change{ChangeKind::remove, peer_id(2), life(1)}});
    CHECK(judge_request(p.t, {.change = one_more}, false).opinion == Opinion::yes);
}

TEST_CASE("the votes' signatures and our own make the credential of an acknowledged peer") {
    SeedParts p(3);
    request(p, 1);
    p.decide({added(1)});
    const Bytes text = credential_bytes(p.config, added(1));
    p.requests.handle_list_changed(p.t, {{added(1), {2, {{2, FakeCrypto(6002).sign(text)}}}}});
    const msg::RegisterAck ack = p.sent<msg::RegisterAck>(peer_id(1)).front();
    std::vector<PublicKey> keys;
    for (const std::uint64_t seat : {6000, 6001, 6002}) keys.push_back(FakeCrypto(seat).public_key());
    CHECK(is_vouched(p.config, p.crypto, added(1), ack.credential, keys));
    CHECK_FALSE(is_vouched(p.config, p.crypto, added(2), ack.credential, keys));
    CHECK_FALSE(is_vouched(p.config, p.crypto, added(1, 2), ack.credential, keys));
    std::vector<SeatSignature> twice(2, ack.credential.front());
    CHECK_FALSE(is_vouched(p.config, p.crypto, added(1), twice, keys));
    keys[2] = {};
    CHECK_FALSE(is_vouched(p.config, p.crypto, added(1), ack.credential, keys));
}

TEST_CASE("a rejected ask is gone and its clients know; the others of the proposal stay") {
    SeedParts p(3);
    request(p, 1);
    request(p, 2);
    const auto asks = p.requests.open_next(p.t, 10);
    p.requests.handle_rejected(p.t, {asks.front(), 1, "bad signature"});
    CHECK(p.sent<msg::RegisterNack>(peer_id(1)).front().text == "bad signature");
    CHECK(p.said(NoticeKind::rejected) == 1);
    p.requests.handle_proposal_over({added(1), added(2)});
    CHECK(p.requests.size() == 1);
    CHECK(p.requests.find(added(2)) != nullptr);
}

TEST_CASE("another seat's ask is proposed for it, and forgotten when that proposal is over") {
    SeedParts p(3);
    p.admit(3);
    p.requests.handle_carried(p.t, {{.change = added(1)}, {.change = added(2)}, {.change = added(3)}});
    CHECK(p.requests.empty());  // nobody asked at their addresses yet
    for (const std::size_t k : {1U, 2U}) p.answer_address(added(k));
    CHECK(p.requests.size() == 2);  // one is in the list
    CHECK(p.requests.to_carry().empty());
    CHECK_FALSE(p.requests.verified({.change = added(1)}));
    request(p, 2);  // now it is our own
    CHECK(p.requests.to_carry().size() == 1);
    p.requests.handle_proposal_over({added(1), added(2)});
    CHECK(p.requests.find(added(1)) == nullptr);
    CHECK(p.requests.find(added(2)) != nullptr);
}

TEST_CASE("a signature is checked once: the same ask with another signature is not verified") {
    SeedParts p(3);
    request(p, 1);
    Ask ask{.change = added(1), .signature = registration(1, 1).signature};
    CHECK(p.requests.verified(ask));
    ask.signature.bytes[0] ^= 1;
    CHECK_FALSE(p.requests.verified(ask));
}

TEST_CASE("a leave is asked for by the peer itself, about the life that is listed") {
    SeedParts p(3);
    p.admit(1);
    const Change leave{.kind = ChangeKind::leave, .peer = peer_id(1), .incarnation = life(1)};
    const Signature good = FakeCrypto(7001).sign(canonical_bytes(leave));
    p.requests.on_leave(p.t, peer_id(2), {peer_id(1), life(1), good});
    p.requests.on_leave(p.t, peer_id(1), {peer_id(1), life(1), {}});
    CHECK(p.said(NoticeKind::refused_message) == 2);
    CHECK(p.requests.empty());
    p.requests.on_leave(p.t, peer_id(1), {peer_id(1), life(2), good});
    CHECK(p.sent<msg::LeaseAck>(peer_id(1)).back().status == LeaseStatus::removed);
    p.requests.on_leave(p.t, peer_id(1), {peer_id(1), life(1), good});
    REQUIRE(p.requests.size() == 1);
    CHECK(p.requests.open_next(p.t, 1).front().change == leave);
}

TEST_CASE("protocol 0 means the life that is listed or awaited, else a new one") {
    SeedParts p(3);
    p.requests.on_register_request(p.t, anonymous_id(1), {.peer = peer_id(1), .protocol = 0});
    p.requests.on_register_request(p.t, anonymous_id(2), {.peer = peer_id(1), .protocol = 0});
    REQUIRE(p.requests.size() == 1);
    const Change change = p.requests.open_next(p.t, 1).front().change;
    CHECK(change.incarnation == Incarnation{static_cast<std::uint64_t>(p.t.wall)});
    p.decide({change});
    p.requests.handle_list_changed(p.t, {});
    CHECK(p.sent<msg::RegisterAck>(anonymous_id(1)).size() == 1);
    CHECK(p.sent<msg::RegisterAck>(anonymous_id(2)).size() == 1);
}

// ---------------------------------------------------------------- judgement

TEST_CASE("a registration is judged by its endpoint, its life and its signature") {
    SeedParts p(3);
    p.admit(1);
    const auto opinion = [&](Change change, bool verified) {
        return judge_add(p.t, {.change = change}, verified).opinion;
    };
    CHECK(opinion(added(2), true) == Opinion::undecided);
    CHECK(opinion(added(2), false) == Opinion::no);
    const Ask unasked{added(2), registration(2, 1).signature, {}, 0};
    CHECK(judge_add(p.t, unasked, false).opinion == Opinion::undecided);
    p.answer_address(added(2));
    CHECK(judge_add(p.t, unasked, false).opinion == Opinion::yes);
    CHECK(opinion(added(2), true) == Opinion::yes);
    p.t.now += 11s;  // it may have gone
    CHECK(opinion(added(2), true) == Opinion::undecided);
    CHECK(opinion(added(1), true) == Opinion::yes);  // it is listed
    p.decide({added(1, 5)});
    CHECK(opinion(added(1, 4), true) == Opinion::no);
    Change bad = added(2);
    bad.peer = seed_id(2);
    CHECK(opinion(bad, true) == Opinion::no);
    bad.peer = anonymous_id(2);
    CHECK(opinion(bad, true) == Opinion::no);
    bad = added(2);
    bad.protocol = 2;
    CHECK(opinion(bad, true) == Opinion::no);
    bad = added(2);
    bad.incarnation = Incarnation::none;
    CHECK(opinion(bad, true) == Opinion::no);
}

TEST_CASE("a seat is replaced only from the life that is known, and never while it is this one") {
    SeedParts p(3);
    p.seats.meet(p.t, 1, 11);
    const auto opinion = [&](Seat seat, SeatLife before, SeatLife after) {
        return judge_replace(p.t, {.kind = ChangeKind::replace, .seat = seat, .old_life = before, .new_life = after})
            .opinion;
    };
    CHECK(opinion(1, 11, 12) == Opinion::yes);
    CHECK(opinion(1, 10, 12) == Opinion::no);
    CHECK(opinion(1, 10, 11) == Opinion::yes);  // done already
    CHECK(opinion(2, 10, 12) == Opinion::yes);  // never met
    CHECK(opinion(0, SeedParts::own_life, 12) == Opinion::no);
    CHECK(opinion(3, 1, 2) == Opinion::no);
    CHECK(opinion(1, 11, 0) == Opinion::no);
}

TEST_CASE("each ask of a proposal gets the opinion of its kind, in the order of the asks") {
    SeedParts p(3);
    p.admit(1, 0);
    request(p, 2);
    const Ask verified{added(2), registration(2, 1).signature, {}, 0};
    const Ask unsigned_leave{.change = {.kind = ChangeKind::leave, .peer = peer_id(1), .incarnation = life(1)}};
    const Ask replace{.change = {.kind = ChangeKind::replace, .seat = 1, .old_life = 1, .new_life = 2}};
    const Ask remove{.change = {.kind = ChangeKind::remove, .peer = peer_id(1), .incarnation = life(1)}};
    const auto opinions = opinions_on(p.t, {verified, unsigned_leave, replace, remove});
    REQUIRE(opinions.size() == 4);
    CHECK(opinions[0].opinion == Opinion::yes);
    CHECK(opinions[1].opinion == Opinion::no);
    CHECK(opinions[2].opinion == Opinion::yes);
    CHECK(opinions[3].opinion == Opinion::undecided);
}
