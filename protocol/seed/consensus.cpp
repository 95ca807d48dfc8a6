#include "protocol/seed/consensus.hpp"

#include "protocol/canonical.hpp"
#include "protocol/mutant.hpp"
#include "protocol/quorum.hpp"
#include "protocol/seed/fingerprint.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/list/records.hpp"
#include "protocol/seed/requests.hpp"
#include "protocol/seed/seats.hpp"

#include <algorithm>
#include <string>

namespace gossip {
namespace {

// A decision must fit a peer's line of 64 KiB, a removal's evidence a seed's line of 1 MiB.
constexpr std::size_t batch_cap = 256;
constexpr Duration address_patience = std::chrono::milliseconds(20);

void write(ByteWriter& out, const msg::Vote& vote) {
    out.u64(vote.epoch);
    gossip::write(out, vote.ballot);
    out.u64(vote.life);
    for (const Accepted& accepted : vote.accepted) gossip::write(out, accepted);
    for (const msg::AskOpinion& opinion : vote.opinions) out.u8(static_cast<std::uint8_t>(opinion.opinion));
    for (const Ask& ask : vote.carried_asks) gossip::write(out, ask.change);
}

}  // namespace

// ---------------------------------------------------------------- start, writing ahead

void Consensus::recover(std::uint64_t ceiling, std::optional<Accepted> accepted) {
    acceptor_.recover(ceiling, std::move(accepted));
}

void Consensus::handle_started(SeedTurn& t) {
    propose_not_before_ = t.now;
    accepted_patience_ = t.now + t.rng.around(t.config.seed.vote_timeout, 30);
}

// The append a message about this round has to wait for: the ceiling above it must be on disk.
AppendSeq Consensus::cover_round(SeedTurn& t, std::uint64_t round) {
    if (mutant == Mutant::promise_not_durable) return 0;
    if (const auto ceiling = acceptor_.ceiling_needed(round)) {
        acceptor_.ceiling_appended(*ceiling, t.append(RecordType::ceiling, encode_ceiling(*ceiling)));
    }
    return acceptor_.covered_by(round);
}

AppendSeq Consensus::append_accepted(SeedTurn& t) {
    if (mutant == Mutant::accept_not_durable) return 0;
    const AcceptedRecord record{*acceptor_.accepted(), t.ledger.digest()};
    const AppendSeq seq = t.append(RecordType::accepted, encode(record));
    if (!sync_measured_) sync_measured_ = {seq, t.now};
    return seq;
}

void Consensus::handle_persisted(SeedTurn& t) {
    if (sync_measured_ && t.journal.persisted() >= sync_measured_->first) {
        pace_.measured_sync(t.now - sync_measured_->second);
        sync_measured_.reset();
    }
    count_held_votes(t);
    count_own_ack(t);
}

// ---------------------------------------------------------------- proposing

std::size_t Consensus::batch_limit(const Config& config) {
    return std::min<std::size_t>(config.seed.batch_limit, batch_cap);
}

bool Consensus::should_propose(SeedTurn& t) {
    if (t.seats.standing() != Standing::voting || !proposer_.idle()) return false;
    Time due = propose_not_before_;
    if (t.requests.empty()) {
        if (!acceptor_.accepted()) return false;
        due = std::max(due, accepted_patience_);
    }
    if (due <= t.now) return true;
    hold_timer_.set(t, due);
    return false;
}

void Consensus::propose(SeedTurn& t, std::vector<Ask> asks, Opinions opinions) {
    const Ballot ballot{next_round(), t.seat};
    const Epoch epoch = t.ledger.epoch() + 1;
    seen_round_ = ballot.round;
    proposer_.open(epoch, ballot, asks);
    const AppendSeq after = cover_round(t, ballot.round);
    msg::Vote own{epoch, ballot, t.seats.life(), {}, std::move(opinions), {}, {}};
    if (acceptor_.accepted()) own.accepted.push_back(*acceptor_.accepted());
    proposed_at_ = t.now;
    accepted_patience_ = t.now + 2 * t.config.seed.vote_timeout;
    round_timer_.set(t, t.now + t.config.seed.vote_timeout);
    t.to_seeds(msg::Propose{epoch, t.ledger.digest(), ballot, std::move(asks)}, after);
    if (acceptor_.promise(ballot)) held_votes_.push_back({t.seat, after, std::move(own)});
    count_held_votes(t);
}

std::uint64_t Consensus::next_round() const {
    if (mutant == Mutant::ballot_reuse) return seen_round_ + 1;
    return std::max(acceptor_.promised().round, seen_round_) + 1;
}

// ---------------------------------------------------------------- voting for others

bool Consensus::fits(SeedTurn& t, Seat from, const msg::Propose& m) {
    if (m.ballot.seat == from && m.ballot.round <= Acceptor::round_limit && m.asks.size() <= batch_cap) return true;
    t.refuse_seat(from, "PROPOSE that does not fit its sender");
    return false;
}

bool Consensus::fits(SeedTurn& t, Seat from, const msg::Commit& m) {
    if (m.ballot.seat == from && m.ballot.round <= Acceptor::round_limit && m.batch.size() <= batch_cap) return true;
    t.refuse_seat(from, "COMMIT that does not fit its sender");
    return false;
}

bool Consensus::promise(SeedTurn& t, Seat from, const msg::Propose& m) {
    held_proposal_.reset();
    if (t.seats.standing() != Standing::voting) return false;
    if (!acceptor_.promise(m.ballot)) {
        t.to_seat(from, msg::Nack{m.epoch, m.ballot, acceptor_.promised()});
        return false;
    }
    yield_to(t, m.ballot);
    return true;
}

void Consensus::vote(SeedTurn& t, Seat from, const msg::Propose& m, Opinions opinions) {
    for (std::size_t i = 0; i < m.asks.size(); ++i) {
        Notice received = ask_notice(t, NoticeKind::proposal_received, m.asks[i]);
        received.other = t.config.seeds[from];
        t.notice(std::move(received));
        Notice cast = ask_notice(t, NoticeKind::vote_cast, m.asks[i]);
        cast.yes = opinions[i].opinion == Opinion::yes;
        cast.text = opinions[i].reason;
        t.notice(std::move(cast));
    }
    const AppendSeq after = cover_round(t, m.ballot.round);
    msg::Vote vote{
        m.epoch, m.ballot, t.seats.life(), {}, std::move(opinions), t.requests.to_carry(), t.crypto.public_key(t.self)};
    if (acceptor_.accepted()) vote.accepted.push_back(*acceptor_.accepted());
    t.to_seat(from, std::move(vote), after);
}

// Courtesy: whoever promised to another's ballot leaves it alone for a few round trips. A proposal
// of ours that has not come to its COMMIT is over; its asks travel with our votes. That was a duel: without
// a growing back-off two seeds far from the others would interrupt each other for ever.
void Consensus::yield_to(SeedTurn& t, Ballot ballot) {
    const bool duel = proposer_.phase() == Proposer::Phase::voting && proposer_.ballot() < ballot;
    const Duration longer = duel ? pace_.back_off(t.rng) : Duration::zero();  // drawn first: a run is one sequence
    const Duration hold = std::max(pace_.courtesy(t.rng), longer);
    propose_not_before_ = std::max(propose_not_before_, t.now + hold);
    if (duel) drop_proposal(t);
}

bool Consensus::accept(SeedTurn& t, Seat from, const msg::Commit& m) {
    if (t.seats.standing() != Standing::voting || !t.seats.agrees(t, from, m.lives)) return false;
    cover_round(t, m.ballot.round);
    if (acceptor_.accept(m.epoch, m.ballot, m.batch)) return true;
    t.to_seat(from, msg::Nack{m.epoch, m.ballot, acceptor_.promised()});
    return false;
}

void Consensus::acknowledge(SeedTurn& t, Seat from, const msg::Commit& m) {
    yield_to(t, m.ballot);
    accepted_patience_ = t.now + t.rng.around(2 * t.config.seed.vote_timeout, 30);
    t.to_seat(from, msg::Ack{m.epoch, m.ballot, t.seats.life()}, append_accepted(t));
}

void Consensus::hold(const SeedTurn& t, Seat from, const msg::Propose& m) {
    if (m.epoch > t.ledger.epoch() + 1) held_proposal_ = {from, m};
}

std::optional<Consensus::HeldProposal> Consensus::take_held(const Ledger& ledger) {
    if (!held_proposal_ || held_proposal_->propose.epoch > ledger.epoch() + 1) return std::nullopt;
    return std::exchange(held_proposal_, std::nullopt);
}

// ---------------------------------------------------------------- counting votes

bool Consensus::awaits(const msg::Vote& m) const {
    return !proposer_.idle() && m.ballot == proposer_.ballot() && m.epoch == proposer_.epoch() && m.life != 0;
}

void Consensus::on_vote(SeedTurn& t, Seat from, const msg::Vote& m) {
    if (!awaits(m)) return;
    // A round takes as long as the vote that completes the quorum, not as the nearest seat's.
    if (proposer_.votes() + 1 == quorum_of(t.seeds())) pace_.measured_round_trip(t.now - proposed_at_);
    if (t.seats.known(from, t.ledger) != m.life) {
        return t.refuse_seat(from, "VOTE of a life of its seat that was replaced or never vouched for");
    }
    if (held_votes_.size() < 4 * t.seeds()) held_votes_.push_back({from, t.seats.recorded_at(from), m});
    count_held_votes(t);
}

// Counts what is on disk, up to the vote that makes the choice: the rest is counted after COMMIT.
void Consensus::count_held_votes(SeedTurn& t) {
    std::vector<HeldVote> held = std::exchange(held_votes_, {});
    bool chosen = false;
    for (HeldVote& vote : held) {
        if (!chosen && vote.after <= t.journal.persisted()) {
            chosen = count_vote(t, vote.seat, vote.vote);
        } else if (vote.vote.ballot == proposer_.ballot()) {
            held_votes_.push_back(std::move(vote));
        }
    }
}

// True when this vote makes the choice.
bool Consensus::count_vote(SeedTurn& t, Seat from, const msg::Vote& m) {
    if (!proposer_.add_vote(from, m)) return false;
    if (from != t.seat) announce_votes(t, from, m);
    if (!m.carried_asks.empty()) t.raise(fact::AsksCarried{m.carried_asks});
    return choose(t, false);
}

// What the votes say so far, or (`last`) at the end of the round. False while they say nothing.
bool Consensus::choose(SeedTurn& t, bool last) {
    auto choice = proposer_.choose(t.seeds(), last);
    if (!choice) return false;
    if (choice->adopted) {
        Notice recovery{.kind = NoticeKind::recovery, .epoch = proposer_.epoch()};
        if (!choice->batch.empty()) {
            recovery.proposal = proposal_id(choice->batch.front(), proposer_.best()->ballot.seat);
        }
        t.notice(std::move(recovery));
        t.raise(fact::BatchChosen{std::move(choice->batch)});
        return true;
    }
    for (const std::size_t i : choice->rejected) reject(t, proposer_.asks()[i], proposer_.asks()[i].reason);
    for (const std::size_t i : choice->undecided) {
        const auto& state = proposer_.asks()[i];
        if (state.ask.change.kind != ChangeKind::remove) continue;
        reject(t, state, state.reason.empty() ? "too few seeds agree" : state.reason);
    }
    if (!choice->batch.empty()) {
        t.raise(fact::BatchChosen{std::move(choice->batch)});
        return true;
    }
    if (!choice->undecided.empty()) propose_not_before_ = t.now + pace_.back_off(t.rng);
    drop_proposal(t);
    return true;
}

void Consensus::reject(SeedTurn& t, const Proposer::AskState& state, std::string reason) const {
    t.raise(fact::AskRejected{state.ask, state.yes, std::move(reason)});
}

void Consensus::on_nack(SeedTurn& t, Seat, const msg::Nack& m) {
    if (proposer_.idle() || m.ballot != proposer_.ballot() || m.epoch != proposer_.epoch()) return;
    if (m.promised.round > Acceptor::round_limit) return;
    seen_round_ = std::max(seen_round_, m.promised.round);
    round_timer_.set(t, t.now + pace_.back_off(t.rng));
}

// ---------------------------------------------------------------- committing

void Consensus::commit(SeedTurn& t, Batch batch) {
    msg::Commit commit{proposer_.epoch(), proposer_.ballot(), t.ledger.digest(), batch, {}};
    commit.lives = t.seats.countable(t.ledger, t.journal.persisted());
    proposer_.commit(std::move(batch), commit.lives);
    round_timer_.set(t, t.now + t.config.seed.vote_timeout);
    t.to_seeds(commit);
    if (acceptor_.accept(commit.epoch, commit.ballot, commit.batch)) {
        accepted_patience_ = t.now + 2 * t.config.seed.vote_timeout;
        own_ack_after_ = append_accepted(t);
    }
    count_own_ack(t);
    if (!proposer_.decided(t.seeds())) count_held_votes(t);
}

void Consensus::count_own_ack(SeedTurn& t) {
    if (!own_ack_after_ || *own_ack_after_ > t.journal.persisted()) return;
    own_ack_after_.reset();
    proposer_.add_ack(t.seat, {proposer_.epoch(), proposer_.ballot(), t.seats.life()});
    check_decided(t);
}

void Consensus::on_ack(SeedTurn& t, Seat from, const msg::Ack& m) {
    if (proposer_.add_ack(from, m)) check_decided(t);
}

void Consensus::check_decided(SeedTurn& t) {
    if (!proposer_.decided(t.seeds())) return;
    Decision decision = t.ledger.next(t.crypto, proposer_.batch());
    t.to_seeds(msg::Learn{decision.epoch, proposer_.ballot(), decision.digest});
    VotesFor votes = announce_outcomes(t, decision);
    pace_.succeeded();
    t.raise(fact::EpochDecided{std::move(decision), std::move(votes)});
}

std::optional<Decision> Consensus::accepted_leading_to(const SeedTurn& t, Epoch epoch, const Digest& digest) const {
    const auto& accepted = acceptor_.accepted();
    if (!accepted || accepted->epoch != epoch || epoch != t.ledger.epoch() + 1) return std::nullopt;
    Decision decision = t.ledger.next(t.crypto, accepted->batch);
    if (decision.digest != digest) return std::nullopt;
    return decision;
}

void Consensus::handle_list_changed(SeedTurn& t) {
    acceptor_.discard_through(t.ledger.epoch());
    if (!proposer_.idle()) drop_proposal(t);
}

// ---------------------------------------------------------------- ends of a round

// The round took too long: too few votes, too few acks, or a NACK's back-off is over.
void Consensus::handle_round_timer(SeedTurn& t, const TimerTag& tag) {
    if (!round_timer_.fired(t, tag) || proposer_.idle()) return;
    if (proposer_.phase() == Proposer::Phase::voting && choose(t, true)) return;
    give_up_round(t);
}

void Consensus::give_up_round(SeedTurn& t) {
    if (proposer_.phase() == Proposer::Phase::committing) {
        for (const Change& change : proposer_.batch()) {
            const PendingAsk* entry = t.requests.find(change);
            if (entry != nullptr) t.notice(ask_notice(t, NoticeKind::outcome_unknown, entry->ask));
        }
    }
    drop_proposal(t);
    propose_not_before_ = t.now + pace_.back_off(t.rng);
    t.raise(fact::RoundFailed{});
}

// The asks stay where they wait; only those that another seat's vote brought are forgotten.
void Consensus::drop_proposal(SeedTurn& t) {
    fact::ProposalOver over;
    for (const Proposer::AskState& state : proposer_.asks()) over.changes.push_back(state.ask.change);
    t.raise(std::move(over));
    proposer_.drop();
    held_votes_.clear();
    own_ack_after_.reset();
    round_timer_.clear();
}

void Consensus::handle_seed_reached(SeedTurn& t) {
    if (proposer_.phase() == Proposer::Phase::voting) round_timer_.set(t, t.now);
}

void Consensus::await_addresses(const SeedTurn& t) {
    propose_not_before_ = std::max(propose_not_before_, t.now + address_patience);
}

void Consensus::handle_quorum_back(SeedTurn& t) {
    propose_not_before_ = t.now;
    pace_.succeeded();
}

// ---------------------------------------------------------------- observation

void Consensus::announce_votes(SeedTurn& t, Seat from, const msg::Vote& m) const {
    const auto asks = proposer_.asks();
    for (std::size_t i = 0; i < asks.size() && i < m.opinions.size(); ++i) {
        Notice notice = ask_notice(t, NoticeKind::vote_received, asks[i].ask);
        notice.other = t.config.seeds[from];
        notice.yes = m.opinions[i].opinion == Opinion::yes;
        notice.count = asks[i].yes;
        t.notice(std::move(notice));
    }
}

// For the changes that somebody waits for here: says that they are approved, and with how many votes.
VotesFor Consensus::announce_outcomes(SeedTurn& t, const Decision& decision) const {
    VotesFor counted;
    for (const Proposer::AskState& state : proposer_.asks()) {
        counted[state.ask.change] = {state.yes, state.signatures};
    }
    VotesFor votes;
    for (const Change& change : decision.batch) {
        const PendingAsk* entry = t.requests.find(change);
        if (entry == nullptr) continue;
        // An adopted batch was not asked for in this round: a quorum wanted it before.
        Approval& approval = votes[change] = std::move(counted[change]);
        approval.votes = std::max(approval.votes, as_u32(majority(t.seeds())));
        Notice notice = ask_notice(t, NoticeKind::approved, entry->ask);
        notice.count = approval.votes;
        notice.of = as_u32(t.seeds());
        notice.digest = decision.digest;
        t.notice(std::move(notice));
    }
    return votes;
}

void Consensus::fingerprint(ByteWriter& out, const JournalState& journal) const {
    write(out, acceptor_.promised());
    out.u64(acceptor_.ceiling());
    out.u64(journal.awaited(acceptor_.covered_by(acceptor_.promised().round + 1)));
    out.u8(acceptor_.accepted().has_value());
    if (acceptor_.accepted()) write(out, *acceptor_.accepted());
    proposer_.fingerprint(out);
    out.u64(seen_round_);
    out.u32(static_cast<std::uint32_t>(held_votes_.size()));
    for (const HeldVote& held : held_votes_) {
        out.u8(held.seat);
        out.u64(journal.awaited(held.after));
        write(out, held.vote);
    }
    out.u8(own_ack_after_.has_value());
    if (own_ack_after_) out.u64(journal.awaited(*own_ack_after_));
    out.u8(held_proposal_.has_value());
    if (held_proposal_) write(out, held_proposal_->propose.ballot);
}

}  // namespace gossip
