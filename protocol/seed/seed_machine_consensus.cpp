// One epoch's decision: PROPOSE, VOTE, COMMIT, ACK, LEARN (PROTOCOL.md section 2).

#include "protocol/canonical.hpp"
#include "protocol/mutant.hpp"
#include "protocol/names.hpp"
#include "protocol/seed/records.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

// A decision must fit a peer's line of 64 KiB, a removal's evidence a seed's line of 1 MiB.
constexpr std::size_t batch_cap = 256;
constexpr std::size_t mail_cap = 64;

std::uint32_t as_u32(std::size_t n) { return static_cast<std::uint32_t>(n); }

}  // namespace

// ---------------------------------------------------------------- proposing

// Called after every event: proposes as soon as there is work, nothing is in hand and courtesy allows.
void SeedMachine::maybe_propose(Turn& t) {
    if (seats_.standing() != Standing::voting || !proposer_.idle()) return;
    Time due = propose_not_before_;
    if (pending_.empty()) {
        if (!acceptor_.accepted()) return;
        due = std::max(due, accepted_patience_);
    }
    if (due > t.now) return hold_timer_.set(due, t.out);
    propose(t);
}

void SeedMachine::propose(Turn& t) {
    const Ballot ballot{next_round(), seats_.own()};
    seen_round_ = ballot.round;
    const std::size_t limit = std::min<std::size_t>(config_->seed.batch_limit, batch_cap);
    proposer_.open(ledger_.epoch() + 1, ballot, pending_.next(limit));
    const AppendSeq after = cover_round(ballot.round, t);
    msg::Propose proposal{proposer_.epoch(), ledger_.digest(), ballot, {}};
    msg::Vote vote{proposer_.epoch(), ballot, seats_.life(), {}, {}, {}, {}};
    if (acceptor_.accepted()) vote.accepted.push_back(*acceptor_.accepted());
    for (const Proposer::AskState& state : proposer_.asks()) {
        proposal.asks.push_back(state.ask);
        vote.opinions.push_back(judge(state.ask, t.now));
        PendingAsk* entry = pending_.find(state.ask.change);
        if (entry == nullptr || entry->opened) continue;
        entry->opened = true;
        Notice opened = ask_notice(NoticeKind::proposal_opened, state.ask);
        opened.count = 1;
        t.out.notice(std::move(opened));
    }
    proposed_at_ = t.now;
    accepted_patience_ = t.now + 2 * config_->seed.vote_timeout;
    round_timer_.set(t.now + config_->seed.vote_timeout, t.out);
    send_to_seeds(proposal, t, after);
    if (acceptor_.promise(ballot)) held_votes_.push_back({seats_.own(), after, std::move(vote)});
    release_held_votes(t);
}

std::uint64_t SeedMachine::next_round() const {
    if (mutant == Mutant::ballot_reuse) return seen_round_ + 1;
    return std::max(acceptor_.promised().round, seen_round_) + 1;
}

// The append a message about this round has to wait for: the ceiling above it must be on disk.
AppendSeq SeedMachine::cover_round(std::uint64_t round, Turn& t) {
    if (mutant == Mutant::promise_not_durable) return 0;
    if (const auto ceiling = acceptor_.ceiling_needed(round)) {
        acceptor_.ceiling_appended(*ceiling, append(RecordType::ceiling, encode_ceiling(*ceiling), t));
    }
    return acceptor_.covered_by(round);
}

// ---------------------------------------------------------------- voting

bool SeedMachine::in_play(Seat from, Epoch epoch, const Digest& previous, Turn& t) {
    if (epoch > ledger_.epoch() + 1) apply_accepted_if(epoch - 1, previous, t);
    if (epoch == ledger_.epoch() + 1) return !alarmed(from, epoch - 1, previous, t);
    if (epoch <= ledger_.epoch()) {
        send_to_seat(from, msg::Behind{ledger_.epoch(), ledger_.digest()}, t);
    } else {
        send_fetch(from, t);
    }
    return false;
}

void SeedMachine::on_propose(Seat from, const msg::Propose& m, Turn& t) {
    if (m.ballot.seat != from || m.ballot.round > Acceptor::round_limit || m.asks.size() > batch_cap) {
        return refuse(config_->seeds[from], "PROPOSE that does not fit its sender", t);
    }
    if (m.epoch > ledger_.epoch() + 1) held_proposal_ = {from, m};
    if (!in_play(from, m.epoch, m.previous, t)) return;
    held_proposal_.reset();
    if (seats_.standing() == Standing::voting) vote_on(from, m, t);
}

void SeedMachine::vote_on(Seat from, const msg::Propose& m, Turn& t) {
    if (!acceptor_.promise(m.ballot)) {
        return send_to_seat(from, msg::Nack{m.epoch, m.ballot, acceptor_.promised()}, t);
    }
    const AppendSeq after = cover_round(m.ballot.round, t);
    yield_to(m.ballot, t);
    msg::Vote vote{
        m.epoch, m.ballot, seats_.life(), {}, {}, pending_.mail(mail_cap), crypto_->public_key(options_.self)};
    if (acceptor_.accepted()) vote.accepted.push_back(*acceptor_.accepted());
    for (const Ask& ask : m.asks) {
        Notice received = ask_notice(NoticeKind::proposal_received, ask);
        received.other = config_->seeds[from];
        t.out.notice(std::move(received));
        vote.opinions.push_back(judge(ask, t.now));
        Notice cast = ask_notice(NoticeKind::vote_cast, ask);
        cast.yes = vote.opinions.back().opinion == Opinion::yes;
        cast.text = vote.opinions.back().reason;
        t.out.notice(std::move(cast));
        probe_for_next_vote(ask, vote.opinions.back().opinion, t);
    }
    send_to_seat(from, std::move(vote), t, after);
}

// Courtesy: whoever promised to another's ballot leaves it alone for a few round trips. A proposal
// of ours that has not come to its COMMIT is over; its asks travel as mail. That was a duel: without
// a growing back-off two seeds far from the others would interrupt each other for ever.
void SeedMachine::yield_to(Ballot ballot, Turn& t) {
    const bool duel = proposer_.phase() == Proposer::Phase::voting && proposer_.ballot() < ballot;
    const Duration longer = duel ? pace_.back_off(rng_) : Duration::zero();  // drawn first: a run is one sequence
    const Duration hold = std::max(pace_.courtesy(rng_), longer);
    propose_not_before_ = std::max(propose_not_before_, t.now + hold);
    if (duel) drop_proposal();
}

// ---------------------------------------------------------------- counting votes

void SeedMachine::on_vote(Seat from, const msg::Vote& m, Turn& t) {
    others_.at(config_->seeds[from]).key = m.key;
    if (proposer_.idle() || m.ballot != proposer_.ballot() || m.epoch != proposer_.epoch() || m.life == 0) return;
    // A round takes as long as the vote that completes the quorum, not as the nearest seat's.
    if (proposer_.votes() + 1 == quorum_of(seeds())) pace_.measured_round_trip(t.now - proposed_at_);
    const AppendSeq after = meet(from, m.life, t);
    if (seats_.known(from, ledger_) != m.life) {
        return refuse(config_->seeds[from], "VOTE of a life of its seat that was replaced or never vouched for", t);
    }
    if (held_votes_.size() < 4 * seeds()) held_votes_.push_back({from, after, m});
    release_held_votes(t);
}

void SeedMachine::release_held_votes(Turn& t) {
    std::vector<HeldVote> held = std::exchange(held_votes_, {});
    for (HeldVote& vote : held) {
        if (vote.after <= persisted_) {
            count_vote(vote.seat, vote.vote, t);
        } else if (vote.vote.ballot == proposer_.ballot()) {
            held_votes_.push_back(std::move(vote));
        }
    }
}

void SeedMachine::count_vote(Seat from, const msg::Vote& m, Turn& t) {
    if (!proposer_.add_vote(from, m)) return;
    if (from != seats_.own()) announce_votes(from, m, t);
    for (const Ask& ask : m.mail) {
        if (!settled(ask.change, ledger_)) pending_.add(ask, t.now, true);
    }
    settle_votes(false, t);
}

void SeedMachine::settle_votes(bool last, Turn& t) {
    auto choice = proposer_.choose(seeds(), last);
    if (!choice) return;
    if (choice->adopted) {
        Notice recovery{NoticeKind::recovery};
        recovery.epoch = proposer_.epoch();
        if (!choice->batch.empty()) {
            recovery.proposal = proposal_id(choice->batch.front(), proposer_.best()->ballot.seat);
        }
        t.out.notice(std::move(recovery));
        return start_commit(std::move(choice->batch), t);
    }
    const std::string few = "too few seeds agree";
    for (const std::size_t i : choice->rejected) reject(proposer_.asks()[i], proposer_.asks()[i].reason, t);
    for (const std::size_t i : choice->undecided) {
        const auto& state = proposer_.asks()[i];
        if (state.ask.change.kind == ChangeKind::remove) reject(state, state.reason.empty() ? few : state.reason, t);
    }
    if (choice->batch.empty()) {
        if (!choice->undecided.empty()) propose_not_before_ = t.now + pace_.back_off(rng_);
        return drop_proposal();
    }
    start_commit(std::move(choice->batch), t);
}

void SeedMachine::on_nack(Seat, const msg::Nack& m, Turn& t) {
    if (proposer_.idle() || m.ballot != proposer_.ballot() || m.epoch != proposer_.epoch()) return;
    if (m.promised.round > Acceptor::round_limit) return;
    seen_round_ = std::max(seen_round_, m.promised.round);
    round_timer_.set(t.now + pace_.back_off(rng_), t.out);
}

// ---------------------------------------------------------------- committing

void SeedMachine::start_commit(Batch batch, Turn& t) {
    msg::Commit commit{proposer_.epoch(), proposer_.ballot(), ledger_.digest(), batch, {}};
    commit.lives = seats_.countable(ledger_, persisted_);
    proposer_.commit(std::move(batch), commit.lives);
    round_timer_.set(t.now + config_->seed.vote_timeout, t.out);
    send_to_seeds(commit, t);
    if (!acceptor_.accept(commit.epoch, commit.ballot, commit.batch)) return;
    accepted_patience_ = t.now + 2 * config_->seed.vote_timeout;
    own_ack_after_ = append_accepted(t);
    count_own_ack(t);
}

AppendSeq SeedMachine::append_accepted(Turn& t) {
    if (mutant == Mutant::accept_not_durable) return 0;
    const AppendSeq seq =
        append(RecordType::accepted, encode(AcceptedRecord{*acceptor_.accepted(), ledger_.digest()}), t);
    if (!sync_measured_) sync_measured_ = {seq, t.now};
    return seq;
}

void SeedMachine::count_own_ack(Turn& t) {
    if (!own_ack_after_ || *own_ack_after_ > persisted_) return;
    own_ack_after_.reset();
    proposer_.add_ack(seats_.own(), {proposer_.epoch(), proposer_.ballot(), seats_.life()});
    check_decided(t);
}

void SeedMachine::on_commit(Seat from, const msg::Commit& m, Turn& t) {
    if (m.ballot.seat != from || m.ballot.round > Acceptor::round_limit || m.batch.size() > batch_cap) {
        return refuse(config_->seeds[from], "COMMIT that does not fit its sender", t);
    }
    if (!in_play(from, m.epoch, m.previous, t)) return;
    if (seats_.standing() != Standing::voting || !lives_agree(from, m.lives, t)) return;
    cover_round(m.ballot.round, t);
    if (!acceptor_.accept(m.epoch, m.ballot, m.batch)) {
        return send_to_seat(from, msg::Nack{m.epoch, m.ballot, acceptor_.promised()}, t);
    }
    for (const SeatInfo& info : m.lives) meet(info.seat, info.life, t);
    yield_to(m.ballot, t);
    accepted_patience_ = t.now + Pace::jittered(2 * config_->seed.vote_timeout, rng_);
    send_to_seat(from, msg::Ack{m.epoch, m.ballot, seats_.life()}, t, append_accepted(t));
}

// False when the sender counts a life that is not the one known here; it is told.
bool SeedMachine::lives_agree(Seat from, const std::vector<SeatInfo>& lives, Turn& t) const {
    for (const SeatInfo& info : lives) {
        if (info.seat >= seeds()) return false;
        const SeatLife known = seats_.known(info.seat, ledger_);
        if (known == 0 || known == info.life) continue;
        send_to_seat(from, msg::SeatAnswer{info.seat, info.life, known}, t);
        return false;
    }
    return true;
}

void SeedMachine::on_ack(Seat from, const msg::Ack& m, Turn& t) {
    if (proposer_.add_ack(from, m)) check_decided(t);
}

void SeedMachine::check_decided(Turn& t) {
    if (!proposer_.decided(seeds())) return;
    const Decision decision = ledger_.next(*crypto_, proposer_.batch());
    send_to_seeds(msg::Learn{decision.epoch, proposer_.ballot(), decision.digest}, t);
    announce_outcomes(decision, t);
    pace_.succeeded();
    apply(decision, t);
}

void SeedMachine::on_learn(Seat from, const msg::Learn& m, Turn& t) {
    if (apply_accepted_if(m.epoch, m.digest, t) || alarmed(from, m.epoch, m.digest, t)) return;
    if (m.epoch > ledger_.epoch()) send_fetch(from, t);
}

// ---------------------------------------------------------------- ends of a round

// The round took too long: too few votes, too few acks, or a NACK's back-off is over.
void SeedMachine::handle_round_over(Turn& t) {
    if (proposer_.phase() == Proposer::Phase::voting) settle_votes(true, t);
    if (proposer_.idle()) return;
    if (proposer_.phase() == Proposer::Phase::committing && round_timer_.is_set()) return;  // just begun
    if (proposer_.phase() == Proposer::Phase::committing) {
        for (const Change& change : proposer_.batch()) {
            const PendingAsk* entry = pending_.find(change);
            if (entry != nullptr) t.out.notice(ask_notice(NoticeKind::outcome_unknown, entry->ask));
        }
    }
    drop_proposal();
    propose_not_before_ = t.now + pace_.back_off(rng_);
    check_quorum(t);
}

// The asks stay pending, but for mail: its owner asks again.
void SeedMachine::drop_proposal() {
    for (const Proposer::AskState& state : proposer_.asks()) {
        const PendingAsk* entry = pending_.find(state.ask.change);
        if (entry != nullptr && entry->carried) pending_.erase(state.ask.change);
    }
    proposer_.drop();
    held_votes_.clear();
    own_ack_after_.reset();
    round_timer_.clear();
}

void SeedMachine::reject(const Proposer::AskState& state, std::string reason, Turn& t) {
    Notice notice = ask_notice(NoticeKind::rejected, state.ask);
    notice.count = state.yes;
    notice.of = as_u32(seeds());
    notice.digest = ledger_.digest();
    notice.text = reason;
    t.out.notice(std::move(notice));
    const PendingAsk* entry = pending_.find(state.ask.change);
    if (entry == nullptr) return;
    if (state.ask.change.kind == ChangeKind::add) {
        for (const NodeId client : entry->clients) {
            refuse_registration(client, state.ask.change.peer, reason, Incarnation::none, t);
        }
    }
    pending_.erase(state.ask.change);
}

// ---------------------------------------------------------------- log lines

Notice SeedMachine::ask_notice(NoticeKind kind, const Ask& ask) const {
    Notice notice{kind};
    notice.subject = ask.change.peer;
    notice.incarnation = ask.change.incarnation;
    notice.add = ask.change.kind == ChangeKind::add;
    notice.proposal = ask.proposal;
    notice.epoch = ledger_.epoch() + 1;
    notice.need = as_u32(majority(seeds()));
    if (const RemovalCase* c = cases_.find(ask.change.peer)) notice.other = c->reporter;
    return notice;
}

void SeedMachine::announce_votes(Seat from, const msg::Vote& m, Turn& t) const {
    const auto asks = proposer_.asks();
    for (std::size_t i = 0; i < asks.size() && i < m.opinions.size(); ++i) {
        Notice notice = ask_notice(NoticeKind::vote_received, asks[i].ask);
        notice.other = config_->seeds[from];
        notice.yes = m.opinions[i].opinion == Opinion::yes;
        notice.count = asks[i].yes;
        t.out.notice(std::move(notice));
    }
}

void SeedMachine::announce_outcomes(const Decision& decision, Turn& t) {
    std::map<Change, std::uint32_t> votes;
    for (const Proposer::AskState& state : proposer_.asks()) votes[state.ask.change] = state.yes;
    for (const Change& change : decision.batch) {
        PendingAsk* entry = pending_.find(change);
        if (entry == nullptr) continue;
        entry->votes = std::max(votes[change], as_u32(majority(seeds())));  // adopted: a quorum wanted it before
        Notice notice = ask_notice(NoticeKind::approved, entry->ask);
        notice.count = entry->votes;
        notice.of = as_u32(seeds());
        notice.digest = decision.digest;
        t.out.notice(std::move(notice));
    }
}

}  // namespace gossip
