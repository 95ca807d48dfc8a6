#include "protocol/seed/seats.hpp"

#include <algorithm>

namespace gossip {

SeatLife Seats::known(Seat seat, const Ledger& ledger) const {
    if (seat == own_) return life_;
    if (const SeatLife replaced = ledger.replaced_life(seat)) return replaced;
    const auto it = met_.find(seat);
    return it == met_.end() ? 0 : it->second.life;
}

AppendSeq Seats::recorded_at(Seat seat) const {
    if (seat == own_) return life_seq_;
    const auto it = met_.find(seat);
    return it == met_.end() ? 0 : it->second.seq;
}

std::vector<SeatInfo> Seats::met() const {
    std::vector<SeatInfo> infos;
    for (const auto& [seat, met] : met_) infos.push_back({seat, met.life});
    if (standing_ == Standing::voting) infos.push_back({own_, life_});
    return infos;
}

std::vector<SeatInfo> Seats::countable(const Ledger& ledger, AppendSeq persisted) const {
    std::vector<SeatInfo> lives;
    for (Seat seat = 0; seat < count_; ++seat) {
        const SeatLife life = known(seat, ledger);
        if (life == 0 || disputed_.contains(seat) || recorded_at(seat) > persisted) continue;
        lives.push_back({seat, life});
    }
    return lives;
}

bool Seats::vouched(Seat by) {
    vouchers_.insert(by);
    return vouchers_.size() >= vouchers_needed();
}

std::size_t Seats::vouchers_needed() const { return std::min(count_ - majority(count_) + 1, count_ - 1); }

}  // namespace gossip
