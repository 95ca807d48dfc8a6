// Start, routing and the journal of a seed.

#include "protocol/seed/seed_machine.hpp"

#include "protocol/assert.hpp"
#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/seed/records.hpp"

#include <algorithm>

namespace gossip {
namespace {

Seat seat_in(const Config& config, NodeId node) {
    const auto it = std::find(config.seeds.begin(), config.seeds.end(), node);
    return it == config.seeds.end() ? no_seat : static_cast<Seat>(it - config.seeds.begin());
}

// Why a journal that parses is not this seat's.
std::string foreign(const HeaderRecord& header, const Config& config, Seat seat) {
    if (header.fingerprint != membership_fingerprint(config)) return "the journal belongs to another list of seeds";
    if (header.own.seat != seat) return "the journal belongs to another seat";
    return {};
}

std::string_view loss_text(LossReason reason) {
    switch (reason) {
        case LossReason::closed:
            return "connection closed";
        case LossReason::refused:
            return "connection refused";
        case LossReason::timed_out:
            return "no answer";
        case LossReason::slow:
            return "too slow";
        case LossReason::offence:
            return "broke the wire format";
    }
    return "lost";
}

}  // namespace

SeedMachine::SeedMachine(const Config& config, const Crypto& crypto, SeedOptions options, Rng rng,
                         std::span<const Record> journal)
    : config_(&config),
      crypto_(&crypto),
      options_(options),
      rng_(rng),
      ledger_(config.seed.history),
      seats_(config.seeds.size(), seat_in(config, options.self)) {
    GOSSIP_ASSERT(seats_.own() != no_seat);
    for (const NodeId seed : config.seeds) {
        if (seed != options.self) others_[seed] = {};
    }
    Recovered found = recover(crypto, config.seed.history, journal);
    journal_problem_ = std::move(found.problem);
    if (found.header) foreign_journal_ = foreign(*found.header, config, seats_.own());
    fresh_journal_ = !found.header || !journal_problem_.empty();
    ledger_ = std::move(found.ledger);  // before any damage, the good records are still the past
    if (!fresh_journal_) {
        seats_.set_life(found.header->own.life, 0);
        const auto own = found.lives.extract(seats_.own());
        allowed_to_vote_ = !own.empty() && own.mapped() == found.header->own.life;
        for (const auto& [seat, life] : found.lives) seats_.recovered(seat, life);
        acceptor_.recover(found.ceiling, std::move(found.accepted));
    }
}

void SeedMachine::step(Time now, const Event& event, Effects& out) {
    if (stopped_) return;
    Turn t{now, out};
    std::visit(Overloaded{
                   [&](const Started& e) { handle_started(e, t); },
                   [&](const Received& e) { handle_received(e, t); },
                   [&](const TimerFired& e) { handle_timer(e.tag, t); },
                   [&](const LinkLost& e) { handle_link_lost(e, t); },
                   [&](const Persisted& e) { handle_persisted(e, t); },
                   [&](const LeaveRequested&) { handle_leave(t); },
                   [&](const Publish&) {},
               },
               event);
    if (!stopped_) maybe_propose(t);
}

// ---------------------------------------------------------------- start

void SeedMachine::handle_started(const Started& event, Turn& t) {
    started_ = t.now;
    started_wall_ = event.wall;
    propose_not_before_ = t.now;
    accepted_patience_ = t.now + Pace::jittered(config_->seed.vote_timeout, rng_);
    directory_.rebuild(ledger_, t.now);
    announce_start(t);
    if (!foreign_journal_.empty()) return refuse_to_start(t);
    start_journal(t);
    send_sync(t);
    sync_timer_.set(t.now + Pace::jittered(config_->seed.sync_interval, rng_, 50), t.out);
    lease_timer_.set(t.now + Pace::jittered(config_->seed.lease / 2, rng_), t.out);
    check_quorum(t);
}

void SeedMachine::announce_start(Turn& t) {
    Notice started{NoticeKind::seed_started};
    started.subject = options_.self;
    started.count = static_cast<std::uint32_t>(seeds());
    started.need = static_cast<std::uint32_t>(majority(seeds()));
    for (const auto& [id, other] : others_) started.ids.push_back(id);
    t.out.notice(std::move(started));
    if (ledger_.epoch() == 0) return;
    Notice recovered{NoticeKind::seed_recovered};
    recovered.count = static_cast<std::uint32_t>(ledger_.members().size());
    recovered.epoch = ledger_.epoch();
    recovered.digest = ledger_.digest();
    t.out.notice(std::move(recovered));
}

// Another network's journal is neither believed nor overwritten.
void SeedMachine::refuse_to_start(Turn& t) {
    Notice waiting{NoticeKind::seed_waiting};
    waiting.text = foreign_journal_ + ": start with that configuration, or in another folder";
    t.out.notice(std::move(waiting));
    t.out.fatal = true;
    stopped_ = true;
}

// A new journal begins with its header; a damaged one is replaced as a whole.
void SeedMachine::start_journal(Turn& t) {
    if (fresh_journal_) {
        seats_.set_life(options_.fresh_life, appended_ + 1);
        if (journal_problem_.empty()) {
            const HeaderRecord header{membership_fingerprint(*config_), {seats_.own(), seats_.life()}};
            append(RecordType::header, encode(header), t);
        } else {
            append_snapshot(t);
        }
    }
    cover_round(acceptor_.promised().round + 1, t);
    const SeatLife given = ledger_.replaced_life(seats_.own());
    const bool replaced = given != 0 && given != seats_.life();
    const bool first_start = journal_problem_.empty() && (options_.bootstrap || seeds() == 1);
    if (!replaced && (allowed_to_vote_ || given == seats_.life() || first_start)) return start_voting(t);
    Notice waiting{NoticeKind::seed_waiting};
    waiting.text = "no journal";
    if (!fresh_journal_) waiting.text = "the journal never voted, or its seat was given to another";
    if (!journal_problem_.empty()) waiting.text = journal_problem_;
    waiting.text += ": asking the other seeds whether this seat has voted before";
    t.out.notice(std::move(waiting));
    ask_for_seat(t);
}

void SeedMachine::handle_leave(Turn& t) {
    Notice notice{NoticeKind::stopping};
    notice.role = Role::seed;
    t.out.notice(std::move(notice));
    t.out.finished = true;
}

// ---------------------------------------------------------------- routing

void SeedMachine::handle_received(const Received& event, Turn& t) {
    const NodeId from = event.from;
    const auto by_seed = [&](auto member, const auto& m) {
        if (const auto seat = proven_seat(event, t)) (this->*member)(*seat, m, t);
    };
    const auto unfit = [&](const auto&) {
        Notice notice{NoticeKind::unknown_message};
        notice.other = from;
        notice.text = message_name(event.message);
        t.out.notice(std::move(notice));
    };
    event.message.visit(Overloaded{
        [&](const msg::RegisterRequest& m) { on_register_request(from, m, t); },
        [&](const msg::GetPeerList& m) { on_get_peer_list(from, m, t); },
        [&](const msg::GetCandidates& m) { on_get_candidates(from, m, t); },
        [&](const msg::GetDelta& m) { on_get_delta(from, m, t); },
        [&](const msg::Lease& m) { on_lease(from, m, t); },
        [&](const msg::Leave& m) { on_leave(from, m, t); },
        [&](const msg::DeadNodeReport& m) { on_dead_node_report(from, m, t); },
        [&](const msg::Pong& m) { on_pong(from, m, t); },
        [&](const msg::Ping& m) { on_ping(from, m, t); },
        [&](const msg::Propose& m) { by_seed(&SeedMachine::on_propose, m); },
        [&](const msg::Vote& m) { by_seed(&SeedMachine::on_vote, m); },
        [&](const msg::Nack& m) { by_seed(&SeedMachine::on_nack, m); },
        [&](const msg::Behind& m) { by_seed(&SeedMachine::on_behind, m); },
        [&](const msg::Commit& m) { by_seed(&SeedMachine::on_commit, m); },
        [&](const msg::Ack& m) { by_seed(&SeedMachine::on_ack, m); },
        [&](const msg::Learn& m) { by_seed(&SeedMachine::on_learn, m); },
        [&](const msg::Sync& m) { by_seed(&SeedMachine::on_sync, m); },
        [&](const msg::Fetch& m) { by_seed(&SeedMachine::on_fetch, m); },
        [&](const msg::Decisions& m) { by_seed(&SeedMachine::on_decisions, m); },
        [&](const msg::SnapshotPart& m) { by_seed(&SeedMachine::on_snapshot_part, m); },
        [&](const msg::RemovalCase& m) { by_seed(&SeedMachine::on_removal_case, m); },
        [&](const msg::CaseOpinion& m) { by_seed(&SeedMachine::on_case_opinion, m); },
        [&](const msg::SeatQuery& m) { by_seed(&SeedMachine::on_seat_query, m); },
        [&](const msg::SeatAnswer& m) { by_seed(&SeedMachine::on_seat_answer, m); },
        [](const msg::Error&) {},
        unfit,
    });
}

std::optional<Seat> SeedMachine::seat_of(NodeId node) const {
    const Seat seat = seat_in(*config_, node);
    if (seat == no_seat || seat == seats_.own()) return std::nullopt;
    return seat;
}

std::optional<Seat> SeedMachine::proven_seat(const Received& event, Turn& t) {
    const auto seat = seat_of(event.from);
    if (event.trust != Trust::seed || !seat) {
        refuse(event.from, std::string(message_name(event.message)) + " from a node that is no proven seed", t);
        return std::nullopt;
    }
    heard_from(*seat, t);
    return seat;
}

void SeedMachine::refuse(NodeId from, std::string why, Turn& t) const {
    Notice notice{NoticeKind::refused_message};
    notice.other = from;
    notice.text = std::move(why);
    t.out.notice(std::move(notice));
}

void SeedMachine::handle_timer(const TimerTag& tag, Turn& t) {
    switch (tag.kind) {
        case TimerKind::propose_hold:
            (void)hold_timer_.fired(tag, t.now, t.out);
            break;  // step() proposes
        case TimerKind::vote_round:
            if (round_timer_.fired(tag, t.now, t.out)) handle_round_over(t);
            break;
        case TimerKind::pending_check:
            if (pending_timer_.fired(tag, t.now, t.out)) handle_pending_check(t);
            break;
        case TimerKind::sync:
            if (sync_timer_.fired(tag, t.now, t.out)) handle_sync(t);
            break;
        case TimerKind::seat_query:
            if (seat_timer_.fired(tag, t.now, t.out)) ask_for_seat(t);
            break;
        case TimerKind::lease_check:
            if (lease_timer_.fired(tag, t.now, t.out)) handle_lease_check(t);
            break;
        case TimerKind::seed_probe:
            handle_probe_timeout(tag, t);
            break;
        case TimerKind::case_deadline:
            handle_case_deadline(tag, t);
            break;
        default:
            break;
    }
}

void SeedMachine::handle_link_lost(const LinkLost& event, Turn& t) {
    if (const auto seat = seat_of(event.node)) return lost(*seat, std::string(loss_text(event.reason)), t);
    handle_probe_lost(event, t);
}

// ---------------------------------------------------------------- journal

AppendSeq SeedMachine::append(RecordType type, Bytes body, Turn& t, bool compact) {
    t.out.appends.push_back({++appended_, type, std::move(body), compact});
    return appended_;
}

void SeedMachine::append_snapshot(Turn& t) {
    SnapshotRecord record;
    record.header = {membership_fingerprint(*config_), {seats_.own(), seats_.life()}};
    record.ceiling = acceptor_.ceiling();
    if (const auto& accepted = acceptor_.accepted()) record.accepted.push_back({*accepted, ledger_.digest()});
    record.lives = seats_.met();
    record.snapshot = ledger_.snapshot();
    append(RecordType::snapshot, encode(record), t, true);
}

void SeedMachine::handle_persisted(const Persisted& event, Turn& t) {
    persisted_ = std::max(persisted_, event.upto);
    if (sync_measured_ && persisted_ >= sync_measured_->first) {
        pace_.measured_sync(t.now - sync_measured_->second);
        sync_measured_.reset();
    }
    release_held_votes(t);
    count_own_ack(t);
}

// ---------------------------------------------------------------- sending

void SeedMachine::send_to_seat(Seat seat, Message message, Turn& t, AppendSeq after) const {
    t.out.send(config_->seeds[seat], std::move(message), after);
}

void SeedMachine::send_to_seeds(const Message& message, Turn& t, AppendSeq after) const {
    for (const auto& [id, other] : others_) t.out.send(id, message, after);
}

WallMs SeedMachine::wall(Time now) const {
    return started_wall_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
}

// ---------------------------------------------------------------- observation

SeedStatus SeedMachine::status() const {
    SeedStatus s;
    s.seat = seats_.own();
    s.life = seats_.life();
    s.epoch = ledger_.epoch();
    s.digest = ledger_.digest();
    s.members = ledger_.members().size();
    s.pending = pending_.size();
    s.voting = seats_.standing() == Standing::voting && !stopped_;
    s.quorum = quorum_;
    return s;
}

std::vector<Member> SeedMachine::members() const { return ledger_.snapshot().members; }

}  // namespace gossip
