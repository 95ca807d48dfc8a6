// Which seats may vote: new journals, lost disks, damaged ones. And what peers read from a seed.

#include "seed_net.hpp"

#include "protocol/ring.hpp"
#include "protocol/seed/list/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

void register_at(SeedNet& net, std::size_t k, std::size_t seat) {
    net.send(peer_id(k), seat, registration(k, 100));
    REQUIRE(net.until([&] { return !net.mail<msg::RegisterAck>(peer_id(k)).empty(); }));
}

struct Three {
    SeedNet net{3};
    explicit Three(std::size_t peers = 3) {
        net.start_all();
        net.run(100ms);
        for (std::size_t k = 0; k < peers; ++k) register_at(net, k, k % 3);
        REQUIRE(net.until([&] { return net.agree(peers); }));
        net.run(100ms);
    }
    [[nodiscard]] bool voted(std::size_t seat, SeatLife life) const {
        return std::any_of(net.letters.begin(), net.letters.end(), [&](const Letter& l) {
            const auto* vote = std::get_if<msg::Vote>(&l.message);
            return vote != nullptr && l.from == seed_id(seat) && vote->life == life;
        });
    }
};

msg::Leave leave(std::size_t k) {
    Change c{ChangeKind::leave, peer_id(k), life(100)};
    return {c.peer, c.incarnation, FakeCrypto(7000 + k).sign(canonical_bytes(c))};
}

}  // namespace

TEST_CASE("a seed that lost its disk learns, is replaced by a decision of the others, and votes again") {
    Three w;
    w.net.crash(2);
    w.net.lose_disk(2);
    w.net.start(2);
    const SeatLife fresh = w.net.seed(2).status().life;
    CHECK_FALSE(w.net.seed(2).status().voting);
    REQUIRE(w.net.run(20s, [&] { return w.net.seed(2).status().voting; }));
    CHECK(w.net.seed(2).status().life == fresh);
    CHECK(w.net.seed(2).members().size() == 3);
    CHECK(w.net.count(NoticeKind::seed_waiting, 2) >= 1);
    CHECK(w.net.seed(0).status().epoch == 4);
    CHECK_FALSE(w.voted(2, fresh));  // no vote before the epoch that holds its REPLACE
    w.net.crash(1);                  // now its vote is needed
    register_at(w.net, 7, 0);
    CHECK(w.voted(2, fresh));
    CHECK_FALSE(w.net.fatal);
}

TEST_CASE("a lost disk does not vote while the others are not there to replace it") {
    Three w;
    for (std::size_t i = 0; i < 3; ++i) w.net.crash(i);
    w.net.lose_disk(2);
    w.net.start(2);
    w.net.start(0);  // remembers the old life: two of three, but one of them has forgotten
    w.net.send(peer_id(8), 0, registration(8, 100));
    w.net.run(30s);
    CHECK_FALSE(w.net.seed(2).status().voting);
    CHECK(w.net.mail<msg::RegisterAck>(peer_id(8)).empty());
    w.net.start(1);
    const auto admitted = [&] { return !w.net.mail<msg::RegisterAck>(peer_id(8)).empty(); };
    REQUIRE(w.net.run(30s, [&] { return w.net.seed(2).status().voting && admitted(); }));
    for (std::size_t k = 0; k < 3; ++k) CHECK(w.net.member(2, k));
}

TEST_CASE("a seat that nobody ever met votes after enough others said so") {
    SeedNet net(3);
    net.start(0, true);
    net.start(1, true);
    net.run(100ms);
    register_at(net, 0, 0);
    net.start(2, false);
    REQUIRE(net.run(5s, [&] { return net.seed(2).status().voting; }));
    CHECK(net.seed(0).status().epoch == 1);  // no REPLACE was needed
    net.crash(0);
    register_at(net, 1, 1);
}

TEST_CASE("a new seat that crashed while it was asking still asks after its restart") {
    SeedNet net(3);
    net.start(0, true);
    net.start(2, false);
    net.run(3s);  // one of the two it needs
    CHECK_FALSE(net.seed(2).status().voting);
    net.restart(2);
    net.run(3s);
    CHECK_FALSE(net.seed(2).status().voting);
    net.start(1, true);
    CHECK(net.run(5s, [&] { return net.seed(2).status().voting; }));
}

TEST_CASE("a damaged journal is named, not voted from, and its seat is replaced") {
    Three w;
    w.net.crash(1);
    w.net.disk(1)[w.net.disk(1).size() / 2].body = "rot";
    w.net.start(1);
    CHECK_FALSE(w.net.seed(1).status().voting);
    bool named = false;
    for (const auto& [seat, n] : w.net.notices) {
        named = named || (n.kind == NoticeKind::seed_waiting && n.text.find("is damaged") != std::string::npos);
    }
    CHECK(named);
    REQUIRE(w.net.run(20s, [&] { return w.net.seed(1).status().voting; }));
    CHECK(w.net.seed(1).members().size() == 3);
    w.net.restart(1);  // the journal was begun anew and is sound
    w.net.run(1s);
    CHECK(w.net.seed(1).status().voting);
    CHECK(w.net.seed(1).members().size() == 3);
}

TEST_CASE("a lone seed with a damaged journal serves what is left and decides nothing") {
    SeedNet net(1);
    net.start_all();
    register_at(net, 0, 0);
    net.run(100ms);
    net.crash(0);
    net.disk(0).push_back({RecordType::decided, "rot"});
    net.start(0);
    net.send(peer_id(1), 0, registration(1, 100));
    net.run(10s);
    CHECK_FALSE(net.seed(0).status().voting);
    CHECK(net.member(0, 0));
    CHECK(net.mail<msg::RegisterAck>(peer_id(1)).empty());
}

TEST_CASE("a journal of another list of seeds, or of another seat, is neither voted from nor overwritten") {
    for (const bool other_list : {false, true}) {
        Three w;
        w.net.crash(1);
        const auto header = decode_header(w.net.disk(1)[0].body);
        REQUIRE(header);
        const SeatInfo seat{2, header->own.life};
        w.net.disk(1)[0].body = encode(HeaderRecord{header->fingerprint + other_list, other_list ? header->own : seat});
        const std::size_t records = w.net.disk(1).size();
        w.net.start(1);
        CHECK(w.net.fatal);
        w.net.run(5s);
        CHECK_FALSE(w.net.seed(1).status().voting);
        CHECK(w.net.disk(1).size() == records);
        CHECK(w.net.count(NoticeKind::seed_waiting, 1) == 1);
    }
}

TEST_CASE("a peer that leaves is removed at its own word, a forged one is not") {
    Three w;
    msg::Leave forged = leave(1);
    forged.signature.bytes[0] ^= 1;
    w.net.send(peer_id(1), 0, forged);
    w.net.send(peer_id(2), 0, leave(1));
    w.net.run(2s);
    CHECK(w.net.member(0, 1));
    CHECK(w.net.count(NoticeKind::refused_message, 0) == 2);
    w.net.send(peer_id(1), 0, leave(1));
    REQUIRE(w.net.run(1s, [&] { return !w.net.member(0, 1) && !w.net.member(1, 1) && !w.net.member(2, 1); }));
    CHECK(w.net.count(NoticeKind::member_removed) == 3);
    const auto& removed = std::find_if(w.net.notices.begin(), w.net.notices.end(), [](const auto& n) {
                              return n.second.kind == NoticeKind::member_removed;
                          })->second;
    CHECK(removed.removal == RemovalReason::left);
    CHECK_FALSE(w.net.mail<msg::Membership>(peer_id(1)).empty());
    w.net.send(peer_id(1), 2, leave(1));
    w.net.run(100ms);
    CHECK(w.net.mail<msg::LeaseAck>(peer_id(1)).back().status == LeaseStatus::removed);
}

TEST_CASE("a lease is answered by what the list says of that life") {
    Three w;
    const auto status = [&](std::size_t k, std::uint64_t incarnation) {
        w.net.send(peer_id(k), 0, msg::Lease{peer_id(k), life(incarnation), 3, 1});
        w.net.run(10ms);
        return w.net.mail<msg::LeaseAck>(peer_id(k)).back().status;
    };
    CHECK(status(0, 100) == LeaseStatus::member);
    CHECK(status(0, 101) == LeaseStatus::unknown);
    CHECK(status(0, 99) == LeaseStatus::removed);
    CHECK(status(9, 100) == LeaseStatus::unknown);
}

TEST_CASE("degrees told by leases reach every seed and the candidates they hand out") {
    Three w;
    w.net.send(peer_id(1), 0, msg::Lease{peer_id(1), life(100), 42, 1});
    w.net.run(5s);
    w.net.send(peer_id(0), 2, msg::GetCandidates{peer_id(0)});
    w.net.run(10ms);
    const auto candidates = w.net.mail<msg::Candidates>(peer_id(0)).back();
    CHECK(candidates.candidates.size() == 2);
    for (const Candidate& c : candidates.candidates) {
        CHECK(c.id != peer_id(0));
        CHECK(c.degree == (c.id == peer_id(1) ? 42 : expected_degree(w.net.config.overlay, 3, 3)));
    }
    const std::vector<NodeId> all{peer_id(0), peer_id(1), peer_id(2)};
    CHECK(candidates.successors == ring_successors(peer_id(0), all, w.net.config.overlay.successors));
}

TEST_CASE("decisions are pushed to lease holders and handed out as signed deltas") {
    Three w(2);
    w.net.send(peer_id(0), 0, msg::Lease{peer_id(0), life(100), 1, 1});
    w.net.run(100ms);
    const std::size_t pushed = w.net.mail<msg::Membership>(peer_id(0)).size();
    register_at(w.net, 5, 1);
    w.net.run(1s);
    CHECK(w.net.mail<msg::Membership>(peer_id(0)).size() == pushed + 1);
    const auto membership = w.net.mail<msg::Membership>(peer_id(0)).back();
    CHECK(membership.decision.epoch == 3);
    CHECK(w.net.crypto(0).verify(w.net.crypto(membership.signer).public_key(), canonical_bytes(membership.decision),
                                 membership.signature));
    for (const Epoch since : {Epoch{0}, Epoch{2}, Epoch{3}, Epoch{99}, ~Epoch{0}}) {
        w.net.send(peer_id(0), 1, msg::GetDelta{since});
        w.net.run(10ms);
        const auto deltas = w.net.mail<msg::Deltas>(peer_id(0)).back();
        CHECK(deltas.decisions.size() == (since < 3 ? 3 - since : 0));
        CHECK_FALSE(deltas.gap);
        CHECK(deltas.epoch == 3);
    }
}

TEST_CASE("a delta from before the history says that there is a gap") {
    SeedNet net(1);
    net.config.seed.history = 2;
    net.start_all();
    for (std::size_t k = 0; k < 5; ++k) register_at(net, k, 0);
    net.send(peer_id(0), 0, msg::GetDelta{1});
    net.run(10ms);
    CHECK(net.mail<msg::Deltas>(peer_id(0)).back().gap);
    CHECK(net.mail<msg::Deltas>(peer_id(0)).back().decisions.empty());
}

TEST_CASE("the list comes in pages, complete and in order") {
    SeedNet net(1);
    net.start_all();
    for (std::size_t k = 0; k < 1203; ++k) net.send(peer_id(k), 0, registration(k, 100));
    REQUIRE(net.until([&] { return net.seed(0).members().size() == 1203; }));
    std::vector<Member> all;
    for (std::uint32_t page = 0; page < 4; ++page) {
        net.send(peer_id(0), 0, msg::GetPeerList{page});
        net.run(10ms);
        const auto list = net.mail<msg::PeerList>(peer_id(0)).back();
        CHECK(list.pages == 3);
        CHECK(list.page == page);
        CHECK(list.peers.size() == (page < 2 ? 500U : page == 2 ? 203U : 0U));
        CHECK_FALSE(list.stale);
        all.insert(all.end(), list.peers.begin(), list.peers.end());
    }
    CHECK(all == net.seed(0).members());
}

TEST_CASE("a list longer than one line reaches a seed without it in several parts") {
    SeedNet net(3);
    net.config.seed.history = 2;
    net.start_all();
    net.run(100ms);
    net.crash(2);
    for (std::size_t k = 0; k < 4500; ++k) net.send(peer_id(k), 0, registration(k, 100));
    REQUIRE(net.until([&] { return net.seed(0).members().size() == 4500; }));
    net.start(2);
    REQUIRE(net.run(5s, [&] { return net.agree(2); }));
    CHECK(net.mail<msg::SnapshotPart>(seed_id(2)).size() >= 3);
    CHECK(net.seed(2).members() == net.seed(0).members());
}

TEST_CASE("a seed answers PING") {
    Three w(1);
    msg::Ping ping;
    ping.sender = peer_id(0);
    ping.sequence = 17;
    ping.sent = 99;
    w.net.send(anonymous_id(4), 0, ping, Trust::anonymous);
    w.net.run(10ms);
    const auto pong = w.net.mail<msg::Pong>(anonymous_id(4)).back();
    CHECK(pong.sender == seed_id(0));
    CHECK(pong.sequence == 17);
    CHECK(pong.ping_sent == 99);
    CHECK(pong.received >= 1'700'000'000'000);
}

TEST_CASE("a copy of a seed goes on like the original, and equal states have equal fingerprints") {
    Three w(2);
    SeedMachine copy = w.net.seed(0);
    const auto print = [](const SeedMachine& m) {
        ByteWriter out;
        m.fingerprint(out);
        return out.take();
    };
    CHECK(print(copy) == print(w.net.seed(0)));
    Effects a;
    Effects b;
    const Event event = Received{peer_id(5), Trust::proven, registration(5, 100)};
    copy.step(w.net.now(), event, a);
    CHECK(print(copy) != print(w.net.seed(0)));
    SeedMachine again = w.net.seed(0);
    again.step(w.net.now(), event, b);
    CHECK(print(copy) == print(again));
    CHECK(a.sends.size() == b.sends.size());
}
