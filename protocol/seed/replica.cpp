#include "protocol/seed/replica.hpp"

#include "protocol/canonical.hpp"
#include "protocol/quorum.hpp"
#include "protocol/seed/list/records.hpp"
#include "protocol/seed/seats.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t decisions_per_reply = 64;
constexpr std::size_t changes_per_reply = 2000;  // about half of a seed's line of 1 MiB
constexpr std::size_t members_per_part = 2000;
constexpr std::size_t parts_limit = 10'000;

template <class T>
std::vector<T> slice(const std::vector<T>& all, std::size_t part) {
    const std::size_t begin = std::min(part * members_per_part, all.size());
    const std::size_t end = std::min(begin + members_per_part, all.size());
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

Snapshot join(const std::vector<msg::SnapshotPart>& parts) {
    const Snapshot& last = parts.back().snapshot;
    Snapshot whole{last.epoch, last.digest, {}, {}, last.seats};
    for (const msg::SnapshotPart& part : parts) {
        whole.members.insert(whole.members.end(), part.snapshot.members.begin(), part.snapshot.members.end());
        whole.removed.insert(whole.removed.end(), part.snapshot.removed.begin(), part.snapshot.removed.end());
    }
    return whole;
}

Notice member_notice(const Change& change) {
    Notice notice{.kind = NoticeKind::member_added, .add = true};
    if (change.kind != ChangeKind::add) {
        const bool left = change.kind == ChangeKind::leave;
        notice = {.kind = NoticeKind::member_removed, .removal = left ? RemovalReason::left : RemovalReason::dead};
    }
    notice.subject = change.peer;
    notice.incarnation = change.incarnation;
    return notice;
}

}  // namespace

void Replica::handle_started(SeedTurn& t) const {
    if (ledger_.epoch() == 0) return;
    t.notice({.kind = NoticeKind::seed_recovered,
              .count = as_u32(ledger_.members().size()),
              .epoch = ledger_.epoch(),
              .digest = ledger_.digest()});
}

// ---------------------------------------------------------------- decided epochs

Batch Replica::apply(SeedTurn& t, const fact::EpochDecided& decided) {
    t.append(RecordType::decided, encode(decided.decision));
    Batch effective = ledger_.apply(decided.decision);
    announce(t, effective, decided.votes);
    return effective;
}

void Replica::install(SeedTurn& t, const Snapshot& whole) {
    ledger_.install(whole);
    announce(t, {}, {});
}

void Replica::announce(SeedTurn& t, const Batch& effective, const VotesFor& votes) const {
    if (!t.observed()) return;
    for (const Change& change : effective) {
        if (change.kind == ChangeKind::replace) continue;
        Notice notice = member_notice(change);
        notice.epoch = ledger_.epoch();
        if (const auto it = votes.find(change); it != votes.end()) notice.count = it->second.votes;
        notice.need = as_u32(majority(t.seeds()));
        t.notice(std::move(notice));
    }
    Notice applied{.kind = NoticeKind::epoch_applied,
                   .count = as_u32(ledger_.members().size()),
                   .epoch = ledger_.epoch(),
                   .digest = ledger_.digest()};
    for (const auto& [id, member] : ledger_.members()) applied.ids.push_back(id);
    t.notice(std::move(applied));
}

// ---------------------------------------------------------------- where the other seed stands

bool Replica::in_play(SeedTurn& t, Seat from, Epoch epoch, const Digest& previous) const {
    if (epoch == ledger_.epoch() + 1) return !contradicted(t, from, epoch - 1, previous);
    if (epoch <= ledger_.epoch()) {
        send_behind(t, from);
    } else {
        fetch(t, from);
    }
    return false;
}

void Replica::send_sync(SeedTurn& t, std::vector<Candidate> degrees) const {
    t.to_seeds(
        msg::Sync{ledger_.epoch(), ledger_.digest(), t.seats.life(), std::move(degrees), t.crypto.public_key(t.self)},
        t.seats.recorded_at(t.seat));
}

void Replica::on_sync(SeedTurn& t, Seat from, const msg::Sync& m) const {
    if (keep_up(t, from, m.epoch, m.digest) && m.epoch < ledger_.epoch()) send_behind(t, from);
}

void Replica::on_behind(SeedTurn& t, Seat from, const msg::Behind& m) const {
    (void)keep_up(t, from, m.epoch, m.digest);
}

void Replica::on_learn(SeedTurn& t, Seat from, const msg::Learn& m) const { (void)keep_up(t, from, m.epoch, m.digest); }

bool Replica::keep_up(SeedTurn& t, Seat from, Epoch epoch, const Digest& digest) const {
    if (contradicted(t, from, epoch, digest)) return false;
    if (epoch > ledger_.epoch()) fetch(t, from);
    return true;
}

bool Replica::contradicted(SeedTurn& t, Seat from, Epoch epoch, const Digest& digest) const {
    const auto own = ledger_.digest_at(epoch);
    if (!own || *own == digest) return false;
    t.notice({.kind = NoticeKind::digest_alarm, .other = t.config.seeds[from], .epoch = epoch});
    t.out.fatal = true;
    return true;
}

void Replica::fetch(SeedTurn& t, Seat from) const { t.to_seat(from, msg::Fetch{ledger_.epoch(), ledger_.digest()}); }

void Replica::send_behind(SeedTurn& t, Seat to) const { t.to_seat(to, msg::Behind{ledger_.epoch(), ledger_.digest()}); }

// ---------------------------------------------------------------- what is missing

void Replica::on_fetch(SeedTurn& t, Seat from, const msg::Fetch& m) const {
    if (contradicted(t, from, m.since, m.digest) || m.since >= ledger_.epoch()) return;
    if (!ledger_.reaches_back_to(m.since)) return send_snapshot(t, from);
    msg::Decisions reply;
    std::size_t changes = 0;
    for (Epoch e = m.since + 1; e <= ledger_.epoch() && reply.decisions.size() < decisions_per_reply; ++e) {
        const Decision* decision = ledger_.decision(e);
        changes += decision->batch.size();
        if (changes > changes_per_reply && !reply.decisions.empty()) break;
        reply.decisions.push_back(*decision);
    }
    t.to_seat(from, std::move(reply));
}

void Replica::send_snapshot(SeedTurn& t, Seat to) const {
    const Snapshot whole = ledger_.snapshot();
    const std::size_t longest = std::max(whole.members.size(), whole.removed.size());
    const std::size_t parts = std::max<std::size_t>(1, (longest + members_per_part - 1) / members_per_part);
    for (std::size_t part = 0; part < parts; ++part) {
        const Snapshot some{whole.epoch, whole.digest, slice(whole.members, part), slice(whole.removed, part),
                            whole.seats};
        t.to_seat(to, msg::SnapshotPart{some, as_u32(part), as_u32(parts)});
    }
}

bool Replica::continues(SeedTurn& t, Seat from, const Decision& decision) const {
    if (ledger_.next(t.crypto, decision.batch).digest == decision.digest) return true;
    t.refuse_seat(from, "a decision that does not fit its own digest");
    return false;
}

std::optional<Snapshot> Replica::on_snapshot_part(const msg::SnapshotPart& m) {
    if (m.part == 0) snapshot_parts_.clear();
    const bool next = m.part == snapshot_parts_.size() && m.part < m.parts && m.parts <= parts_limit &&
                      (m.part == 0 || m.snapshot.digest == snapshot_parts_.front().snapshot.digest);
    if (!next || m.snapshot.epoch <= ledger_.epoch()) {
        snapshot_parts_.clear();
        return std::nullopt;
    }
    snapshot_parts_.push_back(m);
    if (m.part + 1 < m.parts) return std::nullopt;
    return join(std::exchange(snapshot_parts_, {}));
}

void Replica::handle_caught_up(SeedTurn& t, Seat from, Epoch epochs) const {
    t.notice({.kind = NoticeKind::caught_up,
              .count = as_u32(static_cast<std::size_t>(epochs)),
              .other = t.config.seeds[from],
              .epoch = ledger_.epoch(),
              .digest = ledger_.digest()});
    fetch(t, from);
}

void Replica::fingerprint(ByteWriter& out) const {
    out.u64(ledger_.epoch());
    out.raw(ledger_.digest().bytes);
    out.u32(static_cast<std::uint32_t>(snapshot_parts_.size()));
}

}  // namespace gossip
