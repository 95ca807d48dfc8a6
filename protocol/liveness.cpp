#include "protocol/liveness.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t deferred_limit = 256;
constexpr std::size_t few = 12;  // watches: sooner looked through than searched

}  // namespace

Liveness::Watch::Watch(NodeId node) : endpoint(static_cast<std::uint64_t>(node) & ((std::uint64_t{1} << 48) - 1)) {
    GOSSIP_ASSERT(id() == node);
}

const Liveness::Watch* Liveness::lower(NodeId id) const {
    return std::lower_bound(watches_.begin(), watches_.end(), id, [](const Watch& w, NodeId n) { return w.id() < n; });
}

const Liveness::Watch* Liveness::find(NodeId id) const {
    const auto is = [id](const Watch& w) { return w.id() == id; };
    const Watch* at = watches_.size() <= few ? std::find_if(watches_.begin(), watches_.end(), is) : lower(id);
    return at != watches_.end() && is(*at) ? at : nullptr;
}

Liveness::Watch* Liveness::find(NodeId id) { return const_cast<Watch*>(std::as_const(*this).find(id)); }

bool Liveness::watching(NodeId id) const { return find(id) != nullptr; }

// Heard of at its start: the cycle in which a link comes up is never a missed one.
void Liveness::watch(NodeId id) {
    if (find(id) == nullptr) watches_.insert(const_cast<Watch*>(lower(id)), Watch(id));
    heard(id);
}

void Liveness::watch_all(const std::vector<NodeId>& ids) {
    for (const NodeId id : ids) watches_.push_back(Watch(id));
}

void Liveness::unwatch(NodeId id) {
    if (Watch* watch = find(id)) watches_.erase(watch);
    if (losses_) std::erase_if(losses_->redials, [id](const Redial& r) { return r.id == id; });
}

Liveness::Losses& Liveness::losses() {
    if (!losses_) losses_ = std::make_unique<Losses>();
    return *losses_;
}

void Liveness::forget_deferred(NodeId id) {
    std::erase_if(losses_->deferred, [id](const Deferred& d) { return d.id == id; });
}

// Nothing is written where nothing changes: most frames of a cycle are not the first of their sender.
void Liveness::heard(NodeId id) {
    Watch* const watch = find(id);
    if (watch != nullptr && (watch->heard == 0 || watch->missed > 0)) {
        watch->heard = 1;
        watch->missed = 0;
    }
    if (losses_) forget_deferred(id);
}

std::optional<Duration> Liveness::redial_after(NodeId id, Time now) {
    if (!watching(id)) return std::nullopt;
    auto& redials = losses().redials;
    auto redial = std::find_if(redials.begin(), redials.end(), [id](const Redial& r) { return r.id == id; });
    if (redial == redials.end()) redial = redials.insert(redial, {id, {}});
    if (redial->at > now) return std::nullopt;
    const bool calm = redial->at == Time{} || now - redial->at >= redial_pace;
    const Duration wait = calm ? Duration::zero() : redial->at + redial_pace - now;
    redial->at = now + wait;
    return wait;
}

void Liveness::doubt(NodeId id) {
    if (Watch* watch = find(id)) watch->missed = std::min(config_->misses - 1, missed_limit) & missed_limit;
}

Round Liveness::round(Time now, Time due) {
    Round round;
    round.late = now - due > config_->interval / 4;
    for (Watch& watch : watches_) {
        const bool silent = watch.heard == 0 && !round.late;
        watch.heard = 0;
        if (!silent) continue;
        if (watch.missed < missed_limit) ++watch.missed;
        const auto missed = static_cast<std::uint32_t>(watch.missed);
        round.missed.push_back({watch.id(), missed});
        if (missed >= std::min(config_->misses, missed_limit)) round.silent.push_back(watch.id());
    }
    return round;
}

bool Liveness::note_loss(Time now, std::size_t degree) {
    Losses& l = losses();
    if (l.counted == 0 || now - l.window > config_->interval) {
        l.window = now;
        l.counted = 0;
    }
    ++l.counted;
    const bool in_contact = contact_ != Time::min() && now - contact_ <= proof_of_contact;
    if (!in_contact && l.counted * 2 > degree) l.isolated = true;
    return l.isolated;
}

void Liveness::defer(NodeId id, bool refused) {
    auto& deferred = losses().deferred;
    const bool known = std::any_of(deferred.begin(), deferred.end(), [id](const Deferred& d) { return d.id == id; });
    if (!known && deferred.size() < deferred_limit) deferred.push_back({id, refused});
}

bool Liveness::contact(Time now, std::vector<Deferred>& deferred) {
    contact_ = now;
    if (!losses_) return false;
    deferred = std::exchange(losses_->deferred, {});
    return std::exchange(losses_->isolated, false);
}

}  // namespace gossip
