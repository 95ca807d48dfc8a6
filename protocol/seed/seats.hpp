#pragma once
// Which life of each seat may be counted, and whether our own may vote (PROTOCOL.md section 2).
//
// A life is one journal. A seat that lost its disk has forgotten its promises, so it must not vote
// as if it had made none: it asks the others, and if one of them ever met an earlier life it only
// learns until a REPLACE is decided. For that, a life must be known to others before it counts:
// COMMIT names the lives whose acks will be counted, and whoever accepts records them first. So a
// quorum remembers each life that took part in a decision, and n - quorum + 1 seats that remember
// none prove that there was none.

#include "protocol/quorum.hpp"
#include "protocol/seed/deadline.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <vector>

namespace gossip {

class ByteWriter;

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
    [[nodiscard]] Standing standing() const { return standing_; }

    // ---- from the journal
    void recover(SeatLife own, bool voted, const std::map<Seat, SeatLife>& others);
    // A new journal begins: its life counts for others once what is appended next is on disk.
    void begin_life(SeatLife fresh, const JournalState& journal);
    // For the journal: the lives met, and our own once it may vote.
    [[nodiscard]] std::vector<SeatInfo> met() const;

    // ---- lives of the seats
    // Of the decided REPLACEs, else as first met; 0 when never met.
    [[nodiscard]] SeatLife known(Seat seat, const Ledger& ledger) const;
    // The append that must be on disk before the seat's known life counts.
    [[nodiscard]] AppendSeq recorded_at(Seat seat) const;
    // Own life and the known ones that are on disk and that nobody disputes: what a COMMIT names.
    [[nodiscard]] std::vector<SeatInfo> countable(const Ledger& ledger, AppendSeq persisted) const;
    // A life met for the first time is remembered, and from then on no other life of that seat is counted here,
    // unless a REPLACE is decided.
    void meet(SeedTurn& t, Seat seat, SeatLife life);
    // False when the sender counts a life that is not the one known here; it is told.
    [[nodiscard]] bool agrees(SeedTurn& t, Seat from, const std::vector<SeatInfo>& lives) const;

    // ---- may our own seat vote?
    // With a journal that voted, or in a network that never was; otherwise the others are asked.
    void handle_started(SeedTurn& t, bool bootstrap);
    void handle_seat_query_due(SeedTurn& t, const TimerTag& tag);
    void on_seat_query(SeedTurn& t, Seat from, const msg::SeatQuery& m);
    void on_seat_answer(SeedTurn& t, Seat from, const msg::SeatAnswer& m);
    // What the list says about our own seat now.
    void handle_list_changed(SeedTurn& t);
    // So many others, none of which met an earlier life of a seat, prove that there was none.
    [[nodiscard]] std::size_t vouchers_needed() const;

    void fingerprint(ByteWriter& out, const Ledger& ledger, const JournalState& journal) const;

private:
    struct Met {
        SeatLife life{0};
        AppendSeq seq{0};
    };

    void ask_others(SeedTurn& t);
    void start_voting(SeedTurn& t);
    void become_learner(SeedTurn& t, std::string_view why);
    void wait(SeedTurn& t, std::string why);

    std::size_t count_;
    Seat own_;
    SeatLife life_{0};
    AppendSeq life_seq_{0};
    Standing standing_{Standing::asking};
    bool voted_{false};  // the journal says that this life was allowed to vote
    std::map<Seat, Met> met_;
    SeatSet disputed_;  // another seat refused the life known here: not counted until the list changes
    SeatSet vouchers_;  // seats that never met an earlier life of ours
    Deadline query_timer_{TimerKind::seat_query};
};

}  // namespace gossip
