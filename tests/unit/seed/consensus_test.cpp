#include "protocol/seed/consensus.hpp"

#include "seed_parts.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

const Change change{ChangeKind::add, peer_id(1), life(1)};

msg::Vote vote(const msg::Propose& to, Opinion opinion, SeatLife voter) {
    msg::Vote v;
    v.epoch = to.epoch;
    v.ballot = to.ballot;
    v.life = voter;
    for (std::size_t i = 0; i < to.asks.size(); ++i) v.opinions.push_back({opinion, "because"});
    return v;
}

// Three seeds, of which the others have lives 11 and 12 that are known and on disk.
struct World : SeedParts {
    World() : SeedParts(3) {
        seats.meet(t, 1, 11);
        seats.meet(t, 2, 12);
        consensus.cover_next_round(t);
        persist();
        clear();
    }
    msg::Propose propose(std::vector<Ask> asks = {{.change = change}}) {
        consensus.propose(t, asks, std::vector<msg::AskOpinion>(asks.size(), {Opinion::yes, {}}));
        return sent<msg::Propose>(seed_id(1)).back();
    }
    msg::Commit commit() {
        const msg::Propose proposal = propose();
        consensus.on_vote(t, 1, vote(proposal, Opinion::yes, 11));
        consensus.on_vote(t, 2, vote(proposal, Opinion::yes, 12));
        consensus.commit(t, raised<fact::BatchChosen>().front().batch);
        return sent<msg::Commit>(seed_id(1)).back();
    }
    void fire_round() {
        const SetTimer timer = this->timer(TimerKind::vote_round);
        t.now = timer.due;
        clear();
        consensus.handle_round_timer(t, timer.tag);
    }
    // Seat 1 proposes.
    msg::Propose foreign(std::uint64_t round) const {
        return {t.ledger.epoch() + 1, t.ledger.digest(), {round, 1}, {{.change = change}}};
    }
};

}  // namespace

TEST_CASE("a quorum of YES chooses the batch; votes of one seat, or of a life not known, do not make it") {
    World w;
    const msg::Propose proposal = w.propose();
    w.consensus.on_vote(w.t, 1, vote(proposal, Opinion::yes, 99));
    CHECK(w.said(NoticeKind::refused_message) == 1);
    CHECK(w.raised<fact::BatchChosen>().empty());
    w.consensus.on_vote(w.t, 1, vote(proposal, Opinion::yes, 11));
    REQUIRE(w.raised<fact::BatchChosen>().size() == 1);
    CHECK(w.raised<fact::BatchChosen>().front().batch == Batch{change});
}

TEST_CASE("our own vote and a life just met count once they are on disk") {
    World w;
    w.consensus.recover(0, {});
    (void)w.propose();
    const AppendSeq ceiling = w.out.appends.back().seq;
    CHECK(w.out.sends.front().after == ceiling);
    const msg::Propose proposal = w.sent<msg::Propose>(seed_id(1)).back();
    w.consensus.on_vote(w.t, 1, vote(proposal, Opinion::yes, 11));
    CHECK(w.raised<fact::BatchChosen>().empty());
    w.persist();
    w.consensus.handle_persisted(w.t);
    CHECK(w.raised<fact::BatchChosen>().size() == 1);
}

TEST_CASE("a quorum of NO rejects an ask with its reason and ends the proposal") {
    World w;
    const msg::Propose proposal = w.propose();
    w.consensus.on_vote(w.t, 1, vote(proposal, Opinion::no, 11));
    CHECK(w.raised<fact::AskRejected>().empty());
    w.consensus.on_vote(w.t, 2, vote(proposal, Opinion::no, 12));
    REQUIRE(w.raised<fact::AskRejected>().size() == 1);
    CHECK(w.raised<fact::AskRejected>().front().reason == "because");
    CHECK(w.raised<fact::ProposalOver>().front().changes == std::vector<Change>{change});
    CHECK(w.raised<fact::BatchChosen>().empty());
    CHECK_FALSE(w.consensus.awaits(vote(proposal, Opinion::yes, 11)));
}

TEST_CASE("what a voter asks to be carried is handed on before the batch that its vote chose") {
    World w;
    const msg::Propose proposal = w.propose();
    msg::Vote carrying = vote(proposal, Opinion::yes, 11);
    carrying.carried_asks.push_back({.change = {ChangeKind::add, peer_id(2), life(1)}});
    w.consensus.on_vote(w.t, 1, carrying);
    REQUIRE(w.t.facts.size() == 2);
    CHECK(std::holds_alternative<fact::AsksCarried>(w.t.facts[0]));
    CHECK(std::holds_alternative<fact::BatchChosen>(w.t.facts[1]));
}

TEST_CASE("COMMIT names the lives on disk, and an epoch is decided by a quorum of acks, our own once on disk") {
    World w;
    const msg::Commit commit = w.commit();
    CHECK(commit.lives == std::vector<SeatInfo>{{0, SeedParts::own_life}, {1, 11}, {2, 12}});
    w.consensus.on_ack(w.t, 1, {commit.epoch, commit.ballot, 11});
    w.consensus.on_ack(w.t, 1, {commit.epoch, commit.ballot, 11});
    CHECK(w.raised<fact::EpochDecided>().empty());
    w.persist();
    w.consensus.handle_persisted(w.t);
    REQUIRE(w.raised<fact::EpochDecided>().size() == 1);
    CHECK(w.raised<fact::EpochDecided>().front().decision.batch == Batch{change});
    CHECK(w.sent<msg::Learn>(seed_id(2)).size() == 1);
}

TEST_CASE("a batch that a voter had accepted is finished unchanged") {
    World w;
    const msg::Propose proposal = w.propose();
    msg::Vote v = vote(proposal, Opinion::no, 11);
    const Batch earlier{Change{ChangeKind::add, peer_id(5), life(1)}};
    v.accepted.push_back({proposal.epoch, {0, 2}, earlier});
    w.consensus.on_vote(w.t, 1, v);
    REQUIRE(w.raised<fact::BatchChosen>().size() == 1);
    CHECK(w.raised<fact::BatchChosen>().front().batch == earlier);
    CHECK(w.said(NoticeKind::recovery) == 1);
}

TEST_CASE("a round that finds no quorum is over, backs off, and asks whether there is one at all") {
    World w;
    const msg::Propose proposal = w.propose();
    w.fire_round();
    CHECK(w.raised<fact::ProposalOver>().size() == 1);
    CHECK(w.raised<fact::RoundFailed>().size() == 1);
    CHECK_FALSE(w.consensus.awaits(vote(proposal, Opinion::yes, 11)));
    w.requests.handle_wanted(w.t, {.change = change});
    CHECK_FALSE(w.consensus.should_propose(w.t));
    w.t.now = w.timer(TimerKind::propose_hold).due;
    CHECK(w.consensus.should_propose(w.t));
}

TEST_CASE("after COMMIT without acks the outcome is unknown to whoever waits here") {
    World w;
    w.requests.handle_wanted(w.t, {.change = change});
    (void)w.commit();
    w.fire_round();
    CHECK(w.said(NoticeKind::outcome_unknown) == 1);
    CHECK(w.raised<fact::AskRejected>().empty());
}

TEST_CASE("a ballot is promised unless a greater one was; the vote waits for the disk and carries our asks") {
    World w;
    w.requests.handle_wanted(w.t, {.change = {ChangeKind::add, peer_id(4), life(1)}});
    const msg::Propose next = w.foreign(5000);  // beyond the ceiling on disk
    REQUIRE(w.consensus.promise(w.t, 1, next));
    w.consensus.vote(w.t, 1, next, {{Opinion::yes, {}}});
    REQUIRE(w.sent<msg::Vote>(seed_id(1)).size() == 1);
    CHECK(w.sent<msg::Vote>(seed_id(1)).front().carried_asks.size() == 1);
    REQUIRE(w.out.appends.size() == 1);
    CHECK(w.out.appends.front().type == RecordType::ceiling);
    CHECK(w.out.sends.back().after == w.out.appends.front().seq);
    CHECK_FALSE(w.consensus.promise(w.t, 1, w.foreign(4999)));
    CHECK(w.sent<msg::Nack>(seed_id(1)).back().promised == Ballot{5000, 1});
}

TEST_CASE("whoever promised to another leaves it alone for a while, and drops a proposal without COMMIT") {
    World w;
    const msg::Propose own = w.propose();
    w.requests.handle_wanted(w.t, {.change = change});
    REQUIRE(w.consensus.promise(w.t, 1, w.foreign(own.ballot.round + 1)));
    CHECK(w.raised<fact::ProposalOver>().size() == 1);
    CHECK_FALSE(w.consensus.should_propose(w.t));
    w.consensus.handle_quorum_back(w.t);
    CHECK(w.consensus.should_propose(w.t));
}

TEST_CASE("an accepted batch is written before it is acknowledged, and finished by us when nobody does") {
    World w;
    const msg::Commit commit{1, {9, 1}, w.t.ledger.digest(), {change}, {{1, 11}}};
    REQUIRE(w.consensus.accept(w.t, 1, commit));
    w.consensus.acknowledge(w.t, 1, commit);
    CHECK(w.out.appends.back().type == RecordType::accepted);
    CHECK(w.out.sends.back().after == w.out.appends.back().seq);
    CHECK(w.sent<msg::Ack>(seed_id(1)).size() == 1);
    CHECK_FALSE(w.consensus.should_propose(w.t));
    w.t.now += 3 * w.config.seed.vote_timeout;
    CHECK(w.consensus.should_propose(w.t));
    const Decision decision = w.t.ledger.next(w.crypto, {change});
    CHECK(w.consensus.accepted_leading_to(w.t, 1, decision.digest));
    CHECK_FALSE(w.consensus.accepted_leading_to(w.t, 1, {}));
    CHECK_FALSE(w.consensus.accepted_leading_to(w.t, 2, decision.digest));
    w.decide({change});
    w.consensus.handle_list_changed(w.t);
    CHECK_FALSE(w.consensus.should_propose(w.t));
}

TEST_CASE("a COMMIT under a ballot below the promise, or that counts an unknown life, is not accepted") {
    World w;
    REQUIRE(w.consensus.promise(w.t, 1, w.foreign(9)));
    CHECK_FALSE(w.consensus.accept(w.t, 2, {1, {8, 2}, {}, {change}, {}}));
    CHECK(w.sent<msg::Nack>(seed_id(2)).size() == 1);
    CHECK_FALSE(w.consensus.accept(w.t, 2, {1, {10, 2}, {}, {change}, {{1, 99}}}));
    CHECK(w.sent<msg::SeatAnswer>(seed_id(2)).size() == 1);
    CHECK(w.out.appends.empty());
}

TEST_CASE("a NACK makes the next ballot greater than what was promised") {
    World w;
    const msg::Propose first = w.propose();
    w.consensus.on_nack(w.t, 1, {first.epoch, first.ballot, {700, 1}});
    w.fire_round();
    CHECK(w.propose().ballot.round == 701);
}

TEST_CASE("a seed that comes back is asked at once, not at the end of the round") {
    World w;
    (void)w.propose();
    w.consensus.handle_seed_reached(w.t);
    CHECK(w.timer(TimerKind::vote_round).due == w.t.now);
}

TEST_CASE("a proposal for a later epoch is held until the list is there, and dropped by one in play") {
    World w;
    msg::Propose later = w.foreign(5);
    later.epoch = 2;
    w.consensus.hold(w.t, 1, later);
    CHECK_FALSE(w.consensus.take_held(w.t.ledger));
    w.admit(3);
    REQUIRE(w.consensus.take_held(w.t.ledger));
    CHECK_FALSE(w.consensus.take_held(w.t.ledger));
    later.epoch = 3;
    w.consensus.hold(w.t, 1, later);
    REQUIRE(w.consensus.promise(w.t, 2, {2, w.t.ledger.digest(), {6, 2}, {}}));
    w.admit(4);
    CHECK_FALSE(w.consensus.take_held(w.t.ledger));
}

TEST_CASE("messages that do not fit their sender are refused") {
    World w;
    CHECK(Consensus::fits(w.t, 1, w.foreign(5)));
    CHECK_FALSE(Consensus::fits(w.t, 2, w.foreign(5)));
    CHECK_FALSE(Consensus::fits(w.t, 1, w.foreign(Acceptor::round_limit + 1)));
    CHECK_FALSE(Consensus::fits(w.t, 1, msg::Commit{1, {5, 1}, {}, Batch(257, change), {}}));
    CHECK(w.said(NoticeKind::refused_message) == 3);
}

TEST_CASE("only a seat that may vote proposes or promises") {
    World w;
    w.requests.handle_wanted(w.t, {.change = change});
    CHECK(w.consensus.should_propose(w.t));
    w.decide({{.kind = ChangeKind::replace, .seat = 0, .new_life = 999}});
    w.seats.handle_list_changed(w.t);
    CHECK_FALSE(w.consensus.should_propose(w.t));
    CHECK_FALSE(w.consensus.promise(w.t, 1, w.foreign(5)));
    CHECK(w.sent<msg::Nack>(seed_id(1)).empty());
}
