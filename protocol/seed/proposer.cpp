#include "protocol/seed/proposer.hpp"

#include "protocol/canonical.hpp"
#include "protocol/mutant.hpp"
#include "protocol/seed/fingerprint.hpp"

#include <algorithm>

namespace gossip {

bool SeatTally::add(Seat seat) {
    const bool fresh = seats_.insert(seat);
    if (!fresh && mutant != Mutant::vote_counted_twice) return false;
    ++count_;
    return true;
}

std::size_t quorum_of(std::size_t seeds) {
    if (mutant == Mutant::quorum_half) return std::max<std::size_t>(1, seeds / 2);
    return majority(seeds);
}

void Proposer::open(Epoch epoch, Ballot ballot, std::vector<Ask> asks) {
    drop();
    phase_ = Phase::voting;
    epoch_ = epoch;
    ballot_ = ballot;
    for (Ask& ask : asks) asks_.push_back({std::move(ask), 0, 0, {}});
}

bool Proposer::add_vote(Seat seat, const msg::Vote& vote) {
    if (idle() || vote.epoch != epoch_ || vote.ballot != ballot_) return false;
    if (!votes_.add(seat)) return false;
    count_opinions(seat, vote);
    if (phase_ != Phase::voting) return true;
    for (const Accepted& accepted : vote.accepted) {
        if (accepted.epoch != epoch_) continue;
        if (!best_ || accepted.ballot > best_->ballot) best_ = accepted;
    }
    return true;
}

void Proposer::count_opinions(Seat seat, const msg::Vote& vote) {
    const std::size_t count = std::min(asks_.size(), vote.opinions.size());
    for (std::size_t i = 0; i < count; ++i) {
        const msg::AskOpinion& opinion = vote.opinions[i];
        if (opinion.opinion == Opinion::yes) {
            ++asks_[i].yes;
            if (asks_[i].ask.change.kind == ChangeKind::add) asks_[i].signatures.push_back({seat, opinion.signature});
        }
        if (opinion.opinion == Opinion::no) {
            ++asks_[i].no;
            asks_[i].reason = opinion.reason;
        }
    }
}

std::optional<Proposer::Choice> Proposer::choose(std::size_t seeds, bool last) const {
    if (phase_ != Phase::voting || votes_.size() < quorum_of(seeds)) return std::nullopt;
    if (best_ && mutant != Mutant::adopt_dropped) return Choice{true, best_->batch, {}, {}};
    Choice choice = judge(seeds);
    const bool may_change = !choice.undecided.empty() && votes_.size() < seeds;
    if (may_change && !last) return std::nullopt;
    return choice;
}

Proposer::Choice Proposer::judge(std::size_t seeds) const {
    const std::size_t quorum = quorum_of(seeds);
    Choice choice;
    for (std::size_t i = 0; i < asks_.size(); ++i) {
        if (asks_[i].yes >= quorum) {
            choice.batch.push_back(asks_[i].ask.change);
        } else if (asks_[i].no + quorum > seeds) {
            choice.rejected.push_back(i);
        } else {
            choice.undecided.push_back(i);
        }
    }
    return choice;
}

void Proposer::commit(Batch batch, std::vector<SeatInfo> lives) {
    phase_ = Phase::committing;
    batch_ = std::move(batch);
    lives_ = std::move(lives);
}

bool Proposer::add_ack(Seat seat, const msg::Ack& ack) {
    if (phase_ != Phase::committing || ack.epoch != epoch_ || ack.ballot != ballot_) return false;
    const SeatInfo info{seat, ack.life};
    if (std::find(lives_.begin(), lives_.end(), info) == lives_.end()) return false;
    return acks_.add(seat);
}

bool Proposer::decided(std::size_t seeds) const {
    return phase_ == Phase::committing && acks_.size() >= quorum_of(seeds);
}

// Votes after COMMIT are counted for the log only: they tell no states apart.
void Proposer::fingerprint(ByteWriter& out) const {
    out.u8(static_cast<std::uint8_t>(phase_));
    if (idle()) return;
    out.u64(epoch_);
    write(out, ballot_);
    for (const AskState& state : asks_) write(out, state.ask.change);
    if (phase_ == Phase::voting) {
        for (const AskState& state : asks_) {
            out.u32(state.yes);
            out.u32(state.no);
        }
        out.u32(votes_.seats().bits());
        out.u64(votes_.size());
        out.u8(best_.has_value());
        if (best_) write(out, *best_);
    }
    write(out, batch_);
    write(out, lives_);
    out.u32(acks_.seats().bits());
    out.u64(acks_.size());
}

}  // namespace gossip
