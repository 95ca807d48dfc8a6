#include "protocol/seed/list/ledger.hpp"

#include "protocol/assert.hpp"
#include "protocol/canonical.hpp"

namespace gossip {

Digest chain_digest(const Crypto& crypto, const Digest& previous, Epoch epoch, const Batch& batch) {
    ByteWriter out;
    out.text("gossip/epoch");
    out.raw(previous.bytes);
    out.u64(epoch);
    write(out, batch);
    return crypto.digest(out.bytes());
}

const Member* Ledger::find(NodeId peer) const {
    const auto it = members_.find(peer);
    return it == members_.end() ? nullptr : &it->second;
}

bool Ledger::holds(NodeId peer, Incarnation incarnation) const {
    const Member* member = find(peer);
    return member != nullptr && member->incarnation == incarnation;
}

Incarnation Ledger::last_life(NodeId peer) const {
    if (const Member* member = find(peer)) return member->incarnation;
    const auto it = removed_.find(peer);
    return it == removed_.end() ? Incarnation::none : it->second.incarnation;
}

SeatLife Ledger::replaced_life(Seat seat) const {
    const auto it = seats_.find(seat);
    return it == seats_.end() ? 0 : it->second;
}

Decision Ledger::next(const Crypto& crypto, Batch batch) const {
    const Digest digest = chain_digest(crypto, digest_, epoch_ + 1, batch);
    return {epoch_ + 1, std::move(batch), digest};
}

Batch Ledger::apply(const Decision& decision) {
    GOSSIP_ASSERT(decision.epoch == epoch_ + 1);
    if (history_.empty()) before_history_ = digest_;
    epoch_ = decision.epoch;
    digest_ = decision.digest;
    Batch effective;
    for (const Change& change : decision.batch) {
        if (apply_change(change)) effective.push_back(change);
    }
    history_.push_back(decision);
    if (history_.size() > history_limit_) {
        before_history_ = history_.front().digest;
        history_.pop_front();
    }
    return effective;
}

bool Ledger::apply_change(const Change& change) {
    switch (change.kind) {
        case ChangeKind::add:
            return add(change);
        case ChangeKind::remove:
        case ChangeKind::leave:
            return remove(change);
        case ChangeKind::replace:
            return replace(change);
    }
    return false;
}

// A later life takes the place of an earlier one: the endpoint can only run one at a time.
bool Ledger::add(const Change& change) {
    if (last_life(change.peer) >= change.incarnation) return false;
    removed_.erase(change.peer);
    if (const Member* former = find(change.peer); former != nullptr && former->protocol == 0) --guests_;
    if (change.protocol == 0) ++guests_;
    members_[change.peer] = {change.peer, change.incarnation, change.protocol, change.key, epoch_};
    return true;
}

bool Ledger::remove(const Change& change) {
    const auto it = members_.find(change.peer);
    if (it == members_.end() || it->second.incarnation != change.incarnation) return false;
    if (it->second.protocol == 0) --guests_;
    removed_[change.peer] = it->second;
    members_.erase(it);
    return true;
}

bool Ledger::replace(const Change& change) {
    if (replaced_life(change.seat) == change.new_life) return false;
    seats_[change.seat] = change.new_life;
    return true;
}

Snapshot Ledger::snapshot() const {
    Snapshot s{epoch_, digest_, {}, {}, {}};
    for (const auto& [id, member] : members_) s.members.push_back(member);
    for (const auto& [id, member] : removed_) s.removed.push_back(member);
    for (const auto& [seat, life] : seats_) s.seats.push_back({seat, life});
    return s;
}

void Ledger::install(const Snapshot& s) {
    GOSSIP_ASSERT(s.epoch >= epoch_);
    epoch_ = s.epoch;
    digest_ = s.digest;
    members_.clear();
    removed_.clear();
    seats_.clear();
    history_.clear();
    guests_ = 0;
    for (const Member& member : s.members) {
        members_[member.id] = member;
        if (member.protocol == 0) ++guests_;
    }
    for (const Member& member : s.removed) removed_[member.id] = member;
    for (const SeatInfo& info : s.seats) seats_[info.seat] = info.life;
}

const Decision* Ledger::decision(Epoch epoch) const {
    if (epoch > epoch_ || epoch + history_.size() <= epoch_) return nullptr;
    return &history_[static_cast<std::size_t>(epoch + history_.size() - epoch_ - 1)];
}

bool Ledger::reaches_back_to(Epoch since) const { return since <= epoch_ && since + history_.size() >= epoch_; }

std::optional<Digest> Ledger::digest_at(Epoch epoch) const {
    if (epoch == epoch_) return digest_;
    if (!reaches_back_to(epoch)) return std::nullopt;
    const Decision* at = decision(epoch);
    return at != nullptr ? at->digest : before_history_;
}

}  // namespace gossip
