#include "protocol/liveness.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t deferred_limit = 256;

template <class Items>
auto lower(Items& items, NodeId id) {
    return std::lower_bound(items.begin(), items.end(), id, [](const auto& item, NodeId n) { return item.id < n; });
}

}  // namespace

Liveness::Watch* Liveness::find(NodeId id) {
    const auto at = lower(watches_, id);
    return at != watches_.end() && at->id == id ? &*at : nullptr;
}

bool Liveness::watching(NodeId id) const {
    const auto at = lower(watches_, id);
    return at != watches_.end() && at->id == id;
}

// Heard of at its start: the cycle in which a link comes up is never a missed one.
void Liveness::watch(NodeId id) {
    if (find(id) == nullptr) watches_.insert(lower(watches_, id), Watch{.id = id});
    heard(id);
}

void Liveness::watch_all(const std::vector<NodeId>& ids) {
    watches_.reserve(ids.size());
    for (const NodeId id : ids) watches_.push_back(Watch{.id = id});
}

void Liveness::unwatch(NodeId id) {
    std::erase_if(watches_, [id](const Watch& w) { return w.id == id; });
}

void Liveness::heard(NodeId id) {
    if (Watch* watch = find(id)) {
        watch->heard = true;
        watch->missed = 0;
    }
    std::erase_if(deferred_, [id](const Deferred& d) { return d.id == id; });
}

std::optional<Duration> Liveness::redial_after(NodeId id, Time now) {
    Watch* watch = find(id);
    if (watch == nullptr || watch->redial > now) return std::nullopt;
    const bool calm = watch->redial == Time{} || now - watch->redial >= redial_pace;
    const Duration wait = calm ? Duration::zero() : watch->redial + redial_pace - now;
    watch->redial = now + wait;
    return wait;
}

void Liveness::doubt(NodeId id) {
    if (Watch* watch = find(id)) watch->missed = config_->misses - 1;
}

Round Liveness::round(Time now, Time due) {
    Round round;
    round.late = now - due > config_->interval / 4;
    for (Watch& watch : watches_) {
        const bool silent = !watch.heard && !round.late;
        watch.heard = false;
        if (!silent) continue;
        ++watch.missed;
        round.missed.push_back({watch.id, watch.missed});
        if (watch.missed >= config_->misses) round.silent.push_back(watch.id);
    }
    return round;
}

bool Liveness::note_loss(Time now, std::size_t degree) {
    if (losses_ == 0 || now - window_ > config_->interval) {
        window_ = now;
        losses_ = 0;
    }
    ++losses_;
    const bool in_contact = contacted_ && now - contact_ <= proof_of_contact;
    if (!in_contact && losses_ * 2 > degree) isolated_ = true;
    return isolated_;
}

void Liveness::defer(NodeId id, bool refused) {
    const bool known = std::any_of(deferred_.begin(), deferred_.end(), [id](const Deferred& d) { return d.id == id; });
    if (!known && deferred_.size() < deferred_limit) deferred_.push_back({id, refused});
}

bool Liveness::contact(Time now, std::vector<Deferred>& deferred) {
    contact_ = now;
    contacted_ = true;
    deferred = std::move(deferred_);
    deferred_.clear();
    return std::exchange(isolated_, false);
}

}  // namespace gossip
