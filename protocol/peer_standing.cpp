#include "protocol/peer_standing.hpp"

#include "protocol/overlay.hpp"
#include "protocol/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

bool same(const RecordPtr& a, const RecordPtr& b) {
    if (a == nullptr || b == nullptr) return a == b;
    return a->peer == b->peer && a->incarnation == b->incarnation && a->version == b->version && a->links == b->links &&
           a->successors == b->successors && a->signature == b->signature;
}

}  // namespace

bool operator==(const StandingLink& a, const StandingLink& b) {
    return a.id == b.id && a.incarnation == b.incarnation && a.kind == b.kind && a.degree == b.degree &&
           same(a.record, b.record);
}

bool operator==(const PeerStanding& a, const PeerStanding& b) {
    return a.incarnation == b.incarnation && a.epoch == b.epoch && a.digest == b.digest && a.members == b.members &&
           a.seats == b.seats && a.seed_keys == b.seed_keys && a.successors == b.successors && a.links == b.links &&
           a.candidates == b.candidates && same(a.record, b.record);
}

void PeerMachine::stand(Time now, WallMs wall, const PeerStanding& standing, Effects& out) {
    now_ = now;
    out_ = &out;
    started_ = now;
    started_wall_ = wall;
    incarnation_ = standing.incarnation;
    phase_ = Phase::active;
    registration_.restore(standing.seats);
    seed_keys_ = standing.seed_keys;
    view_.rise(standing.epoch, standing.digest, standing.members);
    view_.restore(standing.successors, standing.candidates);
    registered_epoch_ = standing.epoch;
    record_ = standing.record;
    record_stale_ = false;
    links_.reserve(standing.links.size());
    for (const StandingLink& s : standing.links) {
        links_.add(s.id, s.kind, s.incarnation, 1);
        Link* link = links_.find(s.id);
        link->degree = s.degree;
        link->record = s.record;
        link->told = record_->version;
    }
    liveness_.watch_all(links_.ids());
    overlay_announced_ = true;
    dissemination_.begin_life();
    begin_rounds();
    out_ = nullptr;
}

PeerStanding PeerMachine::standing() const {
    PeerStanding s{.incarnation = incarnation_,
                   .epoch = view_.epoch(),
                   .digest = view_.digest(),
                   .members = view_.members(),
                   .seats = registration_.acked(),
                   .seed_keys = seed_keys_,
                   .candidates = view_.sample(),
                   .record = record_};
    s.successors.assign(view_.successors().begin(), view_.successors().end());
    for (const Link& l : links_.all()) s.links.push_back({l.id, l.incarnation, l.kind, l.degree, l.record});
    return s;
}

}  // namespace gossip
