#include "protocol/peer/view.hpp"

#include "protocol/peer/by_id.hpp"
#include "protocol/ring.hpp"

#include <algorithm>

namespace gossip {

const Candidate* View::candidate(NodeId id) const {
    const auto at = lower_bound_by_id(*sample().candidates, id);
    return at != sample().candidates->end() && at->id == id ? &*at : nullptr;
}

MembershipState& View::mutable_state() {
    state_changed_ = true;
    return state_.mutable_value();
}

void View::share_state(StateInterner& latest) {
    if (!state_changed_) return;
    latest.share(state_);
    state_changed_ = false;
}

WallMs View::wall(Time now) const {
    return std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch() + state().wall_offset).count();
}

const ViewSample& View::sample() const {
    if (!sample_) sample_ = std::make_unique<ViewSample>(source().sample(self()));
    return *sample_;
}

ViewSample& View::mutable_sample() {
    (void)sample();
    return *sample_;
}

bool View::rise(Epoch epoch, const Digest& digest, std::uint32_t members) {
    if (epoch < this->epoch() || epoch == 0) return false;
    // Whoever was removed before a jump may be a member again: the decisions that say so were skipped.
    if (History* history = history_.if_any(); history != nullptr && epoch > this->epoch()) {
        for (Tombstone& stone : history->tombstones) stone.back = true;
    }
    MembershipState& state = mutable_state();
    state.epoch = epoch;
    state.digest = digest;
    if (members > 0) mutable_sample().members = members;
    if (gap())
        erase_if(history_.ensure().waiting, [epoch](const msg::Membership& m) { return m.decision.epoch <= epoch; });
    return true;
}

void View::add_candidate(const Candidate& candidate, std::size_t limit, Rng& rng) {
    if (candidate.id == self() || candidate.id == NodeId::none || is_anonymous(candidate.id)) return;
    auto& known = mutable_sample().candidates.mutable_value();
    auto at = lower_bound_by_id(known, candidate.id);
    if (at != known.end() && at->id == candidate.id) {
        *at = candidate;
        return;
    }
    if (known.size() >= limit) {
        known.erase(known.begin() + static_cast<std::ptrdiff_t>(rng.below(known.size())));
        at = lower_bound_by_id(known, candidate.id);
    }
    known.insert(at, candidate);
}

void View::add_successor(NodeId id, std::size_t limit) {
    if (id == self() || id == NodeId::none || is_anonymous(id)) return;
    auto& successors = mutable_sample().successors;
    successors.push_back(id);
    successors = ring_successors(self(), successors, limit);
}

void View::learn(std::span<const NodeId> successors, std::span<const Candidate> candidates, const OverlayConfig& config,
                 Rng& rng) {
    for (const NodeId id : successors.first(std::min<std::size_t>(successors.size(), 64))) {
        if (!gone(id)) add_successor(id, config.successors);
    }
    for (const Candidate& c : candidates.first(std::min<std::size_t>(candidates.size(), 1024))) {
        if (!gone(c.id)) add_candidate(c, candidates_remembered(config), rng);
    }
}

void View::note_degree(NodeId id, std::uint32_t degree) {
    if (candidate(id) != nullptr) lower_bound_by_id(mutable_sample().candidates.mutable_value(), id)->degree = degree;
}

void View::forget(NodeId id) {
    if (candidate(id) != nullptr) {
        std::erase_if(mutable_sample().candidates.mutable_value(), [id](const Candidate& c) { return c.id == id; });
    }
    std::erase(mutable_sample().successors, id);
}

View::Offer View::offer(const msg::Membership& decision) {
    const Epoch epoch = decision.decision.epoch;
    if (epoch <= this->epoch()) return Offer::known;
    auto& waiting = history_.ensure().waiting;
    const auto at = std::lower_bound(waiting.begin(), waiting.end(), epoch,
                                     [](const msg::Membership& m, Epoch e) { return m.decision.epoch < e; });
    if (at != waiting.end() && at->decision.epoch == epoch) return Offer::known;
    if (waiting.size() >= waiting_limit && epoch != this->epoch() + 1) return Offer::overflow;
    waiting.insert(at, decision);
    return Offer::fresh;
}

std::optional<msg::Membership> View::next() {
    if (!gap() || history_->waiting.front().decision.epoch != epoch() + 1) return std::nullopt;
    auto& waiting = history_.ensure().waiting;
    msg::Membership result = std::move(waiting.front());
    waiting.erase(waiting.begin());
    MembershipState& state = mutable_state();
    state.epoch = result.decision.epoch;
    state.digest = result.decision.digest;
    return result;
}

void View::apply(const Change& change, const OverlayConfig& config, Rng& rng) {
    switch (change.kind) {
        case ChangeKind::add:
            if (candidate(change.peer) == nullptr)
                ++mutable_sample().members;  // else a restart: its old life made room
            revive(change.peer);
            add_successor(change.peer, config.successors);
            add_candidate({change.peer, 0, change.protocol}, candidates_remembered(config), rng);
            remember_key(change);
            return;
        case ChangeKind::remove:
        case ChangeKind::leave:
            if (members() > 0) --mutable_sample().members;
            bury(change);
            forget(change.peer);
            return;
        case ChangeKind::replace:
            return;
    }
}

void View::remember_key(const Change& change) {
    auto& keys = history_.ensure().keys;
    if (keys.size() >= key_limit) keys.erase(keys.begin());
    keys.push_back({change.peer, change.incarnation, change.key});
}

const View::Tombstone* View::tombstone(NodeId id) const {
    const auto at = lower_bound_by_id(history_->tombstones, id);
    return at != history_->tombstones.end() && at->id == id ? &*at : nullptr;
}

void View::bury(const Change& change) {
    const NodeId id = change.peer;
    auto& tombstones = history_.ensure().tombstones;
    auto at = lower_bound_by_id(tombstones, id);
    if (at == tombstones.end() || at->id != id) {
        if (tombstones.size() >= tombstone_limit) {
            tombstones.erase(std::min_element(tombstones.begin(), tombstones.end(),
                                              [](const auto& a, const auto& b) { return a.order < b.order; }));
            at = lower_bound_by_id(tombstones, id);
        }
        at = tombstones.insert(at, Tombstone{.id = id});
    }
    at->life = std::max(at->life, change.incarnation);
    if (change.kind == ChangeKind::remove) at->dead = std::max(at->dead, change.incarnation);
    at->back = false;
    at->order = ++history_.ensure().burials;
}

void View::revive(NodeId id) {
    if (tombstone(id) != nullptr) lower_bound_by_id(history_.ensure().tombstones, id)->back = true;
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
    for (const Key& known : history_->keys) {
        if (known.id == id && known.life == life && known.key != PublicKey{}) return &known.key;
    }
    return nullptr;
}

}  // namespace gossip
