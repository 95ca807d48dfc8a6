// Each part of a peer by itself: the others are not there, and what it would tell them is looked at.

#include "tests/unit/peer/part_turn.hpp"

#include "protocol/peer/accuser.hpp"
#include "protocol/peer/heartbeat.hpp"
#include "protocol/peer/peer_dissemination.hpp"
#include "protocol/peer/peer_membership.hpp"
#include "protocol/peer/peer_overlay.hpp"
#include "protocol/peer/witness.hpp"
#include "protocol/trust/credential.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

constexpr Incarnation life{5};

LinksRecord record_of(NodeId peer, std::uint64_t version = 1) {
    LinksRecord record;
    record.peer = peer;
    record.incarnation = life;
    record.version = version;
    return record;
}

// A turn whose view and phase are those of a membership that registers.
PeerTurn with(const PeerMembership& membership, PartTurn& part, Time now = Time{}) {
    PeerTurn t = part.begin(now);
    return {{now, t.self, t.config, t.crypto, t.rng, t.out},
            t.context,
            membership.phase(),
            membership.view(),
            t.links,
            t.timers,
            part};
}

msg::Membership decision(Epoch epoch, std::vector<Change> batch) {
    msg::Membership m;
    m.decision.epoch = epoch;
    m.decision.batch = std::move(batch);
    return m;
}

}  // namespace

// ---------------------------------------------------------------- membership

TEST_CASE("membership: a peer asks a quorum of seeds, and is admitted once a quorum of them has signed for it") {
    PartTurn part(5);
    PeerMembership membership(peer_id(0), Incarnation::none);
    PeerTurn t = with(membership, part);
    membership.handle_started(t, 1'000);
    const std::vector<NodeId> asked = part.sent<msg::RegisterRequest>();
    CHECK(asked.size() == 3);
    CHECK_FALSE(membership.registered());

    msg::RegisterAck ack;
    ack.peer = peer_id(0);
    ack.incarnation = membership.view().incarnation();
    ack.epoch = 7;
    PeerTurn next = with(membership, part);
    membership.on_register_ack(next, {asked.front(), asked.front(), Trust::proven}, ack);
    CHECK(part.raised<fact::Admitted>().empty());  // it did not prove that it is a seed
    CHECK(part.noticed(NoticeKind::refused_message));
    const Bytes text = credential_bytes(part.config, {.kind = ChangeKind::add,
                                                      .peer = peer_id(0),
                                                      .incarnation = ack.incarnation,
                                                      .protocol = 1,
                                                      .key = part.crypto.public_key()});
    for (std::uint64_t seat = 0; seat < 5; ++seat) ack.seed_keys.push_back(FakeCrypto(6000 + seat).public_key());
    ack.credential = {{0, FakeCrypto(6000).sign(text)}, {1, FakeCrypto(6001).sign(text)}};
    ack.credential.push_back({2, FakeCrypto(6001).sign(text)});  // not its own
    ack.credential.push_back({1, FakeCrypto(6001).sign(text)});
    membership.on_register_ack(next, {asked[0], asked[0], Trust::seed}, ack);
    CHECK(part.raised<fact::Admitted>().empty());
    CHECK(membership.credential(part.config).signatures.empty());
    ack.credential = {{4, FakeCrypto(6004).sign(text)}};
    membership.on_register_ack(next, {asked[1], asked[1], Trust::seed}, ack);
    CHECK(part.raised<fact::Admitted>().size() == 1);
    CHECK(part.out.credential_changed);
    CHECK(membership.vouches(part.context, peer_id(0), part.crypto.public_key(), membership.credential(part.config)));
    PeerMembership newcomer(peer_id(7), Incarnation::none);  // no seed told it any key yet
    const Credential shown = membership.credential(part.config);
    CHECK_FALSE(newcomer.vouches(part.context, peer_id(0), part.crypto.public_key(), shown));
    part.config.seed_keys = ack.seed_keys;
    CHECK(newcomer.vouches(part.context, peer_id(0), part.crypto.public_key(), shown));
    CHECK_FALSE(
        membership.vouches(part.context, peer_id(1), part.crypto.public_key(), membership.credential(part.config)));
    CHECK_FALSE(
        membership.vouches(part.context, peer_id(0), FakeCrypto(2).public_key(), membership.credential(part.config)));
    CHECK(membership.registered());
    CHECK(membership.view().epoch() == 7);
    CHECK((membership.phase() == PeerPhase::active));
}

TEST_CASE("membership: a decision's changes become facts in their order, and only when their epoch is due") {
    PartTurn part;
    PeerMembership membership(peer_id(0), life);
    const Change dies{.kind = ChangeKind::remove, .peer = peer_id(1), .incarnation = life};
    const Change leaves{.kind = ChangeKind::leave, .peer = peer_id(2), .incarnation = life};
    PeerTurn t = with(membership, part);
    membership.on_membership(t, PartTurn::seed(0), decision(2, {dies}));
    CHECK(part.facts.empty());
    membership.on_membership(t, PartTurn::seed(0), decision(1, {leaves}));
    CHECK(membership.view().epoch() == 2);
    const auto ended = part.raised<fact::LifeEnded>();
    REQUIRE(ended.size() == 2);
    CHECK(ended[0].peer == peer_id(2));
    CHECK(ended[1].peer == peer_id(1));
    const auto disbelieved = part.raised<fact::Disbelieved>();
    REQUIRE(disbelieved.size() == 1);  // who left at its own word stays worth hearing
    CHECK(disbelieved[0].peer == peer_id(1));
}

// ---------------------------------------------------------------- overlay

TEST_CASE("overlay: a request with somebody else's record is rejected, its own makes a link") {
    PartTurn part;
    PeerOverlay overlay;
    const auto turn = [&] {
        PeerTurn t = part.begin();
        return PeerTurn{{t.now, t.self, t.config, t.crypto, t.rng, t.out},
                        t.context,
                        t.phase,
                        t.view,
                        overlay.links(),
                        t.timers,
                        part};
    };
    PeerTurn t = turn();
    overlay.on_link_request(t, PartTurn::peer(peer_id(1)), {LinkKind::preferential, life, 1, record_of(peer_id(2))});
    CHECK(part.sent<msg::LinkReject>().size() == 1);
    CHECK(part.raised<fact::LinkUp>().empty());

    PeerTurn next = turn();
    overlay.on_link_request(next, PartTurn::peer(peer_id(1)), {LinkKind::preferential, life, 1, record_of(peer_id(1))});
    CHECK(part.sent<msg::LinkAccept>() == std::vector<NodeId>{peer_id(1)});
    CHECK(part.raised<fact::LinkUp>().size() == 1);
    CHECK(part.raised<fact::PingDue>().size() == 1);
    CHECK(overlay.links().degree() == 1);

    // A later life of it ends the link; the same life does not.
    PeerTurn same = turn();
    overlay.end_former_lives(same, peer_id(1), life);
    CHECK(part.raised<fact::LinkDown>().empty());
    overlay.end_former_lives(same, peer_id(1), Incarnation{6});
    CHECK(part.raised<fact::LinkDown>().size() == 1);
    CHECK(overlay.links().degree() == 0);
}

// ---------------------------------------------------------------- dissemination

TEST_CASE("dissemination: a first copy goes to all links but the one it came by, a second to none") {
    PartTurn part;
    for (unsigned i = 1; i <= 3; ++i) part.links.add(peer_id(i), LinkKind::ring, life, 1);
    PeerDissemination sender;
    PeerDissemination receiver;
    PeerTurn t = part.begin();
    sender.handle_publish(t, "hello");
    REQUIRE(part.sent<msg::Gossip>().size() == 3);
    const SharedMessage said = part.out.sends.front().message;

    PeerTurn first = part.begin();
    receiver.on_gossip(first, PartTurn::peer(peer_id(2)), *said.get_if<msg::Gossip>());
    CHECK(part.out.deliveries.size() == 1);
    CHECK(part.sent<msg::Gossip>() == std::vector<NodeId>{peer_id(1), peer_id(3)});
    PeerTurn second = part.begin();
    receiver.on_gossip(second, PartTurn::peer(peer_id(3)), *said.get_if<msg::Gossip>());
    CHECK(part.out.deliveries.empty());
    CHECK(part.sent<msg::Gossip>().empty());
    CHECK(receiver.delivered() == 1);
    CHECK(receiver.duplicates() == 1);
}

// ---------------------------------------------------------------- detection

TEST_CASE("heartbeat: who misses too many cycles is reported silent, who is heard is not") {
    PartTurn part;
    Heartbeat heartbeat;
    part.links.add(peer_id(1), LinkKind::ring, life, 1);
    part.links.add(peer_id(2), LinkKind::ring, life, 1);
    Time now{};
    PeerTurn begun = part.begin(now);
    heartbeat.begin(begun);
    now = part.out.timers.front().due;
    std::vector<NodeId> silent;
    for (std::uint32_t round = 0; round <= part.config.liveness.misses; ++round) {
        PeerTurn t = part.begin(now);
        heartbeat.handle_round(t);
        CHECK(part.raised<fact::PingDue>().size() == 2);
        for (const fact::Silent& f : part.raised<fact::Silent>()) silent.push_back(f.peer);
        hear(*part.links.find(peer_id(2)));
        now += part.config.liveness.interval;
    }
    CHECK(silent == std::vector<NodeId>{peer_id(1)});
}

TEST_CASE("accuser: a majority of witnesses that were refused is enough to report, a minority is not") {
    PartTurn part;
    Accuser accuser;
    const NodeId suspect = peer_id(9);
    part.links.add(suspect, LinkKind::ring, life, 1);
    part.links.add(peer_id(8), LinkKind::ring, life, 1);
    part.links.add(peer_id(7), LinkKind::ring, life, 1);
    auto record = std::make_shared<LinksRecord>(record_of(suspect));
    record->links = {peer_id(1), peer_id(2), peer_id(3)};
    part.links.mutable_details(*part.links.find(suspect)).record = record;
    PeerTurn t = part.begin();
    accuser.suspect(t, suspect, true, "connection refused");
    CHECK(part.sent<msg::SuspectQuery>().size() == 3);
    const auto refused_by = [&](unsigned witness) {
        Statement s{.suspect = suspect, .incarnation = life, .links_version = 1, .verdict = Verdict::refused};
        s.witness = peer_id(witness);
        PeerTurn turn = part.begin();
        accuser.on_suspect_response(turn, PartTurn::peer(peer_id(witness)), {peer_id(witness), true, s});
    };
    refused_by(1);
    CHECK(part.sent<msg::DeadNodeReport>().empty());
    refused_by(1);  // the same witness counts once
    CHECK(part.sent<msg::DeadNodeReport>().empty());
    refused_by(2);
    CHECK(part.sent<msg::DeadNodeReport>().size() == 2);  // a quorum of three seeds
    REQUIRE(part.raised<fact::Unreachable>().size() == 1);
    CHECK(part.raised<fact::Unreachable>().front().peer == suspect);
}

TEST_CASE("accuser: who lost most of its links at once asks a seed first, and accuses once that answered") {
    PartTurn part;
    Accuser accuser;
    for (unsigned i = 1; i <= 3; ++i) part.links.add(peer_id(i), LinkKind::ring, life, 1);
    PeerTurn t = part.begin(Time{} + 60s);
    accuser.suspect(t, peer_id(1), true, "connection refused");
    CHECK(part.noticed(NoticeKind::suspected));
    accuser.suspect(t, peer_id(2), true, "connection refused");
    CHECK(accuser.isolated());
    CHECK(part.sent<msg::Lease>().size() == 1);
    CHECK(accuser.suspects() == 1);
    PeerTurn later = part.begin(Time{} + 61s);
    accuser.seed_answered(later);
    CHECK_FALSE(accuser.isolated());
    CHECK(accuser.suspects() == 2);
}

TEST_CASE("witness: it probes before it testifies, is silent while isolated, and refutes an accusation of itself") {
    PartTurn part;
    Witness witness;
    const msg::SuspectQuery query{peer_id(1), peer_id(9), life, record_of(peer_id(9))};
    PeerTurn isolated = part.begin();
    witness.on_suspect_query(isolated, PartTurn::peer(peer_id(1)), query, true);
    CHECK(part.facts.empty());
    CHECK(part.out.sends.empty());

    PeerTurn asked = part.begin();
    witness.on_suspect_query(asked, PartTurn::peer(peer_id(1)), query, false);
    CHECK(part.raised<fact::PingDue>().size() == 1);
    CHECK(part.sent<msg::SuspectResponse>().empty());
    PeerTurn heard = part.begin();
    witness.heard(heard, PartTurn::peer(peer_id(9)));
    REQUIRE(part.sent<msg::SuspectResponse>().size() == 1);
    const auto* answer = part.out.sends.front().message.get_if<msg::SuspectResponse>();
    CHECK((answer->statement.verdict == Verdict::reachable));

    PeerTurn accused = part.begin();
    witness.on_suspect(accused, PartTurn::peer(peer_id(1)), {peer_id(0), life, peer_id(1)});
    CHECK(part.sent<msg::Alive>() == std::vector<NodeId>{peer_id(1)});
}
