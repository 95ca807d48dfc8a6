#include "protocol/seed/removals.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

const NodeId suspect = peer_id(1);

msg::DeadNodeReport report(std::size_t reporter) {
    msg::DeadNodeReport m;
    m.suspect = suspect;
    m.incarnation = life(1);
    m.reporter = peer_id(reporter);
    return m;
}

// Five seeds; the suspect, without leases (protocol 0), and two peers that may report it.
struct World : SeedParts {
    World() : SeedParts(5) {
        admit(1, 0);
        admit(2);
        admit(3);
        removals.arm_lease_check(t);
    }
    void report_by(std::size_t k) { removals.on_dead_node_report(t, peer_id(k), report(k)); }
    void fail_probe() { removals.handle_link_lost(t, {suspect, LossReason::refused}); }
    void opinion_of(Seat seat, Opinion opinion) { removals.on_case_opinion(t, seat, {suspect, life(1), opinion, {}}); }
    void check_leases() {
        const SetTimer due = timer(TimerKind::lease_check);
        t.now = std::max(due.due, t.now + config.seed.lease * (config.seed.lease_misses + 1));
        removals.handle_lease_check(t, due.tag);
    }
};

}  // namespace

TEST_CASE("a report makes every seed probe, and a majority that fails wants the removal, once") {
    World w;
    w.report_by(2);
    CHECK(w.sent<msg::Ping>(suspect).size() == 1);
    for (std::size_t seat = 1; seat < 5; ++seat) CHECK(w.sent<msg::RemovalCase>(seed_id(seat)).size() == 1);
    CHECK(w.removals.reporter_of(suspect) == peer_id(2));
    w.fail_probe();
    w.opinion_of(1, Opinion::yes);
    w.opinion_of(1, Opinion::yes);
    CHECK(w.raised<fact::ChangeWanted>().empty());
    w.opinion_of(2, Opinion::yes);
    w.opinion_of(3, Opinion::yes);
    REQUIRE(w.raised<fact::ChangeWanted>().size() == 1);
    CHECK(w.raised<fact::ChangeWanted>().front().ask.change ==
          Change{.kind = ChangeKind::remove, .peer = suspect, .incarnation = life(1)});
}

TEST_CASE("a majority that reaches the suspect ends the case, and the reporters are told") {
    World w;
    w.report_by(2);
    w.report_by(3);
    w.opinion_of(1, Opinion::no);
    w.opinion_of(2, Opinion::no);
    CHECK(w.sent<msg::ReportAck>(peer_id(2)).empty());
    w.removals.handle_alive(w.t, suspect);
    CHECK(w.sent<msg::ReportAck>(peer_id(2)).back().status == ReportStatus::refuted);
    CHECK(w.sent<msg::ReportAck>(peer_id(3)).back().status == ReportStatus::refuted);
    CHECK(w.removals.reporter_of(suspect) == NodeId::none);
    CHECK(w.raised<fact::ChangeWanted>().empty());
}

TEST_CASE("reports of nobody, about nobody or of another life open no case") {
    World w;
    const auto status = [&](msg::DeadNodeReport m) {
        w.clear();
        w.removals.on_dead_node_report(w.t, m.reporter, m);
        const auto acks = w.sent<msg::ReportAck>(m.reporter);
        return acks.empty() ? ReportStatus::pending : acks.back().status;
    };
    msg::DeadNodeReport m = report(9);
    CHECK(status(m) == ReportStatus::bad_evidence);
    m = report(2);
    m.incarnation = life(2);
    CHECK(status(m) == ReportStatus::stale);
    m = report(2);
    m.suspect = peer_id(3);  // of protocol 1, which leases: needs a certificate or a lapsed lease
    CHECK(status(m) == ReportStatus::bad_evidence);
    w.decide({{.kind = ChangeKind::remove, .peer = suspect, .incarnation = life(1)}});
    CHECK(status(report(2)) == ReportStatus::accepted);
    w.removals.on_dead_node_report(w.t, peer_id(2), report(3));
    CHECK(w.said(NoticeKind::refused_message) == 1);
    CHECK(w.sent<msg::Ping>(suspect).empty());
}

TEST_CASE("a lapsed lease is probed alone; only a failed probe asks the other seeds") {
    World w;
    w.check_leases();
    CHECK(w.sent<msg::Ping>(peer_id(2)).size() == 1);
    CHECK(w.sent<msg::RemovalCase>(seed_id(1)).empty());
    w.removals.handle_alive(w.t, peer_id(2));
    CHECK(w.removals.reporter_of(peer_id(2)) == NodeId::none);
    w.removals.handle_probe_timeout(w.t, {TimerKind::seed_probe, 2, static_cast<std::uint64_t>(peer_id(2))});
    CHECK(w.sent<msg::RemovalCase>(seed_id(1)).empty());
    w.removals.handle_link_lost(w.t, {peer_id(3), LossReason::timed_out});
    CHECK(w.sent<msg::RemovalCase>(seed_id(1)).size() == 1);
}

TEST_CASE("addresses of strangers that refuse keep no member from being looked at") {
    World w;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        w.removals.handle_link_lost(w.t, {node_id({0x0a000001 + i, 9000}), LossReason::refused});
    }
    w.removals.handle_link_lost(w.t, {peer_id(2), LossReason::closed});
    w.t.now += w.config.liveness.refute + w.config.seed.vote_timeout + 1ms;
    w.removals.look_for_lost(w.t);
    CHECK(w.sent<msg::Ping>(peer_id(2)).size() == 1);
}

TEST_CASE("a member whose connection ended is dialled once nobody spoke up, and a refused dial needs no lapsed lease") {
    World w;
    const auto lose = [&w](LossReason reason) { w.removals.handle_link_lost(w.t, {peer_id(2), reason}); };
    lose(LossReason::closed);
    w.t.now += w.config.liveness.refute;
    w.removals.look_for_lost(w.t);
    CHECK(w.sent<msg::Ping>(peer_id(2)).empty());
    w.t.now += w.config.seed.vote_timeout + 1ms;
    w.removals.look_for_lost(w.t);
    CHECK(w.sent<msg::Ping>(peer_id(2)).size() == 1);
    CHECK(w.sent<msg::RemovalCase>(seed_id(1)).empty());

    SUBCASE("refused: the other seeds are asked") {
        lose(LossReason::refused);
        CHECK(w.sent<msg::RemovalCase>(seed_id(1)).size() == 1);
    }
    SUBCASE("unanswered: that may be our own fault") {
        lose(LossReason::timed_out);
        CHECK(w.sent<msg::RemovalCase>(seed_id(1)).empty());
        CHECK(w.removals.reporter_of(peer_id(2)) == NodeId::none);
    }
    SUBCASE("answered: nothing was wrong, and it is not dialled again") {
        w.removals.handle_alive(w.t, peer_id(2));
        w.t.now += 60s;
        w.removals.look_for_lost(w.t);
        CHECK(w.sent<msg::Ping>(peer_id(2)).size() == 1);
    }
}

TEST_CASE("asked about a member without a certificate, a seed says yes only to a dial that was refused after silence") {
    World w;
    const msg::RemovalCase asked{peer_id(2), life(1), seed_id(3), {}};
    const auto ask = [&] { w.removals.on_removal_case(w.t, 3, asked); };
    ask();
    REQUIRE(w.sent<msg::CaseOpinion>(seed_id(3)).size() == 1);
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).back().opinion == Opinion::no);  // it was admitted just now
    w.t.now += w.config.liveness.refute + 1ms;
    ask();
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).size() == 1);
    SUBCASE("refused") {
        w.removals.handle_link_lost(w.t, {peer_id(2), LossReason::refused});
        CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).back().opinion == Opinion::yes);
    }
    SUBCASE("unanswered") {
        w.removals.handle_link_lost(w.t, {peer_id(2), LossReason::timed_out});
        CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).back().opinion == Opinion::no);
    }
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).size() == 2);
}

TEST_CASE("another seed is told our opinion as soon as there is one") {
    World w;
    const msg::RemovalCase asked{suspect, life(1), peer_id(2), {}};
    w.removals.on_removal_case(w.t, 3, asked);
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).empty());
    CHECK(w.sent<msg::Ping>(suspect).size() == 1);
    w.fail_probe();
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).back().opinion == Opinion::yes);
    CHECK(w.sent<msg::RemovalCase>(seed_id(1)).empty());  // it is not our case
    w.removals.on_removal_case(w.t, 4, asked);            // the result is fresh
    CHECK(w.sent<msg::CaseOpinion>(seed_id(4)).back().opinion == Opinion::yes);
    w.removals.on_removal_case(w.t, 4, {suspect, life(2), peer_id(2), {}});
    CHECK(w.sent<msg::CaseOpinion>(seed_id(4)).back().opinion == Opinion::undecided);
}

TEST_CASE("a vote that is undecided for want of a probe begins one, other opinions do not") {
    World w;
    const auto remove = [](std::size_t k) {
        return Ask{.change = {.kind = ChangeKind::remove, .peer = peer_id(k), .incarnation = life(1)}};
    };
    w.removals.probe_for_next_vote(w.t, {remove(1), remove(2), remove(9)},
                                   {{Opinion::undecided, {}}, {Opinion::no, {}}, {Opinion::undecided, {}}});
    CHECK(w.sent<msg::Ping>(suspect).size() == 1);
    CHECK(w.out.sends.size() == 1);
}

TEST_CASE("a round without outcome is repeated, and given up after some with a quorum there") {
    World w;
    w.neighbours.handle_heard(w.t, 1);
    w.neighbours.handle_heard(w.t, 2);
    w.report_by(2);
    std::size_t rounds = 1;
    for (; w.removals.reporter_of(suspect) != NodeId::none && rounds < 20; ++rounds) {
        const SetTimer deadline = w.timer(TimerKind::case_deadline);
        w.t.now = deadline.due;
        w.removals.handle_case_deadline(w.t, deadline.tag);
    }
    CHECK(rounds == 5);
    CHECK(w.sent<msg::RemovalCase>(seed_id(4)).size() == 4);
    const auto acks = w.sent<msg::ReportAck>(peer_id(2));
    REQUIRE(acks.size() == 2);
    CHECK(acks[0].status == ReportStatus::pending);
    CHECK(acks[1].status == ReportStatus::refuted);
}

TEST_CASE("without a quorum of seeds a case waits for as long as it takes") {
    World w;
    w.report_by(2);
    for (int i = 0; i < 20; ++i) {
        const SetTimer deadline = w.timer(TimerKind::case_deadline);
        w.t.now = deadline.due;
        w.removals.handle_case_deadline(w.t, deadline.tag);
    }
    CHECK(w.removals.reporter_of(suspect) == peer_id(2));
}

TEST_CASE("what the list has answered is closed, for reporters and for seeds that asked") {
    World w;
    w.report_by(2);
    w.removals.on_removal_case(w.t, 3, {suspect, life(1), peer_id(2), {}});
    w.decide({{.kind = ChangeKind::remove, .peer = suspect, .incarnation = life(1)}});
    w.removals.handle_list_changed(w.t);
    CHECK(w.sent<msg::ReportAck>(peer_id(2)).back().status == ReportStatus::accepted);
    CHECK(w.sent<msg::CaseOpinion>(seed_id(3)).back().opinion == Opinion::no);
    CHECK(w.removals.reporter_of(suspect) == NodeId::none);
}
