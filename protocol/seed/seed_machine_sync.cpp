// Applying decided epochs, catching up with other seeds, and the standing of our own seat
// (PROTOCOL.md section 2).

#include "protocol/canonical.hpp"
#include "protocol/seed/records.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::size_t decisions_per_reply = 64;
constexpr std::size_t changes_per_reply = 2000;  // about half of a seed's line of 1 MiB
constexpr std::size_t members_per_part = 2000;
constexpr std::size_t parts_limit = 10'000;
constexpr std::size_t degrees_per_sync = 1000;
constexpr std::size_t told_peers = 3;  // lease holders that start the flood of a decision
constexpr int silent_after_syncs = 3;

std::uint32_t as_u32(std::size_t n) { return static_cast<std::uint32_t>(n); }

template <class T>
std::vector<T> slice(const std::vector<T>& all, std::size_t part) {
    const std::size_t begin = std::min(part * members_per_part, all.size());
    const std::size_t end = std::min(begin + members_per_part, all.size());
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

// ---------------------------------------------------------------- applying

void SeedMachine::apply(const Decision& decision, Turn& t) {
    append(RecordType::decided, encode(decision), t);
    const Batch effective = ledger_.apply(decision);
    acceptor_.settle(decision.epoch);
    apply_to_directory(effective, t);
    announce_epoch(effective, t);
    if (!proposer_.idle()) drop_proposal();  // it was for this epoch
    seats_.undispute();
    learn_own_life(t);
    for (const PendingAsk& done : pending_.settle(ledger_)) answer_settled(done, t);
    close_cases(t);
    spread(decision, t);
    if (decision.epoch % config_->seed.history == 0) append_snapshot(t);
}

void SeedMachine::apply_to_directory(const Batch& effective, Turn& t) {
    for (const Change& change : effective) {
        if (change.kind == ChangeKind::add) directory_.add(change.peer, change.protocol, t.now);
        if (change.kind == ChangeKind::remove || change.kind == ChangeKind::leave) directory_.remove(change.peer);
    }
}

void SeedMachine::announce_epoch(const Batch& effective, Turn& t) const {
    if (t.out.quiet) return;
    for (const Change& change : effective) {
        if (change.kind == ChangeKind::replace) continue;
        const bool add = change.kind == ChangeKind::add;
        Notice notice{add ? NoticeKind::member_added : NoticeKind::member_removed};
        notice.subject = change.peer;
        notice.incarnation = change.incarnation;
        notice.epoch = ledger_.epoch();
        notice.add = add;
        if (!add) {
            notice.removal = change.kind == ChangeKind::leave ? RemovalReason::left : RemovalReason::dead;
        }
        if (const PendingAsk* entry = pending_.find(change)) notice.count = entry->votes;
        notice.need = as_u32(majority(seeds()));
        t.out.notice(std::move(notice));
    }
    Notice applied{NoticeKind::epoch_applied};
    applied.epoch = ledger_.epoch();
    applied.digest = ledger_.digest();
    applied.count = as_u32(ledger_.members().size());
    for (const auto& [id, member] : ledger_.members()) applied.ids.push_back(id);
    t.out.notice(std::move(applied));
}

// Peers flood decisions among themselves; a few of those that lease here, and whoever the decision
// is about, start it.
void SeedMachine::spread(const Decision& decision, Turn& t) {
    std::vector<NodeId> to = directory_.lease_holders(told_peers, rng_);
    for (const Change& change : decision.batch) {
        if (change.kind == ChangeKind::add && !directory_.leases_here(change.peer)) continue;
        if (change.kind != ChangeKind::replace && change.protocol > 0) to.push_back(change.peer);
    }
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    if (to.empty()) return;
    const msg::Membership membership = signed_membership(decision);
    for (const NodeId peer : to) t.out.send(peer, membership);
}

// The batch that we accepted for the next epoch was decided if it leads to that digest.
bool SeedMachine::apply_accepted_if(Epoch epoch, const Digest& digest, Turn& t) {
    const auto& accepted = acceptor_.accepted();
    if (!accepted || accepted->epoch != epoch || epoch != ledger_.epoch() + 1) return false;
    const Decision decision = ledger_.next(*crypto_, accepted->batch);
    if (decision.digest != digest) return false;
    apply(decision, t);
    return true;
}

bool SeedMachine::alarmed(Seat from, Epoch epoch, const Digest& digest, Turn& t) {
    const auto own = ledger_.digest_at(epoch);
    if (!own || *own == digest) return false;
    Notice alarm{NoticeKind::digest_alarm};
    alarm.epoch = epoch;
    alarm.other = config_->seeds[from];
    t.out.notice(std::move(alarm));
    t.out.fatal = true;
    stopped_ = true;
    return true;
}

// ---------------------------------------------------------------- catching up

void SeedMachine::send_fetch(Seat to, Turn& t) const {
    send_to_seat(to, msg::Fetch{ledger_.epoch(), ledger_.digest()}, t);
}

void SeedMachine::on_behind(Seat from, const msg::Behind& m, Turn& t) {
    if (alarmed(from, m.epoch, m.digest, t)) return;
    if (m.epoch > ledger_.epoch()) send_fetch(from, t);
}

void SeedMachine::handle_sync(Turn& t) {
    sync_timer_.set(t.now + Pace::jittered(config_->seed.sync_interval, rng_, 50), t.out);
    for (auto& [id, other] : others_) {
        if (other.reach == Reach::answers && t.now - other.heard > silent_after_syncs * config_->seed.sync_interval) {
            lost(*seat_of(id), "silent", t);
        }
    }
    check_quorum(t);
    send_sync(t);
}

// To all seeds: at most 32 of them, and it is also how each knows who answers.
void SeedMachine::send_sync(Turn& t) {
    if (others_.empty()) return;
    send_to_seeds(msg::Sync{ledger_.epoch(), ledger_.digest(), seats_.life(), directory_.take_degrees(degrees_per_sync),
                            crypto_->public_key(options_.self)},
                  t, seats_.recorded_at(seats_.own()));
}

void SeedMachine::on_sync(Seat from, const msg::Sync& m, Turn& t) {
    others_.at(config_->seeds[from]).key = m.key;
    for (const Candidate& told : m.degrees) directory_.learn_degree(told);
    if (m.life != 0) meet(from, m.life, t);
    if (m.epoch <= ledger_.epoch() && alarmed(from, m.epoch, m.digest, t)) return;
    if (m.epoch > ledger_.epoch() && !apply_accepted_if(m.epoch, m.digest, t)) send_fetch(from, t);
    if (m.epoch < ledger_.epoch()) send_to_seat(from, msg::Behind{ledger_.epoch(), ledger_.digest()}, t);
}

void SeedMachine::on_fetch(Seat from, const msg::Fetch& m, Turn& t) {
    if (alarmed(from, m.since, m.digest, t) || m.since >= ledger_.epoch()) return;
    if (!ledger_.reaches_back_to(m.since)) return send_snapshot(from, t);
    msg::Decisions reply;
    std::size_t changes = 0;
    for (Epoch e = m.since + 1; e <= ledger_.epoch() && reply.decisions.size() < decisions_per_reply; ++e) {
        const Decision* decision = ledger_.decision(e);
        changes += decision->batch.size();
        if (changes > changes_per_reply && !reply.decisions.empty()) break;
        reply.decisions.push_back(*decision);
    }
    send_to_seat(from, std::move(reply), t);
}

void SeedMachine::send_snapshot(Seat to, Turn& t) const {
    const Snapshot whole = ledger_.snapshot();
    const std::size_t longest = std::max(whole.members.size(), whole.removed.size());
    const std::size_t parts = std::max<std::size_t>(1, (longest + members_per_part - 1) / members_per_part);
    for (std::size_t part = 0; part < parts; ++part) {
        msg::SnapshotPart message;
        message.snapshot = {whole.epoch, whole.digest, slice(whole.members, part), slice(whole.removed, part),
                            whole.seats};
        message.part = as_u32(part);
        message.parts = as_u32(parts);
        send_to_seat(to, std::move(message), t);
    }
}

void SeedMachine::on_decisions(Seat from, const msg::Decisions& m, Turn& t) {
    Notice caught_up{NoticeKind::caught_up};
    for (const Decision& decision : m.decisions) {
        if (decision.epoch != ledger_.epoch() + 1) continue;
        if (ledger_.next(*crypto_, decision.batch).digest != decision.digest) {
            return refuse(config_->seeds[from], "a decision that does not fit its own digest", t);
        }
        apply(decision, t);
        ++caught_up.count;
    }
    if (caught_up.count == 0) return;
    caught_up.epoch = ledger_.epoch();
    caught_up.digest = ledger_.digest();
    caught_up.other = config_->seeds[from];
    t.out.notice(std::move(caught_up));
    send_fetch(from, t);  // answered only when there is more
    if (held_proposal_ && held_proposal_->propose.epoch <= ledger_.epoch() + 1) {
        const HeldProposal held = *std::exchange(held_proposal_, {});
        on_propose(held.seat, held.propose, t);
    }
}

void SeedMachine::on_snapshot_part(Seat from, const msg::SnapshotPart& m, Turn& t) {
    if (m.part == 0) snapshot_parts_.clear();
    const bool next = m.part == snapshot_parts_.size() && m.part < m.parts && m.parts <= parts_limit &&
                      (m.part == 0 || m.snapshot.digest == snapshot_parts_.front().snapshot.digest);
    if (!next || m.snapshot.epoch <= ledger_.epoch()) return snapshot_parts_.clear();
    snapshot_parts_.push_back(m);
    if (m.part + 1 < m.parts) return;
    Snapshot whole{m.snapshot.epoch, m.snapshot.digest, {}, {}, m.snapshot.seats};
    for (const msg::SnapshotPart& part : std::exchange(snapshot_parts_, {})) {
        whole.members.insert(whole.members.end(), part.snapshot.members.begin(), part.snapshot.members.end());
        whole.removed.insert(whole.removed.end(), part.snapshot.removed.begin(), part.snapshot.removed.end());
    }
    install(whole, from, t);
}

void SeedMachine::install(const Snapshot& whole, Seat from, Turn& t) {
    Notice caught_up{NoticeKind::caught_up};
    caught_up.count = as_u32(static_cast<std::size_t>(whole.epoch - ledger_.epoch()));
    caught_up.other = config_->seeds[from];
    ledger_.install(whole);
    acceptor_.settle(whole.epoch);
    if (!proposer_.idle()) drop_proposal();
    directory_.rebuild(ledger_, t.now);
    append_snapshot(t);
    announce_epoch({}, t);
    seats_.undispute();
    learn_own_life(t);
    for (const PendingAsk& done : pending_.settle(ledger_)) answer_settled(done, t);
    close_cases(t);
    caught_up.epoch = ledger_.epoch();
    caught_up.digest = ledger_.digest();
    t.out.notice(std::move(caught_up));
    send_fetch(from, t);
}

// ---------------------------------------------------------------- lives of seats

// The append that must be on disk before the seat's life counts; first met, it is written now.
AppendSeq SeedMachine::meet(Seat seat, SeatLife life, Turn& t) {
    if (seats_.known(seat, ledger_) == 0) {
        seats_.record(seat, life, append(RecordType::seat_life, encode(SeatInfo{seat, life}), t));
    }
    return seats_.recorded_at(seat);
}

void SeedMachine::ask_for_seat(Turn& t) {
    const bool replaced = ledger_.replaced_life(seats_.own()) == seats_.life();
    if (seats_.standing() == Standing::voting && (replaced || seats_.vouched_by_all())) return;
    for (const auto& [id, other] : others_) {
        const Seat seat = *seat_of(id);
        if (!seats_.has_vouched(seat)) send_to_seat(seat, msg::SeatQuery{seats_.own(), seats_.life()}, t, appended_);
    }
    seat_timer_.set(t.now + Pace::jittered(std::chrono::seconds(1), rng_), t.out);
}

// A life met for the first time is remembered, and from then on no other life of that seat is
// counted here. A life that is not the remembered one can only come in by a decided REPLACE.
void SeedMachine::on_seat_query(Seat from, const msg::SeatQuery& m, Turn& t) {
    if (m.seat != from || m.life == 0) return refuse(config_->seeds[from], "SEAT_QUERY for another seat", t);
    const SeatLife known = seats_.known(from, ledger_);
    if (known == 0 || known == m.life) {
        const AppendSeq after = meet(from, m.life, t);
        return send_to_seat(from, msg::SeatAnswer{m.seat, m.life, 0}, t, after);
    }
    send_to_seat(from, msg::SeatAnswer{m.seat, m.life, known}, t);
    Ask ask;
    ask.change.kind = ChangeKind::replace;
    ask.change.peer = NodeId::none;
    ask.change.seat = from;
    ask.change.old_life = known;
    ask.change.new_life = m.life;
    ask.proposal = proposal_id(ask.change, seats_.own());
    pending_.add(ask, t.now, false);
}

void SeedMachine::on_seat_answer(Seat from, const msg::SeatAnswer& m, Turn& t) {
    if (m.seat >= seeds()) return refuse(config_->seeds[from], "SEAT_ANSWER for no seat", t);
    if (m.seat != seats_.own()) {  // it refuses a COMMIT that counts a life it does not know
        if (m.asked == seats_.known(m.seat, ledger_)) seats_.dispute(m.seat);
        return;
    }
    if (m.asked != seats_.life()) return;
    if (m.known == 0) {
        if (seats_.vouched(from) && seats_.standing() == Standing::asking) start_voting(t);
        return;
    }
    if (seats_.standing() != Standing::asking) return;
    seats_.set_standing(Standing::learner);
    Notice waiting{NoticeKind::seed_waiting};
    waiting.text = "this seat has voted before with a journal that is lost: learning until the others replace it";
    t.out.notice(std::move(waiting));
}

// What a decided epoch says about our own seat.
void SeedMachine::learn_own_life(Turn& t) {
    const SeatLife given = ledger_.replaced_life(seats_.own());
    if (given == 0) return;
    if (given == seats_.life()) return start_voting(t);
    if (seats_.standing() != Standing::voting) return;
    seats_.set_standing(Standing::learner);
    if (!proposer_.idle()) drop_proposal();
    Notice waiting{NoticeKind::seed_waiting};
    waiting.text = "the others gave this seat to another life";
    t.out.notice(std::move(waiting));
    ask_for_seat(t);
}

void SeedMachine::start_voting(Turn& t) {
    if (seats_.standing() == Standing::voting) return;
    seats_.set_standing(Standing::voting);
    if (!std::exchange(allowed_to_vote_, true)) {
        append(RecordType::seat_life, encode(SeatInfo{seats_.own(), seats_.life()}), t);
    }
    t.out.notice(Notice{NoticeKind::seed_voting});
}

// ---------------------------------------------------------------- who answers

void SeedMachine::heard_from(Seat seat, Turn& t) {
    Neighbour& other = others_.at(config_->seeds[seat]);
    other.heard = t.now;
    if (other.reach == Reach::answers) return;
    other.reach = Reach::answers;
    Notice reached{NoticeKind::seed_reached};
    reached.other = config_->seeds[seat];
    t.out.notice(std::move(reached));
    check_quorum(t);
    // It missed the proposal in hand: begin anew at once rather than at the end of the round.
    if (proposer_.phase() == Proposer::Phase::voting) round_timer_.set(t.now, t.out);
}

void SeedMachine::lost(Seat seat, std::string why, Turn& t) {
    Neighbour& other = others_.at(config_->seeds[seat]);
    if (other.reach == Reach::silent) return;
    other.reach = Reach::silent;
    Notice unreachable{NoticeKind::seed_unreachable};
    unreachable.other = config_->seeds[seat];
    unreachable.text = std::move(why);
    t.out.notice(std::move(unreachable));
    check_quorum(t);
}

std::size_t SeedMachine::answering() const {
    return 1 + static_cast<std::size_t>(std::count_if(others_.begin(), others_.end(), [](const auto& entry) {
               return entry.second.reach == Reach::answers;
           }));
}

void SeedMachine::check_quorum(Turn& t) {
    const bool before = std::exchange(quorum_, answering() >= majority(seeds()));
    const bool patient = !before && t.now - started_ < config_->seed.pending_after;
    if (quorum_ != said_no_quorum_ || (!quorum_ && patient)) return;
    said_no_quorum_ = !quorum_;
    if (quorum_) {
        propose_not_before_ = t.now;
        pace_.succeeded();
    }
    Notice notice{quorum_ ? NoticeKind::quorum_back : NoticeKind::no_quorum};
    notice.count = as_u32(answering());
    notice.need = as_u32(majority(seeds()));
    t.out.notice(std::move(notice));
}

}  // namespace gossip
