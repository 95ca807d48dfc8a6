#include "protocol/peer/liveness.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t deferred_limit = 256;

}  // namespace

// Nothing is written where nothing changes: most frames of a cycle are not the first of their sender.
void hear(Link& link) {
    if (link.heard && link.missed == 0) return;
    link.heard = true;
    link.missed = 0;
}

void doubt(const LivenessConfig& config, Link& link) {
    link.missed = std::min(config.misses - 1, Link::most_missed) & Link::most_missed;
}

Round end_cycle(const LivenessConfig& config, std::span<Link> links, Time now, Time due) {
    Round round;
    round.late = now - due > config.interval / 4;
    for (Link& link : links) {
        const bool silent = !link.heard && !round.late;
        link.heard = false;
        if (!silent) continue;
        if (link.missed < Link::most_missed) ++link.missed;
        const auto missed = static_cast<std::uint32_t>(link.missed);
        round.missed.push_back({link.id, missed});
        if (missed >= std::min(config.misses, Link::most_missed)) round.silent.push_back(link.id);
    }
    return round;
}

void IsolationDetector::heard(NodeId id) {
    erase_if(deferred_, [id](const Deferred& d) { return d.id == id; });
}

void IsolationDetector::forget(NodeId id) {
    erase_if(redials_, [id](const Redial& r) { return r.id == id; });
}

std::optional<Duration> IsolationDetector::redial_after(NodeId id, Time now) {
    auto redial = std::find_if(redials_.begin(), redials_.end(), [id](const Redial& r) { return r.id == id; });
    if (redial == redials_.end()) redial = redials_.insert(redial, {id, {}});
    if (redial->at > now) return std::nullopt;
    const bool calm = redial->at == Time{} || now - redial->at >= redial_pace;
    const Duration wait = calm ? Duration::zero() : redial->at + redial_pace - now;
    redial->at = now + wait;
    return wait;
}

bool IsolationDetector::note(const LivenessConfig& config, Time now, Time contact, std::size_t degree) {
    if (counted_ == 0 || now - window_ > config.interval) {
        window_ = now;
        counted_ = 0;
    }
    ++counted_;
    const bool in_contact = contact != Time::min() && now - contact <= proof_of_contact;
    if (!in_contact && std::size_t{counted_} * 2 > degree) isolated_ = true;
    return isolated_;
}

void IsolationDetector::defer(NodeId id, bool refused) {
    const bool known = std::any_of(deferred_.begin(), deferred_.end(), [id](const Deferred& d) { return d.id == id; });
    if (!known && deferred_.size() < deferred_limit) deferred_.push_back({id, refused});
}

bool IsolationDetector::contact(SlimVector<Deferred>& deferred) {
    deferred = std::exchange(deferred_, {});
    return std::exchange(isolated_, false);
}

}  // namespace gossip
