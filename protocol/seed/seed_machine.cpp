#include "protocol/seed/seed_machine.hpp"

#include "protocol/assert.hpp"
#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/seed/list/records.hpp"
#include "protocol/seed/opinions.hpp"

#include <optional>
#include <string>
#include <utility>

namespace gossip {
namespace {

// Why a journal that parses is not this seat's; empty when it is.
std::string foreign(const HeaderRecord& header, const Config& config, Seat seat) {
    if (header.fingerprint != membership_fingerprint(config)) return "the journal belongs to another list of seeds";
    if (header.own.seat != seat) return "the journal belongs to another seat";
    return {};
}

JournalState journal_state(const Recovered& found, const Config& config, Seat seat) {
    JournalState journal;
    if (found.header && found.problem.empty()) journal.recovered();
    if (!found.problem.empty()) journal.set_fault(JournalState::Fault::damaged, found.problem);
    if (!found.header) return journal;
    if (std::string why = foreign(*found.header, config, seat); !why.empty()) {
        journal.set_fault(JournalState::Fault::foreign, std::move(why));
    }
    return journal;
}

}  // namespace

SeedMachine::SeedMachine(const Config& config, const Crypto& crypto, SeedOptions options, Rng rng,
                         std::span<const Record> journal)
    : config_(&config),
      crypto_(&crypto),
      options_(options),
      rng_(rng),
      replica_(config.seed.history),
      seats_(config.seeds.size(), seat_in(config, options.self)),
      neighbours_(config, options.self) {
    GOSSIP_ASSERT(seats_.own() != no_seat);
    Recovered found = recover(crypto, config.seed.history, journal);
    journal_ = journal_state(found, config, seats_.own());
    replica_.recover(std::move(found.ledger));  // before any damage, the good records are still the past
    if (journal_.fresh()) return;
    const SeatLife life = found.header->own.life;
    const auto own = found.lives.extract(seats_.own());
    seats_.recover(life, !own.empty() && own.mapped() == life, found.lives);
    consensus_.recover(found.ceiling, std::move(found.accepted));
}

SeedTurn SeedMachine::turn(Time now, Effects& out) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_.at);
    return {{now, options_.self, *config_, *crypto_, rng_, out},
            seats_.own(),
            start_.wall + since.count(),
            journal_,
            replica_.ledger(),
            seats_,
            neighbours_,
            desk_.directory(),
            addresses_,
            requests_,
            removals_};
}

void SeedMachine::step(Time now, const Event& event, Effects& out) {
    if (stopped_) return;
    SeedTurn t = turn(now, out);
    std::visit(Overloaded{
                   [&](const Started& e) { handle_started(t, e); },
                   [&](const Received& e) { handle_received(t, e); },
                   [&](const TimerFired& e) { handle_timer(t, e.tag); },
                   [&](const LinkLost& e) { handle_link_lost(t, e); },
                   [&](const Persisted& e) {
                       journal_.handle_persisted(e.upto);
                       consensus_.handle_persisted(t);
                   },
                   [&](const LeaveRequested&) {
                       t.notice({.kind = NoticeKind::stopping, .role = Role::seed});
                       out.finished = true;
                   },
                   [&](const Publish&) {},
               },
               event);
    route(t);
    if (!out.fatal && consensus_.should_propose(t)) propose(t);
    stopped_ = out.fatal;
}

// ---------------------------------------------------------------- facts

// Each fact goes to the parts that have to act on it. Those may raise others, which come next.
void SeedMachine::route(SeedTurn& t) {
    const auto hand_on = Overloaded{
        [&](const fact::SeedReached&) { consensus_.handle_seed_reached(t); },
        [&](const fact::QuorumBack&) { consensus_.handle_quorum_back(t); },
        [&](const fact::RoundFailed&) { neighbours_.check_quorum(t); },
        [&](const fact::AsksCarried& f) { requests_.handle_carried(t, f.asks); },
        [&](const fact::AskRejected& f) { requests_.handle_rejected(t, f); },
        [&](const fact::BatchChosen& f) { consensus_.commit(t, f.batch); },
        [&](const fact::ProposalOver& f) { requests_.handle_proposal_over(f.changes); },
        [&](const fact::EpochDecided& f) { apply(t, f); },
        [&](const fact::ChangeWanted& f) { requests_.handle_wanted(t, f.ask); },
        [&](const fact::PeerAcknowledged& f) { desk_.expect_lease(t, f.peer); },
        [&](const fact::AddressUnknown& f) {
            if (!addresses_.begin(t, f.add)) requests_.handle_address_unchecked(t, f.add.peer);
        },
        [&](const fact::AddressChecked& f) {
            requests_.handle_address_checked(t, f.peer);
            if (const auto held = consensus_.take_unchecked()) {
                on_propose(t, held->seat, held->propose, held->since);
            }
        },
        [&](const fact::PeerAlive& f) { removals_.handle_alive(t, f.peer); },
    };
    while (!t.facts.empty()) {
        for (const SeedFact& fact : std::exchange(t.facts, {})) std::visit(hand_on, fact);
    }
}

// ---------------------------------------------------------------- start

void SeedMachine::handle_started(SeedTurn& t, const Started& event) {
    start_ = {t.now, event.wall};
    t.wall = event.wall;
    neighbours_.handle_started(t);
    consensus_.handle_started(t);
    desk_.rebuild(t);
    replica_.handle_started(t);
    if (journal_.fault() == JournalState::Fault::foreign) {  // neither believed nor overwritten
        t.notice({.kind = NoticeKind::seed_waiting,
                  .text = journal_.fault_text() + ": start with that configuration, or in another folder"});
        t.out.fatal = true;
        return;
    }
    if (journal_.fresh()) {
        seats_.begin_life(options_.fresh_life, journal_);
        if (journal_.fault() == JournalState::Fault::damaged) {
            write_snapshot(t);  // takes the place of the whole journal
        } else {
            const SeatInfo own{t.seat, seats_.life()};
            t.append(RecordType::header, encode(HeaderRecord{membership_fingerprint(t.config), own}));
        }
    }
    consensus_.cover_next_round(t);
    seats_.handle_started(t, options_.bootstrap);
    send_sync(t);
    neighbours_.arm_sync(t);
    removals_.arm_lease_check(t);
    neighbours_.check_quorum(t);
}

void SeedMachine::write_snapshot(SeedTurn& t) const {
    SnapshotRecord record;
    record.header = {membership_fingerprint(t.config), {t.seat, seats_.life()}};
    record.ceiling = consensus_.acceptor().ceiling();
    if (const auto& accepted = consensus_.acceptor().accepted()) {
        record.accepted.push_back({*accepted, t.ledger.digest()});
    }
    record.lives = seats_.met();
    record.snapshot = t.ledger.snapshot();
    t.append(RecordType::snapshot, encode(record), true);
}

// ---------------------------------------------------------------- events

void SeedMachine::handle_received(SeedTurn& t, const Received& event) {
    const NodeId from = event.from;
    const auto from_seed = [&](const auto& hand_on) {
        if (const Seat seat = proven_seat(t, event); seat != no_seat) hand_on(seat);
    };
    event.message.visit(Overloaded{
        [&](const msg::RegisterRequest& m) { requests_.on_register_request(t, from, m); },
        [&](const msg::ChallengeAnswer& m) { addresses_.on_answer(t, m); },
        [&](const msg::Leave& m) { requests_.on_leave(t, from, m); },
        [&](const msg::GetPeerList& m) { desk_.on_get_peer_list(t, from, m); },
        [&](const msg::GetCandidates& m) { desk_.on_get_candidates(t, from, m); },
        [&](const msg::GetDelta& m) { desk_.on_get_delta(t, from, m); },
        [&](const msg::Lease& m) {
            if (!desk_.on_lease(t, from, event.trust, m)) return;
            route(t);  // what the sign of life sets off comes before the answer
            desk_.answer_lease(t, from, m);
        },
        [&](const msg::Ping& m) { desk_.on_ping(t, from, m); },
        [&](const msg::Pong& m) { desk_.on_pong(t, from, event.trust, m); },
        [&](const msg::DeadNodeReport& m) { removals_.on_dead_node_report(t, from, m); },
        [&](const msg::RemovalCase& m) { from_seed([&](Seat s) { removals_.on_removal_case(t, s, m); }); },
        [&](const msg::CaseOpinion& m) { from_seed([&](Seat s) { removals_.on_case_opinion(t, s, m); }); },
        [&](const msg::Propose& m) { from_seed([&](Seat s) { on_propose(t, s, m, t.now); }); },
        [&](const msg::Vote& m) { from_seed([&](Seat s) { on_vote(t, s, m); }); },
        [&](const msg::Nack& m) { from_seed([&](Seat s) { consensus_.on_nack(t, s, m); }); },
        [&](const msg::Commit& m) { from_seed([&](Seat s) { on_commit(t, s, m); }); },
        [&](const msg::Ack& m) { from_seed([&](Seat s) { consensus_.on_ack(t, s, m); }); },
        [&](const msg::Learn& m) {
            from_seed([&](Seat s) {
                apply_accepted(t, m.epoch, m.digest);
                replica_.on_learn(t, s, m);
            });
        },
        [&](const msg::Behind& m) { from_seed([&](Seat s) { replica_.on_behind(t, s, m); }); },
        [&](const msg::Sync& m) { from_seed([&](Seat s) { on_sync(t, s, m); }); },
        [&](const msg::Fetch& m) { from_seed([&](Seat s) { replica_.on_fetch(t, s, m); }); },
        [&](const msg::Decisions& m) { from_seed([&](Seat s) { on_decisions(t, s, m); }); },
        [&](const msg::SnapshotPart& m) { from_seed([&](Seat s) { on_snapshot_part(t, s, m); }); },
        [&](const msg::SeatQuery& m) { from_seed([&](Seat s) { seats_.on_seat_query(t, s, m); }); },
        [&](const msg::SeatAnswer& m) { from_seed([&](Seat s) { seats_.on_seat_answer(t, s, m); }); },
        [](const msg::Error&) {},
        [&](const auto&) {
            t.notice(
                {.kind = NoticeKind::unknown_message, .other = from, .text = std::string(message_name(event.message))});
        },
    });
}

// The sender's seat, which answers; no_seat, and the sender is refused, when it is no proven seed.
Seat SeedMachine::proven_seat(SeedTurn& t, const Received& event) {
    const Seat seat = t.seat_of(event.from);
    if (event.trust != Trust::seed || seat == no_seat) {
        t.refuse(event.from, std::string(message_name(event.message)) + " from a node that is no proven seed");
        return no_seat;
    }
    neighbours_.handle_heard(t, seat);
    route(t);
    return seat;
}

void SeedMachine::handle_timer(SeedTurn& t, const TimerTag& tag) {
    switch (tag.kind) {
        case TimerKind::propose_hold:
            return consensus_.handle_hold_over(t, tag);
        case TimerKind::vote_round:
            return consensus_.handle_round_timer(t, tag);
        case TimerKind::pending_check:
            if (!requests_.check_due(t, tag)) return;
            neighbours_.check_quorum(t);
            return requests_.handle_check(t);
        case TimerKind::sync:
            if (!neighbours_.sync_due(t, tag)) return;
            neighbours_.arm_sync(t);
            neighbours_.mark_silent(t);
            removals_.look_for_lost(t);
            return send_sync(t);
        case TimerKind::seat_query:
            return seats_.handle_seat_query_due(t, tag);
        case TimerKind::lease_check:
            return removals_.handle_lease_check(t, tag);
        case TimerKind::address_check:
            return addresses_.handle_timeout(t, tag);
        case TimerKind::seed_probe:
            return removals_.handle_probe_timeout(t, tag);
        case TimerKind::case_deadline:
            return removals_.handle_case_deadline(t, tag);
        default:
            return;
    }
}

void SeedMachine::handle_link_lost(SeedTurn& t, const LinkLost& event) {
    const Seat seat = t.seat_of(event.node);
    if (seat == no_seat) {
        addresses_.handle_link_lost(t, event);
        return removals_.handle_link_lost(t, event);
    }
    neighbours_.handle_link_lost(t, seat, event.reason);
}

// To all seeds: at most 32 of them, and it is also how each knows who answers.
void SeedMachine::send_sync(SeedTurn& t) {
    if (t.seeds() > 1) replica_.send_sync(t, desk_.take_degrees());
}

// ---------------------------------------------------------------- messages that concern several parts

// `since` it is here; which registrations have no node at their address has to show after that.
void SeedMachine::on_propose(SeedTurn& t, Seat from, const msg::Propose& m, Time since) {
    if (!Consensus::fits(t, from, m)) return;
    apply_accepted(t, m.epoch - 1, m.previous);
    if (!replica_.in_play(t, from, m.epoch, m.previous)) return consensus_.hold(t, from, m);
    if (addresses_.awaited(t, adds_to_check(t, m.asks), since)) return consensus_.hold_unchecked(from, m, since);
    if (!consensus_.promise(t, from, m)) return;
    std::vector<msg::AskOpinion> opinions = opinions_on(t, m.asks);
    removals_.probe_for_next_vote(t, m.asks, opinions);
    consensus_.vote(t, from, m, std::move(opinions));
}

void SeedMachine::on_vote(SeedTurn& t, Seat from, const msg::Vote& m) {
    neighbours_.learn_key(t, from, m.key);
    if (consensus_.awaits(m)) seats_.meet(t, from, m.life);
    consensus_.on_vote(t, from, m);
}

void SeedMachine::on_commit(SeedTurn& t, Seat from, const msg::Commit& m) {
    if (!Consensus::fits(t, from, m)) return;
    apply_accepted(t, m.epoch - 1, m.previous);
    if (!replica_.in_play(t, from, m.epoch, m.previous)) return;
    if (!consensus_.accept(t, from, m)) return;
    for (const SeatInfo& info : m.lives) seats_.meet(t, info.seat, info.life);
    consensus_.acknowledge(t, from, m);
}

void SeedMachine::on_sync(SeedTurn& t, Seat from, const msg::Sync& m) {
    neighbours_.learn_key(t, from, m.key);
    desk_.learn_degrees(m.degrees);
    seats_.meet(t, from, m.life);
    apply_accepted(t, m.epoch, m.digest);
    replica_.on_sync(t, from, m);
}

void SeedMachine::on_decisions(SeedTurn& t, Seat from, const msg::Decisions& m) {
    const Epoch before = t.ledger.epoch();
    for (const Decision& decision : m.decisions) {
        if (decision.epoch != t.ledger.epoch() + 1) continue;
        if (!replica_.continues(t, from, decision)) return;
        apply(t, {decision, {}});
    }
    if (t.ledger.epoch() == before) return;
    replica_.handle_caught_up(t, from, t.ledger.epoch() - before);
    if (const auto held = consensus_.take_held(t.ledger)) on_propose(t, held->seat, held->propose, t.now);
}

void SeedMachine::on_snapshot_part(SeedTurn& t, Seat from, const msg::SnapshotPart& m) {
    const std::optional<Snapshot> whole = replica_.on_snapshot_part(m);
    if (!whole) return;
    const Epoch before = t.ledger.epoch();
    replica_.install(t, *whole);
    consensus_.handle_list_changed(t);
    desk_.rebuild(t);
    write_snapshot(t);
    answer_by_list(t, {});
    replica_.handle_caught_up(t, from, t.ledger.epoch() - before);
}

// ---------------------------------------------------------------- what parts do together

void SeedMachine::propose(SeedTurn& t) {
    std::vector<Ask> asks = requests_.open_next(t, Consensus::batch_limit(t.config));
    // Some have waited for so long that they may have gone.
    if (addresses_.awaited(t, adds_to_check(t, asks))) return consensus_.await_addresses(t);
    std::vector<msg::AskOpinion> opinions = opinions_on(t, asks);
    consensus_.propose(t, std::move(asks), std::move(opinions));
    route(t);
}

// A decided epoch enters the list, and everything that rests on the list follows.
void SeedMachine::apply(SeedTurn& t, const fact::EpochDecided& decided) {
    const Batch effective = replica_.apply(t, decided);
    consensus_.handle_list_changed(t);
    desk_.handle_decided(t, effective);
    answer_by_list(t, decided.votes);
    desk_.spread(t, decided.decision);
    if (decided.decision.epoch % t.config.seed.history == 0) write_snapshot(t);
}

// Another seed's message says that `epoch` was decided: if its digest is that of the batch accepted here, so was it.
void SeedMachine::apply_accepted(SeedTurn& t, Epoch epoch, const Digest& digest) {
    if (auto decision = consensus_.accepted_leading_to(t, epoch, digest)) apply(t, {std::move(*decision), {}});
}

// Whoever waited for this epoch is answered.
void SeedMachine::answer_by_list(SeedTurn& t, const VotesFor& votes) {
    seats_.handle_list_changed(t);
    requests_.handle_list_changed(t, votes);
    removals_.handle_list_changed(t);
    route(t);
}

// ---------------------------------------------------------------- observation

bool SeedMachine::vouches(NodeId node, const PublicKey& key, const Credential& /*shown*/) const {
    const Member* member = replica_.ledger().find(node);
    return member != nullptr && member->protocol > 0 && member->key == key;
}

SeedStatus SeedMachine::status() const {
    SeedStatus s;
    s.seat = seats_.own();
    s.life = seats_.life();
    s.epoch = replica_.ledger().epoch();
    s.digest = replica_.ledger().digest();
    s.members = replica_.ledger().members().size();
    s.pending = requests_.size();
    s.voting = seats_.standing() == Standing::voting && !stopped_;
    s.quorum = neighbours_.quorum();
    return s;
}

std::vector<Member> SeedMachine::members() const { return replica_.ledger().snapshot().members; }

// Positions in the journal grow for ever: only what is still awaited tells states apart. The list is
// represented by its digest.
void SeedMachine::fingerprint(ByteWriter& out) const {
    out.u8(stopped_);
    out.u64(journal_.awaited(journal_.appended()));
    replica_.fingerprint(out);
    consensus_.fingerprint(out, journal_);
    seats_.fingerprint(out, replica_.ledger(), journal_);
    neighbours_.fingerprint(out);
    addresses_.fingerprint(out);
    requests_.fingerprint(out);
    removals_.fingerprint(out);
}

}  // namespace gossip
