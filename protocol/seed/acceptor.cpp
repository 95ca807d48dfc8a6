#include "protocol/seed/acceptor.hpp"

#include <algorithm>

namespace gossip {

void Acceptor::recover(std::uint64_t ceiling, std::optional<Accepted> accepted) {
    accepted_ = std::move(accepted);
    const std::uint64_t accepted_round = accepted_ ? accepted_->ballot.round : 0;
    const std::uint64_t bound = std::max(ceiling, accepted_round);
    if (bound > 0) promised_ = {bound, no_seat};
    ceiling_ = older_ = {ceiling, 0};
}

bool Acceptor::promise(Ballot ballot) {
    if (ballot < promised_) return false;
    promised_ = ballot;
    return true;
}

bool Acceptor::accept(Epoch epoch, Ballot ballot, const Batch& batch) {
    if (ballot < promised_) return false;
    const bool same_ballot = accepted_ && accepted_->epoch == epoch && accepted_->ballot == ballot;
    if (same_ballot && accepted_->batch != batch) return false;
    promised_ = ballot;
    accepted_ = Accepted{epoch, ballot, batch};
    return true;
}

void Acceptor::discard_through(Epoch applied) {
    if (accepted_ && accepted_->epoch <= applied) accepted_.reset();
}

std::optional<std::uint64_t> Acceptor::ceiling_needed(std::uint64_t round) const {
    if (round + ceiling_step / 2 <= ceiling_.round) return std::nullopt;
    return round + ceiling_step;
}

void Acceptor::ceiling_appended(std::uint64_t ceiling, AppendSeq seq) {
    older_ = ceiling_;
    ceiling_ = {ceiling, seq};
}

AppendSeq Acceptor::covered_by(std::uint64_t round) const { return round <= older_.round ? older_.seq : ceiling_.seq; }

}  // namespace gossip
