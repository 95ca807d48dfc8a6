#include "protocol/view.hpp"

#include "protocol/ring.hpp"

#include <algorithm>

namespace gossip {
namespace {

template <class Items>
auto lower(Items& items, NodeId id) {
    return std::lower_bound(items.begin(), items.end(), id, [](const auto& item, NodeId n) { return item.id < n; });
}

}  // namespace

const Candidate* View::candidate(NodeId id) const {
    const auto at = lower(candidates_, id);
    return at != candidates_.end() && at->id == id ? &*at : nullptr;
}

bool View::rise(Epoch epoch, const Digest& digest, std::uint32_t members) {
    if (epoch < epoch_ || epoch == 0) return false;
    epoch_ = epoch;
    digest_ = digest;
    if (members > 0) members_ = members;
    std::erase_if(waiting_, [this](const msg::Membership& m) { return m.decision.epoch <= epoch_; });
    return true;
}

void View::add_candidate(const Candidate& candidate, Rng& rng) {
    if (candidate.id == self_ || candidate.id == NodeId::none || is_anonymous(candidate.id)) return;
    auto at = lower(candidates_, candidate.id);
    if (at != candidates_.end() && at->id == candidate.id) {
        *at = candidate;
        return;
    }
    if (candidates_.size() >= config_->candidates) {
        candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(rng.below(candidates_.size())));
        at = lower(candidates_, candidate.id);
    }
    candidates_.insert(at, candidate);
}

void View::add_successor(NodeId id) {
    if (id == self_ || id == NodeId::none || is_anonymous(id)) return;
    successors_.push_back(id);
    successors_ = ring_successors(self_, successors_, config_->successors);
}

void View::learn(std::span<const NodeId> successors, std::span<const Candidate> candidates, Rng& rng) {
    for (const NodeId id : successors.first(std::min<std::size_t>(successors.size(), 64))) {
        if (!gone(id)) add_successor(id);
    }
    for (const Candidate& c : candidates.first(std::min<std::size_t>(candidates.size(), 1024))) {
        if (!gone(c.id)) add_candidate(c, rng);
    }
}

void View::note_degree(NodeId id, std::uint32_t degree) {
    const auto at = lower(candidates_, id);
    if (at != candidates_.end() && at->id == id) at->degree = degree;
}

void View::forget(NodeId id) {
    std::erase_if(candidates_, [id](const Candidate& c) { return c.id == id; });
    std::erase(successors_, id);
}

View::Offer View::offer(const msg::Membership& decision) {
    const Epoch epoch = decision.decision.epoch;
    if (epoch <= epoch_) return Offer::known;
    const auto at = std::lower_bound(waiting_.begin(), waiting_.end(), epoch,
                                     [](const msg::Membership& m, Epoch e) { return m.decision.epoch < e; });
    if (at != waiting_.end() && at->decision.epoch == epoch) return Offer::known;
    if (waiting_.size() >= waiting_limit && epoch != epoch_ + 1) return Offer::overflow;
    waiting_.insert(at, decision);
    return Offer::fresh;
}

std::optional<msg::Membership> View::next() {
    if (waiting_.empty() || waiting_.front().decision.epoch != epoch_ + 1) return std::nullopt;
    msg::Membership result = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    epoch_ = result.decision.epoch;
    digest_ = result.decision.digest;
    return result;
}

void View::apply(const Change& change, Rng& rng) {
    switch (change.kind) {
        case ChangeKind::add:
            if (candidate(change.peer) == nullptr) ++members_;  // else a restart: its old life made room
            revive(change.peer);
            add_successor(change.peer);
            add_candidate({change.peer, 0, change.protocol}, rng);
            if (keys_.size() >= key_limit) keys_.erase(keys_.begin());
            keys_.push_back({change.peer, change.incarnation, change.key});
            return;
        case ChangeKind::remove:
        case ChangeKind::leave:
            if (members_ > 0) --members_;
            bury(change);
            forget(change.peer);
            return;
        case ChangeKind::replace:
            return;
    }
}

const View::Tombstone* View::tombstone(NodeId id) const {
    const auto at = lower(tombstones_, id);
    return at != tombstones_.end() && at->id == id ? &*at : nullptr;
}

void View::bury(const Change& change) {
    const NodeId id = change.peer;
    auto at = lower(tombstones_, id);
    if (at == tombstones_.end() || at->id != id) {
        if (tombstones_.size() >= tombstone_limit) {
            tombstones_.erase(std::min_element(tombstones_.begin(), tombstones_.end(),
                                               [](const auto& a, const auto& b) { return a.order < b.order; }));
            at = lower(tombstones_, id);
        }
        at = tombstones_.insert(at, Tombstone{.id = id});
    }
    at->life = std::max(at->life, change.incarnation);
    if (change.kind == ChangeKind::remove) at->dead = std::max(at->dead, change.incarnation);
    at->back = false;
    at->order = ++burials_;
}

void View::revive(NodeId id) {
    const auto at = lower(tombstones_, id);
    if (at != tombstones_.end() && at->id == id) at->back = true;
}

bool View::removed(NodeId id, Incarnation life) const {
    const Tombstone* stone = tombstone(id);
    if (stone == nullptr) return false;
    return life == Incarnation::none ? !stone->back : life <= stone->life;
}

bool View::dead(NodeId id, Incarnation life) const {
    const Tombstone* stone = tombstone(id);
    if (stone == nullptr || stone->dead == Incarnation::none) return false;
    return life == Incarnation::none ? !stone->back && stone->dead == stone->life : life <= stone->dead;
}

bool View::gone(NodeId id) const {
    const Tombstone* stone = tombstone(id);
    return stone != nullptr && !stone->back;
}

const PublicKey* View::key_of(NodeId id, Incarnation life) const {
    for (const Key& known : keys_) {
        if (known.id == id && known.life == life && known.key != PublicKey{}) return &known.key;
    }
    return nullptr;
}

}  // namespace gossip
