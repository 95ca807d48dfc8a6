#include "protocol/liveness.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t deferred_limit = 256;

}  // namespace

Liveness::Losses& Liveness::losses() {
    if (!losses_) losses_ = std::make_unique<Losses>();
    return *losses_;
}

void Liveness::forget_deferred(NodeId id) {
    std::erase_if(losses_->deferred, [id](const Deferred& d) { return d.id == id; });
}

// Nothing is written where nothing changes: most frames of a cycle are not the first of their sender.
void Liveness::heard(NodeId id, Link* link) {
    if (link != nullptr && (!link->heard || link->missed > 0)) {
        link->heard = true;
        link->missed = 0;
    }
    if (losses_) forget_deferred(id);
}

void Liveness::lost(NodeId id) {
    if (losses_) std::erase_if(losses_->redials, [id](const Redial& r) { return r.id == id; });
}

std::optional<Duration> Liveness::redial_after(NodeId id, Time now) {
    auto& redials = losses().redials;
    auto redial = std::find_if(redials.begin(), redials.end(), [id](const Redial& r) { return r.id == id; });
    if (redial == redials.end()) redial = redials.insert(redial, {id, {}});
    if (redial->at > now) return std::nullopt;
    const bool calm = redial->at == Time{} || now - redial->at >= redial_pace;
    const Duration wait = calm ? Duration::zero() : redial->at + redial_pace - now;
    redial->at = now + wait;
    return wait;
}

void Liveness::doubt(Link& link) const {
    link.missed = std::min(config_->misses - 1, Link::most_missed) & Link::most_missed;
}

Round Liveness::round(std::span<Link> links, Time now, Time due) const {
    Round round;
    round.late = now - due > config_->interval / 4;
    for (Link& link : links) {
        const bool silent = !link.heard && !round.late;
        link.heard = false;
        if (!silent) continue;
        if (link.missed < Link::most_missed) ++link.missed;
        const auto missed = static_cast<std::uint32_t>(link.missed);
        round.missed.push_back({link.id, missed});
        if (missed >= std::min(config_->misses, Link::most_missed)) round.silent.push_back(link.id);
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
