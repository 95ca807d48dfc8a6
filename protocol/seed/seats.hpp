#pragma once
// Which life of each seat may be counted, and whether our own may vote (PROTOCOL.md section 2).
//
// A life is one journal. A seat that lost its disk has forgotten its promises, so it must not vote
// as if it had made none: it asks the others, and if one of them ever met an earlier life it only
// learns until a REPLACE is decided. For that, a life must be known to others before it counts:
// COMMIT names the lives whose acks will be counted, and whoever accepts records them first. So a
// quorum remembers each life that took part in a decision, and n - quorum + 1 seats that remember
// none prove that there was none.

#include "protocol/machine.hpp"
#include "protocol/quorum.hpp"
#include "protocol/seed/ledger.hpp"

#include <map>
#include <vector>

namespace gossip {

enum class Standing : std::uint8_t {
    asking,   // a new journal: do the others know an earlier life?
    learner,  // an earlier life is known, or the journal is damaged: waits for a REPLACE
    voting,
};

class Seats {
public:
    Seats(std::size_t count, Seat own) : count_(count), own_(own) {}

    [[nodiscard]] Seat own() const { return own_; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] SeatLife life() const { return life_; }
    // `seq`: the append that must be on disk before anybody is told of this life. One that was heard
    // of and then forgotten would have to be replaced before the seat may vote.
    void set_life(SeatLife life, AppendSeq seq) {
        life_ = life;
        life_seq_ = seq;
    }

    [[nodiscard]] Standing standing() const { return standing_; }
    void set_standing(Standing standing) { standing_ = standing; }

    // ---- lives of the other seats
    // Of the decided REPLACEs, else as first met; 0 when never met.
    [[nodiscard]] SeatLife known(Seat seat, const Ledger& ledger) const;
    void recovered(Seat seat, SeatLife life) { met_[seat] = {life, 0}; }
    // A life met for the first time, written at `seq`.
    void record(Seat seat, SeatLife life, AppendSeq seq) { met_[seat] = {life, seq}; }
    // The append that must be on disk before the seat's known life counts.
    [[nodiscard]] AppendSeq recorded_at(Seat seat) const;
    // For the journal: the lives met, and our own once it may vote.
    [[nodiscard]] std::vector<SeatInfo> met() const;

    // Another seat refused this seat's known life: not counted until a REPLACE settles it.
    void dispute(Seat seat) { disputed_.insert(seat); }
    void undispute() { disputed_.clear(); }
    // Own life and the known ones that are on disk: what a COMMIT names.
    [[nodiscard]] std::vector<SeatInfo> countable(const Ledger& ledger, AppendSeq persisted) const;

    // ---- our own seat
    // One more seat never met an earlier life of ours. True when that makes enough.
    bool vouched(Seat by);
    [[nodiscard]] bool has_vouched(Seat by) const { return vouchers_.contains(by); }
    [[nodiscard]] bool vouched_by_all() const { return vouchers_.size() + 1 >= count_; }
    [[nodiscard]] std::size_t vouchers_needed() const;

private:
    struct Met {
        SeatLife life{0};
        AppendSeq seq{0};
    };
    std::size_t count_;
    Seat own_;
    SeatLife life_{0};
    AppendSeq life_seq_{0};
    Standing standing_{Standing::asking};
    std::map<Seat, Met> met_;
    SeatSet disputed_;
    SeatSet vouchers_;
};

}  // namespace gossip
