#include "seed_net.hpp"

#include "protocol/witnesses.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::seedtest;
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
        REQUIRE(net.run_until([&] { return net.agree(1) && net.seed(0).members().size() == members; }));
        net.run(1s);
    }
    [[nodiscard]] bool gone(std::size_t k) const {
        return !net.member(0, k) && !net.member(1, k) && !net.member(2, k);
    }
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
