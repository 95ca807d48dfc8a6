#include "protocol/seed/seats.hpp"

#include "protocol/canonical.hpp"
#include "protocol/seed/fingerprint.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/list/records.hpp"

#include <algorithm>

namespace gossip {

// ---------------------------------------------------------------- the journal

void Seats::recover(SeatLife own, bool voted, const std::map<Seat, SeatLife>& others) {
    life_ = own;
    life_seq_ = 0;
    voted_ = voted;
    for (const auto& [seat, life] : others) met_[seat] = {life, 0};
}

// One that was heard of and then forgotten would have to be replaced before the seat may vote.
void Seats::begin_life(SeatLife fresh, const JournalState& journal) {
    life_ = fresh;
    life_seq_ = journal.appended() + 1;
}

std::vector<SeatInfo> Seats::met() const {
    std::vector<SeatInfo> infos;
    for (const auto& [seat, met] : met_) infos.push_back({seat, met.life});
    if (standing_ == Standing::voting) infos.push_back({own_, life_});
    return infos;
}

// ---------------------------------------------------------------- lives of the seats

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

std::vector<SeatInfo> Seats::countable(const Ledger& ledger, AppendSeq persisted) const {
    std::vector<SeatInfo> lives;
    for (Seat seat = 0; seat < count_; ++seat) {
        const SeatLife life = known(seat, ledger);
        if (life == 0 || disputed_.contains(seat) || recorded_at(seat) > persisted) continue;
        lives.push_back({seat, life});
    }
    return lives;
}

void Seats::meet(SeedTurn& t, Seat seat, SeatLife life) {
    if (life == 0 || known(seat, t.ledger) != 0) return;
    met_[seat] = {life, t.append(RecordType::seat_life, encode(SeatInfo{seat, life}))};
}

bool Seats::agrees(SeedTurn& t, Seat from, const std::vector<SeatInfo>& lives) const {
    for (const SeatInfo& info : lives) {
        if (info.seat >= count_) return false;
        const SeatLife here = known(info.seat, t.ledger);
        if (here == 0 || here == info.life) continue;
        t.to_seat(from, msg::SeatAnswer{info.seat, info.life, here});
        return false;
    }
    return true;
}

// ---------------------------------------------------------------- may our own seat vote?

void Seats::handle_started(SeedTurn& t, bool bootstrap) {
    const bool damaged = t.journal.fault() == JournalState::Fault::damaged;
    const SeatLife given = t.ledger.replaced_life(own_);
    const bool replaced = given != 0 && given != life_;
    const bool first_start = !damaged && (bootstrap || count_ == 1);
    if (!replaced && (voted_ || given == life_ || first_start)) return start_voting(t);
    std::string why = "no journal";
    if (!t.journal.fresh()) why = "the journal never voted, or its seat was given to another";
    if (damaged) why = t.journal.fault_text();
    wait(t, why + ": asking the other seeds whether this seat has voted before");
    ask_others(t);
}

void Seats::handle_seat_query_due(SeedTurn& t, const TimerTag& tag) {
    if (query_timer_.fired(t, tag)) ask_others(t);
}

// Goes on until all others have answered: a life that voted on the word of some is still to be met by the rest.
void Seats::ask_others(SeedTurn& t) {
    const bool replaced = t.ledger.replaced_life(own_) == life_;
    const bool vouched_by_all = vouchers_.size() + 1 >= count_;
    if (standing_ == Standing::voting && (replaced || vouched_by_all)) return;
    for (const NodeId seed : t.other_seeds()) {
        if (vouchers_.contains(t.seat_of(seed))) continue;
        t.send(seed, msg::SeatQuery{own_, life_}, t.journal.appended());
    }
    query_timer_.set(t, t.now + t.rng.around(std::chrono::seconds(1), 30));
}

// A life that is not the remembered one can only come in by a decided REPLACE.
void Seats::on_seat_query(SeedTurn& t, Seat from, const msg::SeatQuery& m) {
    if (m.seat != from || m.life == 0) return t.refuse_seat(from, "SEAT_QUERY for another seat");
    const SeatLife before = known(from, t.ledger);
    if (before == 0 || before == m.life) {
        meet(t, from, m.life);
        return t.to_seat(from, msg::SeatAnswer{m.seat, m.life, 0}, recorded_at(from));
    }
    t.to_seat(from, msg::SeatAnswer{m.seat, m.life, before});
    Ask ask{.change = {.kind = ChangeKind::replace, .seat = from, .old_life = before, .new_life = m.life}};
    ask.proposal = proposal_id(ask.change, own_);
    t.raise(fact::ChangeWanted{std::move(ask)});
}

void Seats::on_seat_answer(SeedTurn& t, Seat from, const msg::SeatAnswer& m) {
    if (m.seat >= count_) return t.refuse_seat(from, "SEAT_ANSWER for no seat");
    if (m.seat != own_) {  // it refuses a COMMIT that counts a life it does not know
        if (m.asked == known(m.seat, t.ledger)) disputed_.insert(m.seat);
        return;
    }
    if (m.asked != life_) return;
    if (m.known == 0) {
        vouchers_.insert(from);
        if (standing_ == Standing::asking && vouchers_.size() >= vouchers_needed()) start_voting(t);
    } else if (standing_ == Standing::asking) {
        become_learner(t,
                       "this seat has voted before with a journal that is lost: learning until the others replace it");
    }
}

void Seats::handle_list_changed(SeedTurn& t) {
    disputed_.clear();
    const SeatLife given = t.ledger.replaced_life(own_);
    if (given == 0) return;
    if (given == life_) return start_voting(t);
    if (standing_ != Standing::voting) return;
    become_learner(t, "the others gave this seat to another life");
    ask_others(t);
}

std::size_t Seats::vouchers_needed() const { return std::min(count_ - majority(count_) + 1, count_ - 1); }

void Seats::start_voting(SeedTurn& t) {
    if (standing_ == Standing::voting) return;
    standing_ = Standing::voting;
    if (!std::exchange(voted_, true)) t.append(RecordType::seat_life, encode(SeatInfo{own_, life_}));
    t.notice({.kind = NoticeKind::seed_voting});
}

void Seats::become_learner(SeedTurn& t, std::string_view why) {
    standing_ = Standing::learner;
    wait(t, std::string(why));
}

void Seats::wait(SeedTurn& t, std::string why) { t.notice({.kind = NoticeKind::seed_waiting, .text = std::move(why)}); }

void Seats::fingerprint(ByteWriter& out, const Ledger& ledger, const JournalState& journal) const {
    out.u64(life_);
    out.u8(static_cast<std::uint8_t>(standing_));
    write(out, met());
    write(out, countable(ledger, journal.persisted()));
    for (Seat seat = 0; seat < count_; ++seat) out.u8(vouchers_.contains(seat));
}

}  // namespace gossip
