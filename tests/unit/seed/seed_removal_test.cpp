#include "seed_net.hpp"

#include "protocol/witnesses.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t first_life = 100;

FakeCrypto key_of(std::size_t k) { return FakeCrypto(7000 + k); }

// Peers that answer PING while they live; to a dead one the connection is refused.
struct Peers {
    std::set<std::size_t> dead;
    std::set<std::pair<NodeId, std::size_t>> unreachable;  // (seed, peer): silence
    void attach(SeedNet& net) {
        net.peer = [this](SeedNet& n, const Letter& letter) {
            const auto* ping = std::get_if<msg::Ping>(&letter.message);
            if (ping == nullptr) return;
            const std::size_t k = endpoint(letter.to).port - 7000U;
            const std::size_t seat = endpoint(letter.from).port - 6000U;
            if (unreachable.contains({letter.from, k})) return;
            if (dead.contains(k)) return n.inject(seat, LinkLost{letter.to, LossReason::refused});
            msg::Pong pong;
            pong.sender = letter.to;
            pong.sequence = ping->sequence;
            n.send(letter.to, seat, pong);
        };
    }
};

LinksRecord record_of(std::size_t k, std::vector<std::size_t> links, std::uint64_t incarnation = first_life) {
    LinksRecord record;
    record.peer = peer_id(k);
    record.incarnation = life(incarnation);
    record.version = 1;
    for (const std::size_t link : links) record.links.push_back(peer_id(link));
    record.signature = key_of(k).sign(canonical_bytes(record));
    return record;
}

Statement statement(const LinksRecord& record, std::size_t witness, Verdict verdict = Verdict::refused) {
    Statement s;
    s.suspect = record.peer;
    s.incarnation = record.incarnation;
    s.links_version = record.version;
    s.verdict = verdict;
    s.witness = peer_id(witness);
    s.signature = key_of(witness).sign(canonical_bytes(s));
    return s;
}

msg::DeadNodeReport report(std::size_t suspect, std::size_t reporter, Certificate certificate) {
    msg::DeadNodeReport m;
    m.text = dead_node_text(peer_id(suspect), 1000, peer_id(reporter));
    m.suspect = peer_id(suspect);
    m.incarnation = life(first_life);
    m.reporter = peer_id(reporter);
    m.peer_votes = static_cast<std::uint32_t>(certificate.statements.size());
    m.certificate = std::move(certificate);
    return m;
}

Certificate certificate(std::size_t suspect, std::vector<std::size_t> links, std::vector<std::size_t> confirming) {
    Certificate c;
    c.record = record_of(suspect, std::move(links));
    for (const std::size_t w : confirming) c.statements.push_back(statement(c.record, w));
    return c;
}

// Three seeds, five registered peers.
struct World {
    SeedNet net{3};
    Peers peers;
    explicit World(std::size_t members = 5) {
        peers.attach(net);
        net.start_all();
        net.run(100ms);
        for (std::size_t k = 0; k < members; ++k) net.send(peer_id(k), k % 3, registration(k, first_life));
        REQUIRE(net.until([&] { return net.agree(1) && net.seed(0).members().size() == members; }));
        net.run(1s);
    }
    [[nodiscard]] bool gone(std::size_t k) const { return !net.member(0, k) && !net.member(1, k) && !net.member(2, k); }
    [[nodiscard]] std::optional<ReportStatus> answer(std::size_t reporter) const {
        const auto acks = net.mail<msg::ReportAck>(peer_id(reporter));
        return acks.empty() ? std::nullopt : std::optional(acks.back().status);
    }
};

}  // namespace

TEST_CASE("a dead peer with a certificate is removed at every seed within half a second") {
    World w;
    w.peers.dead = {4};
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));
    w.net.send(peer_id(0), 1, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));
    REQUIRE(w.net.run(500ms, [&] { return w.gone(4); }));
    w.net.run(100ms);
    CHECK(w.answer(0) == ReportStatus::accepted);
    CHECK(w.net.count(NoticeKind::member_removed) == 3);
    CHECK(w.net.seed(0).members().size() == 4);
}

TEST_CASE("a peer that a majority of seeds reaches is not removed, whatever its witnesses say") {
    World w;
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1, 2})));
    REQUIRE(w.net.run(10s, [&] { return w.answer(0) == ReportStatus::refuted; }));
    CHECK(w.net.member(0, 4));
    for (const msg::Propose& p : w.net.mail<msg::Propose>(seed_id(2))) {
        for (const Ask& ask : p.asks) CHECK(ask.change.kind == ChangeKind::add);
    }
    CHECK(w.net.count(NoticeKind::member_removed) == 0);
    // One seed that cannot reach it does not change that.
    w.peers.unreachable = {{seed_id(0), 4}};
    w.net.run(6s);
    w.net.send(peer_id(1), 0, report(4, 1, certificate(4, {0, 1, 2}, {0, 1, 2})));
    REQUIRE(w.net.run(10s, [&] { return w.answer(1) == ReportStatus::refuted; }));
    CHECK(w.net.member(0, 4));
}

TEST_CASE("an answer to the last accusation is none to the next: the peer may have died since") {
    World w;
    const Certificate proof = certificate(4, {0, 1, 2}, {0, 1, 2});
    w.net.send(peer_id(0), 0, report(4, 0, proof));
    REQUIRE(w.net.run(1s, [&] { return w.answer(0) == ReportStatus::refuted; }));
    w.peers.dead = {4};
    for (std::size_t seat = 0; seat < 2; ++seat) w.net.send(peer_id(1), seat, report(4, 1, proof));
    REQUIRE(w.net.run(1s, [&] { return w.gone(4); }));
    w.net.run(100ms);
    CHECK(w.answer(1) == ReportStatus::accepted);
}

TEST_CASE("a report without enough evidence is refused by name and nobody is probed") {
    World w;
    w.peers.dead = {4};
    const auto refused = [&](msg::DeadNodeReport m, ReportStatus status) {
        const std::size_t before = w.net.count(NoticeKind::report_ignored, 0);
        const std::size_t pings = w.net.mail<msg::Ping>(peer_id(4)).size();
        w.net.send(peer_id(0), 0, std::move(m));
        w.net.run(100ms);
        CHECK(w.net.count(NoticeKind::report_ignored, 0) == before + 1);
        CHECK(w.answer(0) == status);
        CHECK(w.net.mail<msg::Ping>(peer_id(4)).size() == pings);
    };
    refused(report(4, 0, {}), ReportStatus::bad_evidence);
    refused(report(4, 0, certificate(4, {0, 1, 2}, {0})), ReportStatus::bad_evidence);     // a minority
    refused(report(4, 0, certificate(4, {0, 1, 2}, {0, 3})), ReportStatus::bad_evidence);  // 3 is no witness
    refused(report(4, 0, certificate(4, {0, 1, 2}, {0, 0, 0})), ReportStatus::bad_evidence);
    Certificate forged = certificate(4, {0, 1, 2}, {0, 1});
    forged.statements[1].signature = forged.statements[0].signature;
    refused(report(4, 0, forged), ReportStatus::bad_evidence);
    forged = certificate(4, {0, 1, 2}, {0, 1});
    forged.record.links.pop_back();  // the accuser shrinks the witnesses
    refused(report(4, 0, forged), ReportStatus::bad_evidence);
    Certificate reachable;
    reachable.record = record_of(4, {0, 1, 2});
    for (const std::size_t k : {0U, 1U, 2U}) {
        reachable.statements.push_back(statement(reachable.record, k, Verdict::reachable));
    }
    refused(report(4, 0, reachable), ReportStatus::bad_evidence);
    msg::DeadNodeReport earlier = report(4, 0, certificate(4, {0, 1, 2}, {0, 1}));
    earlier.incarnation = life(first_life - 1);
    refused(earlier, ReportStatus::stale);
    msg::DeadNodeReport unknown = report(9, 0, certificate(9, {0, 1, 2}, {0, 1}));
    refused(unknown, ReportStatus::stale);
    w.net.send(peer_id(1), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));  // in another's name
    w.net.run(1s);
    CHECK(w.net.member(0, 4));
    CHECK(w.net.count(NoticeKind::refused_message, 0) == 1);
}

TEST_CASE("witnesses that left the list do not protect a dead peer") {
    World w;
    w.peers.dead = {1, 2, 4};
    w.net.send(peer_id(0), 0, report(1, 0, certificate(1, {0, 3}, {0, 3})));
    w.net.send(peer_id(0), 0, report(2, 0, certificate(2, {0, 3}, {0, 3})));
    REQUIRE(w.net.run(2s, [&] { return w.gone(1) && w.gone(2); }));
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0})));
    CHECK(w.net.run(2s, [&] { return w.gone(4); }));
}

TEST_CASE("a stopped peer is removed after the probes ran out, and twice reported is once removed") {
    World w;
    for (std::size_t seat = 0; seat < 3; ++seat) w.peers.unreachable.insert({seed_id(seat), 4});
    const Certificate proof = certificate(4, {0, 1, 2}, {0, 1, 2});
    for (std::size_t seat = 0; seat < 3; ++seat) w.net.send(peer_id(seat), seat, report(4, seat, proof));
    w.net.run(900ms);
    CHECK_FALSE(w.gone(4));
    REQUIRE(w.net.run(1s, [&] { return w.gone(4); }));
    w.net.run(1s);
    CHECK(w.net.count(NoticeKind::member_removed) == 3);
    for (std::size_t k = 0; k < 3; ++k) CHECK(w.answer(k) == ReportStatus::accepted);
    w.net.send(peer_id(3), 1, report(4, 3, certificate(4, {0, 1, 2}, {0, 1, 2})));
    w.net.run(100ms);
    CHECK(w.answer(3) == ReportStatus::accepted);
    CHECK(w.net.count(NoticeKind::already_removed, 1) == 1);
}

TEST_CASE("a removal names a life: the next one stays") {
    World w;
    w.peers.dead = {4};
    // The peer is back as a new life before its old one is judged.
    w.net.send(peer_id(4), 1, registration(4, first_life + 1));
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));
    w.net.run(1s);
    w.peers.dead.clear();  // from now on the new life listens
    w.net.run(10s);
    CHECK(w.net.member(0, 4));
    for (const Member& m : w.net.seed(2).members()) {
        if (m.id == peer_id(4)) CHECK(m.incarnation == life(first_life + 1));
    }
}

TEST_CASE("nothing is removed without a quorum; the case is kept and decided when it is back") {
    World w;
    w.peers.dead = {4};
    w.net.crash(1);
    w.net.crash(2);
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));
    REQUIRE(w.net.run(10s, [&] { return w.answer(0) == ReportStatus::pending; }));
    w.net.run(120s);
    CHECK(w.net.member(0, 4));
    w.net.start(1);
    REQUIRE(w.net.run(60s, [&] { return !w.net.member(0, 4) && !w.net.member(1, 4); }));
    CHECK(w.answer(0) == ReportStatus::accepted);
}

TEST_CASE("removals do not share a proposal with registrations") {
    World w;
    w.peers.dead = {3, 4};
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1})));
    w.net.send(peer_id(0), 0, report(3, 0, certificate(3, {0, 1, 2}, {0, 1})));
    for (std::size_t k = 10; k < 20; ++k) w.net.send(peer_id(k), k % 3, registration(k, first_life));
    REQUIRE(w.net.run(5s, [&] { return w.gone(3) && w.gone(4) && w.net.seed(0).members().size() == 13; }));
    for (const Letter& letter : w.net.letters) {
        const auto* p = std::get_if<msg::Propose>(&letter.message);
        if (p == nullptr) continue;
        const auto removals = std::count_if(p->asks.begin(), p->asks.end(),
                                            [](const Ask& a) { return a.change.kind == ChangeKind::remove; });
        CHECK((removals == 0 || removals == static_cast<std::ptrdiff_t>(p->asks.size())));
    }
}

TEST_CASE("a peer whose leases stop is removed by the seeds' own probes, one that leases elsewhere is not") {
    World w;
    w.net.config.seed.lease = 1s;  // of the running machines, too: they hold the config by reference
    w.peers.dead = {4};
    REQUIRE(w.net.run(120s, [&] { return w.gone(4); }));
    w.net.run(30s);  // the others never sent a lease, but answer when asked
    CHECK(w.net.seed(0).members().size() == 4);
    CHECK(w.net.count(NoticeKind::member_removed) == 3);
}

TEST_CASE("a peer of protocol 0 is judged by the seeds' probes alone, on the word of a listed member") {
    World w;
    msg::RegisterRequest plain;
    plain.peer = peer_id(8);
    plain.protocol = 0;
    w.net.send(anonymous_id(1), 0, plain, Trust::anonymous);
    REQUIRE(w.net.run(2s, [&] { return w.net.member(0, 8) && w.net.member(2, 8); }));
    msg::DeadNodeReport m = report(8, 9, {});  // the reporter is nobody
    m.incarnation = Incarnation::none;
    w.net.send(anonymous_id(2), 0, m, Trust::anonymous);
    w.net.run(2s);
    CHECK(w.net.member(0, 8));
    m.reporter = peer_id(1);
    w.net.send(anonymous_id(3), 0, m, Trust::anonymous);  // in the name of a member, which nothing proves
    w.net.run(2s);
    CHECK(w.net.member(0, 8));
    w.net.send(peer_id(1), 0, m);  // reachable
    w.net.run(5s);
    CHECK(w.net.member(0, 8));
    w.peers.dead = {8};
    w.net.run(6s);
    w.net.send(peer_id(1), 0, m);
    CHECK(w.net.run(2s, [&] { return w.gone(8); }));
}

TEST_CASE("a broken connection to the suspect is no failed probe") {
    World w;
    w.net.peer = [&](SeedNet& n, const Letter& l) {  // the first PING of each seed is lost with its connection
        const auto* ping = std::get_if<msg::Ping>(&l.message);
        if (ping == nullptr) return;
        const std::size_t seat = endpoint(l.from).port - 6000U;
        if (ping->sequence != 0) return n.inject(seat, LinkLost{l.to, LossReason::closed});
        msg::Pong pong;
        pong.sender = l.to;
        n.send(l.to, seat, pong);
    };
    w.net.send(peer_id(0), 0, report(4, 0, certificate(4, {0, 1, 2}, {0, 1, 2})));
    REQUIRE(w.net.run(10s, [&] { return w.answer(0).has_value(); }));
    CHECK(w.answer(0) == ReportStatus::refuted);
    CHECK(w.net.member(0, 4));
}
