#include "seed_net.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <variant>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

void register_and_wait(SeedNet& net, std::size_t k, std::size_t seat, std::uint64_t incarnation = 100) {
    const std::size_t before = net.mail<msg::RegisterAck>(peer_id(k)).size();
    net.send(peer_id(k), seat, registration(k, incarnation));
    REQUIRE(net.until([&] { return net.mail<msg::RegisterAck>(peer_id(k)).size() > before; }));
}

template <class T>
std::size_t between_seeds(const SeedNet& net, std::size_t from_letter) {
    std::size_t count = 0;
    for (std::size_t i = from_letter; i < net.letters.size(); ++i) {
        if (std::holds_alternative<T>(net.letters[i].message)) ++count;
    }
    return count;
}

msg::Vote vote_against(const msg::Propose& p, SeatLife life) {
    return {p.epoch, p.ballot, life, {}, {{Opinion::no, "test"}}, {}, {}};
}

}  // namespace

TEST_CASE("a registration is decided by a quorum and reaches every seed") {
    for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{9}}) {
        SeedNet net(n);
        net.start_all();
        net.run(100ms);
        register_and_wait(net, 0, 0);
        const auto ack = net.mail<msg::RegisterAck>(peer_id(0)).back();
        CHECK(ack.epoch == 1);
        CHECK(ack.incarnation == life(100));
        CHECK(ack.members == 1);
        CHECK(ack.seed_keys.size() == n);
        CHECK(ack.seed_keys.back() == net.crypto(n - 1).public_key());
        REQUIRE(net.until([&] { return net.agree(1); }));
        for (std::size_t i = 0; i < n; ++i) CHECK(net.member(i, 0));
        CHECK(net.count(NoticeKind::approved) == 1);
        CHECK(net.count(NoticeKind::proposal_opened) == 1);
        CHECK_FALSE(net.fatal);
    }
}

TEST_CASE("an idle registration costs two round trips, one sync, and a question at the address for each voter") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    const std::size_t letters = net.letters.size();
    const Time asked = net.now() + net.latency;  // when the request is there
    register_and_wait(net, 0, 0);
    const Duration question = 2 * net.latency;  // the voter asks when it is asked for its vote
    CHECK(net.now() - asked == 4 * net.latency + net.sync_time + 2 * question);
    CHECK(between_seeds<msg::Propose>(net, letters) == 2);
    CHECK(between_seeds<msg::Vote>(net, letters) == 2);
    CHECK(between_seeds<msg::Commit>(net, letters) == 2);
    CHECK(between_seeds<msg::Ack>(net, letters) == 2);
    CHECK(between_seeds<msg::Nack>(net, letters) == 0);
}

TEST_CASE("asking again is answered, not refused") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    register_and_wait(net, 0, 0);
    register_and_wait(net, 0, 0);
    CHECK(net.mail<msg::RegisterAck>(peer_id(0)).back().text == "Already registered");
    net.until([&] { return net.agree(1); });
    register_and_wait(net, 0, 2);
    CHECK(net.mail<msg::RegisterNack>(peer_id(0)).empty());
    CHECK(net.seed(0).status().epoch == 1);
}

TEST_CASE("a new life takes the place of the old one and an older one is told the least it needs") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    register_and_wait(net, 0, 0, 100);
    register_and_wait(net, 0, 1, 200);
    CHECK(net.seed(1).members().front().incarnation == life(200));
    net.send(peer_id(0), 1, registration(0, 150));
    REQUIRE(net.until([&] { return !net.mail<msg::RegisterNack>(peer_id(0)).empty(); }));
    CHECK(net.mail<msg::RegisterNack>(peer_id(0)).back().minimum == life(201));
}

TEST_CASE("a registration that is wrong in itself is refused for good") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    auto forged = registration(0, 100);
    forged.incarnation = life(101);
    net.send(peer_id(0), 0, forged);
    net.run(50ms);
    REQUIRE(net.mail<msg::RegisterNack>(peer_id(0)).size() == 1);
    CHECK(net.mail<msg::RegisterNack>(peer_id(0)).back().text == "bad signature");
    CHECK(net.mail<msg::RegisterNack>(peer_id(0)).back().minimum == Incarnation::none);
    net.send(peer_id(1), 0, registration(0, 100));
    net.run(50ms);
    CHECK(net.count(NoticeKind::refused_message) == 2);
    msg::RegisterRequest as_seed = registration(0, 100);
    as_seed.peer = seed_id(1);
    net.send(anonymous_id(1), 0, as_seed, Trust::anonymous);
    net.run(50ms);
    CHECK(net.mail<msg::RegisterNack>(anonymous_id(1)).size() == 1);
    CHECK(net.seed(0).status().pending == 0);
}

TEST_CASE("a peer of protocol 0 registers without key and life, by two seeds at once, and is one member") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    msg::RegisterRequest plain;
    plain.peer = peer_id(0);
    plain.protocol = 0;
    net.send(anonymous_id(1), 0, plain, Trust::anonymous);
    net.run(3ms);
    net.send(anonymous_id(2), 1, plain, Trust::anonymous);
    net.send(anonymous_id(3), 1, plain, Trust::anonymous);
    const auto answered = [&](std::uint64_t k) { return !net.mail<msg::RegisterAck>(anonymous_id(k)).empty(); };
    REQUIRE(net.run(5s, [&] { return answered(1) && answered(2) && answered(3); }));
    CHECK(net.mail<msg::RegisterAck>(anonymous_id(1)).back().text.starts_with("Registration approved ("));
    net.run(2s);
    CHECK(net.seed(2).status().epoch == 1);
    CHECK(net.seed(2).members().front().incarnation >= life(1'700'000'000'000));
}

TEST_CASE("many registrations by all seeds at once are batched and all acknowledged") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    constexpr std::size_t count = 300;
    for (std::size_t k = 0; k < count; ++k) {
        net.send(peer_id(k), k % 3, registration(k, 100));
        net.send(peer_id(k), (k + 1) % 3, registration(k, 100));  // as peers do: a quorum of seeds
    }
    REQUIRE(net.run(5s, [&] { return net.seed(0).members().size() == count && net.agree(1); }));
    net.run(1s);
    for (std::size_t k = 0; k < count; ++k) CHECK(net.mail<msg::RegisterAck>(peer_id(k)).size() == 2);
    CHECK(net.seed(0).status().epoch < 40);
    CHECK(net.count(NoticeKind::rejected) == 0);
}

TEST_CASE("nothing is admitted without a quorum; what was asked is kept and admitted when it is back") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    register_and_wait(net, 0, 0);
    net.run(100ms);
    net.crash(1);
    net.crash(2);
    net.send(peer_id(1), 0, registration(1, 100));
    net.run(20s);
    CHECK(net.count(NoticeKind::no_quorum, 0) == 1);
    CHECK(net.count(NoticeKind::registration_pending, 0) == 1);
    CHECK(net.mail<msg::RegisterPending>(peer_id(1)).size() == 1);
    CHECK(net.mail<msg::RegisterAck>(peer_id(1)).empty());
    CHECK(net.mail<msg::RegisterNack>(peer_id(1)).empty());
    CHECK(net.count(NoticeKind::rejected) == 0);
    net.send(peer_id(0), 0, msg::GetPeerList{});
    net.run(10ms);
    CHECK(net.mail<msg::PeerList>(peer_id(0)).back().stale);
    CHECK(net.mail<msg::PeerList>(peer_id(0)).back().peers.size() == 1);
    net.start(1);
    REQUIRE(net.run(5s, [&] { return !net.mail<msg::RegisterAck>(peer_id(1)).empty(); }));
    CHECK(net.count(NoticeKind::quorum_back, 0) == 1);
    CHECK(net.run(1s, [&] { return net.member(1, 1); }));
}

TEST_CASE("a proposer that dies after COMMIT leaves a batch that another seed finishes unchanged") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    // The acks never come back to seed 0, and it dies.
    net.filter = [](const Letter& l) { return std::holds_alternative<msg::Ack>(l.message) && l.to == seed_id(0); };
    net.send(peer_id(0), 0, registration(0, 100));
    net.run(100ms);
    CHECK(net.mail<msg::RegisterAck>(peer_id(0)).empty());
    net.filter = nullptr;
    net.crash(0);
    register_and_wait(net, 1, 1);
    CHECK(net.member(1, 0));
    CHECK(net.count(NoticeKind::recovery, 1) == 1);
    CHECK(net.seed(1).status().epoch == 2);
    net.start(0);
    REQUIRE(net.until([&] { return net.agree(2); }));
    CHECK(net.member(0, 1));
    CHECK_FALSE(net.fatal);
}

TEST_CASE("a batch that was accepted and left behind is finished without anybody asking") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    net.filter = [](const Letter& l) { return std::holds_alternative<msg::Ack>(l.message) && l.to == seed_id(0); };
    net.send(peer_id(0), 0, registration(0, 100));
    net.run(100ms);
    net.filter = nullptr;
    net.crash(0);
    REQUIRE(net.run(5s, [&] { return net.member(1, 0) && net.member(2, 0); }));
    CHECK(net.count(NoticeKind::rejected) == 0);
}

TEST_CASE("after COMMIT without acks the outcome is unknown, then decided, never rejected") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    net.filter = [](const Letter& l) { return std::holds_alternative<msg::Ack>(l.message); };
    net.send(peer_id(0), 0, registration(0, 100));
    REQUIRE(net.run(2s, [&] { return net.count(NoticeKind::outcome_unknown, 0) > 0; }));
    net.filter = nullptr;
    REQUIRE(net.run(5s, [&] { return !net.mail<msg::RegisterAck>(peer_id(0)).empty(); }));
    CHECK(net.count(NoticeKind::rejected) == 0);
    CHECK(net.seed(0).status().epoch == 1);
}

TEST_CASE("all seeds killed and restarted hold the whole list") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    for (std::size_t k = 0; k < 5; ++k) register_and_wait(net, k, k % 3);
    for (std::size_t i = 0; i < 3; ++i) net.crash(i);  // at once: what was not synced is lost
    for (std::size_t i = 0; i < 3; ++i) net.start(i);
    REQUIRE(net.run(10s, [&] { return net.seed(0).members().size() == 5 && net.agree(5); }));
    CHECK(net.seed(1).status().voting);
    register_and_wait(net, 5, 0);
    CHECK_FALSE(net.fatal);
}

TEST_CASE("a seed restarted right after it said so still knows what it acknowledged") {
    for (int step = 0; step < 30; ++step) {
        SeedNet net(1);
        net.start_all();
        net.run(100ms);
        net.send(peer_id(0), 0, registration(0, 100));
        net.run(std::chrono::microseconds(500) * step);
        const bool said = !net.mail<msg::RegisterAck>(peer_id(0)).empty();
        net.restart(0);
        net.run(3s);
        if (said) CHECK(net.member(0, 0));
    }
}

TEST_CASE("a seed that missed epochs catches up, by decisions or by a snapshot") {
    for (const std::uint32_t history : {4096U, 4U}) {
        SeedNet net(3);
        net.config.seed.history = history;
        net.start_all();
        net.run(100ms);
        net.crash(2);
        for (std::size_t k = 0; k < 9; ++k) register_and_wait(net, k, k % 2);
        net.start(2);
        REQUIRE(net.run(5s, [&] { return net.agree(9); }));
        CHECK(net.seed(2).members().size() == 9);
        CHECK(net.count(NoticeKind::caught_up, 2) >= 1);
        const bool whole = !net.mail<msg::SnapshotPart>(seed_id(2)).empty();
        CHECK(whole == (history == 4));
        net.restart(2);
        net.run(2s);
        CHECK(net.seed(2).status().epoch == 9);
        register_and_wait(net, 9, 2);
        CHECK_FALSE(net.fatal);
    }
}

TEST_CASE("seeds that fall apart and meet again agree: lists are never merged") {
    SeedNet net(5);
    net.start_all();
    net.run(100ms);
    for (std::size_t a = 0; a < 2; ++a) {
        for (std::size_t b = 2; b < 5; ++b) net.cut(seed_id(a), seed_id(b));
    }
    net.send(peer_id(0), 0, registration(0, 100));
    net.send(peer_id(1), 3, registration(1, 100));
    net.run(10s);
    CHECK(net.mail<msg::RegisterAck>(peer_id(0)).empty());
    CHECK(net.mail<msg::RegisterAck>(peer_id(1)).size() == 1);
    CHECK_FALSE(net.member(0, 0));
    CHECK(net.count(NoticeKind::no_quorum, 0) == 1);
    net.heal();
    REQUIRE(net.run(20s, [&] { return !net.mail<msg::RegisterAck>(peer_id(0)).empty() && net.agree(2); }));
    CHECK_FALSE(net.fatal);
}

TEST_CASE("a duplicated vote counts once") {
    SeedNet net(5);
    net.start_all();
    net.run(100ms);
    for (std::size_t other = 2; other < 5; ++other) net.cut(seed_id(0), seed_id(other));
    net.filter = [&](const Letter& l) {  // seed 1's votes and acks arrive three times
        const bool twice = std::holds_alternative<msg::Vote>(l.message) || std::holds_alternative<msg::Ack>(l.message);
        if (twice && l.to == seed_id(0)) {
            for (int i = 0; i < 2; ++i) net.send(l.from, 0, l.message, Trust::seed);
        }
        return false;
    };
    net.send(peer_id(0), 0, registration(0, 100));
    net.run(3s);
    CHECK(net.mail<msg::Commit>(seed_id(1)).empty());
    CHECK(net.mail<msg::RegisterAck>(peer_id(0)).empty());
}

TEST_CASE("messages between seeds are obeyed from proven seeds only") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    const SeedStatus before = net.seed(0).status();
    msg::Commit forged{1, {5, 1}, {}, {Change{ChangeKind::add, peer_id(9), life(1)}}, {}};
    net.send(seed_id(1), 0, forged, Trust::proven);
    net.send(peer_id(1), 0, msg::Propose{1, {}, {9, 1}, {}}, Trust::proven);
    net.send(seed_id(2), 0, msg::Propose{1, {}, {9, 1}, {}}, Trust::seed);  // another seat's ballot
    net.run(10ms);
    CHECK(net.count(NoticeKind::refused_message, 0) == 3);
    CHECK(net.mail<msg::Ack>(seed_id(1)).empty());
    CHECK(net.seed(0).status().epoch == before.epoch);
    net.send(peer_id(1), 0, msg::Unlink{"x"});
    net.run(10ms);
    CHECK(net.count(NoticeKind::unknown_message, 0) == 1);
}

TEST_CASE("the same epoch with another digest stops the seed") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    register_and_wait(net, 0, 0);
    Digest other;
    other.bytes[0] = 1;
    net.send(seed_id(1), 0, msg::Sync{1, other, 7, {}, {}}, Trust::seed);
    net.run(10ms);
    CHECK(net.fatal);
    CHECK(net.count(NoticeKind::digest_alarm, 0) == 1);
    CHECK_FALSE(net.seed(0).status().voting);
}

TEST_CASE("voters that say NO reject an ask, and the peer is told") {
    SeedNet net(3);
    net.start_all();
    net.run(100ms);
    // Seeds 1 and 2 as puppets: they vote NO.
    net.filter = [&](const Letter& l) {
        const auto* p = std::get_if<msg::Propose>(&l.message);
        if (p == nullptr || l.from != seed_id(0)) return false;
        const Seat seat = static_cast<Seat>(endpoint(l.to).port - 6000U);
        net.send(l.to, 0, vote_against(*p, net.seed(seat).status().life), Trust::seed);
        return true;
    };
    net.send(peer_id(0), 0, registration(0, 100));
    REQUIRE(net.run(2s, [&] { return !net.mail<msg::RegisterNack>(peer_id(0)).empty(); }));
    CHECK(net.count(NoticeKind::rejected, 0) == 1);
    CHECK(net.seed(0).status().pending == 0);
    CHECK(net.mail<msg::Commit>(seed_id(1)).empty());
}
