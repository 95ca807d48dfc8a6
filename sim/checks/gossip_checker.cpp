#include "sim/checks/gossip_checker.hpp"

#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {
constexpr std::uint64_t bounds_every = 256;  // steps
}

std::uint32_t GossipChecker::number_of(const std::string& id) {
    const auto [at, fresh] = numbers_.emplace(id, static_cast<std::uint32_t>(ids_.size()));
    if (fresh) {
        ids_.push_back(id);
        pushes_.push_back(0);
    }
    return at->second;
}

void GossipChecker::on_started(Time, NodeId node, std::uint32_t) { histories_[node] = {}; }

void GossipChecker::on_step(Time now, NodeId node, const Event& event, const Effects& effects) {
    if (cluster_.is_seed(node) || cluster_.peer(node) == nullptr) return;
    if (const auto* lost = std::get_if<LinkLost>(&event)) {
        pushed_[{node, lost->node}].clear();
    }
    if (const auto* received = std::get_if<Received>(&event)) {
        note_removals(histories_[node], *received);
        if (const auto* graft = received->message.get_if<msg::Graft>()) {
            allow_again(node, received->from, graft->keys);
        }
    }
    for (const Notice& n : effects.notices) {
        if (traits(n.kind).message == MessageStep::begun) on_generated(now, node, n);
        // A peer that jumps over epochs does not learn of their removals; see note_removals.
        if (n.kind == NoticeKind::epoch_learned && !n.yes) learn(histories_[node], n.epoch);
        if (n.kind == NoticeKind::link_up) pushed_[{node, n.other}].clear();
    }
    for (const Deliver& d : effects.deliveries) check_delivery(now, node, d);
    if (++steps_ % bounds_every == 0) check_bounds(now, node);
}

void GossipChecker::on_generated(Time now, NodeId node, const Notice& n) {
    History& h = histories_[node];
    const Rumor& r = *n.rumor;
    const bool fresh = origin_of_.emplace(r.id, Origin{node, r.incarnation, r.text, now}).second;
    if (!fresh) alarm_.raise("G3", now, {node}, "uses the message id " + r.id + " again");
    h.has.insert(number_of(r.id));
    if (n.kind != NoticeKind::generated) return;
    if (++h.generated[r.incarnation] > cluster_.config().gossip.max_messages) {
        alarm_.raise("G3", now, {node}, "generates more messages a life than it may");
    }
}

// Records removals that the peer is told of. A peer that joins later or jumps over a gap never learns of earlier
// removals, so G7 does not apply to them. Messages of a peer that left gracefully stay valid.
void GossipChecker::note_removals(History& h, const Received& received) {
    const SharedMessage& message = received.message;
    const auto note = [&h](const msg::Membership& m) {
        if (m.decision.epoch <= h.epoch || h.removals.contains(m.decision.epoch)) return;
        for (const Change& c : m.decision.batch) {
            if (c.kind == ChangeKind::remove) h.removals[m.decision.epoch].emplace_back(c.peer, c.incarnation);
        }
    };
    if (const auto* m = message.get_if<msg::Membership>()) note(*m);
    if (received.trust != Trust::seed) return;
    if (const auto* ack = message.get_if<msg::RegisterAck>()) h.epoch = std::max(h.epoch, ack->epoch);
    if (const auto* c = message.get_if<msg::Candidates>()) h.epoch = std::max(h.epoch, c->epoch);
    if (const auto* deltas = message.get_if<msg::Deltas>()) {
        for (const msg::Membership& m : deltas->decisions) note(m);
        if (deltas->gap) h.epoch = std::max(h.epoch, deltas->epoch);
    }
}

void GossipChecker::learn(History& h, Epoch epoch) {
    for (auto at = h.removals.upper_bound(h.epoch); at != h.removals.end() && at->first <= epoch; ++at) {
        h.removed.insert(at->second.begin(), at->second.end());
    }
    h.epoch = std::max(h.epoch, epoch);
}

void GossipChecker::check_delivery(Time now, NodeId node, const Deliver& d) {
    const Rumor& r = *d.rumor;
    History& h = histories_[node];
    if (!h.has.insert(number_of(r.id))) return alarm_.raise("G1", now, {node, d.from}, "delivers " + r.id + " again");
    const auto origin = origin_of_.find(r.id);
    if (origin == origin_of_.end()) return alarm_.raise("G3", now, {node, d.from}, "delivers " + r.id + ", never said");
    if (origin->second.text != r.text || origin->second.life != r.incarnation || origin->second.node != r.origin) {
        alarm_.raise("G3", now, {node, d.from}, "delivers " + r.id + " changed");
    }
    if (h.removed.contains({r.origin, r.incarnation})) {
        alarm_.raise("G7", now, {node, d.from}, "delivers " + r.id + " though it knows that its origin was removed");
    }
}

void GossipChecker::on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) {
    const auto* g = message.get_if<msg::Gossip>();
    if (g == nullptr || g->repair) return;
    const std::uint32_t number = number_of(g->rumor->id);
    numbers_by_key_[g->rumor->key] = number;
    ++pushes_[number];
    if (!pushed_[{from, to}].insert(number)) {
        alarm_.raise("G5", now, {from, to}, "pushes " + g->rumor->id + " twice over one link");
    }
}

// A GRAFT asks for messages that were lost with a connection: they may be pushed again.
void GossipChecker::allow_again(NodeId from, NodeId to, const std::vector<RumorKey>& keys) {
    for (const RumorKey& key : keys) {
        if (const auto at = numbers_by_key_.find(key); at != numbers_by_key_.end())
            pushed_[{from, to}].erase(at->second);
    }
}

void GossipChecker::check_bounds(Time now, NodeId node) {
    if (cluster_.peer(node)->status().stored > cluster_.config().gossip.store_limit) {
        alarm_.raise("G4", now, {node}, "stores more messages than its bound");
    }
}

bool GossipChecker::still_member(const Origin& origin) const {
    const auto& list = chain_.list(chain_.last());
    const auto at = list.find(origin.node);
    return at != list.end() && at->second == origin.life;
}

std::string GossipChecker::missing_somewhere() const {
    std::vector<std::pair<NodeId, const History*>> live;
    for (const NodeId p : cluster_.live_peers()) live.emplace_back(p, &histories_.at(p));
    for (std::uint32_t number = 0; number < ids_.size(); ++number) {
        const auto has = [number](const auto& peer) { return peer.second->has.contains(number); };
        const auto lacks = std::find_if_not(live.begin(), live.end(), has);
        if (lacks == live.end() || std::none_of(live.begin(), live.end(), has)) continue;
        if (still_member(origin_of_.at(ids_[number]))) return node_name(lacks->first) + " lacks " + ids_[number];
    }
    return "";
}

std::size_t GossipChecker::reach(const std::string& id) const {
    const auto number = numbers_.find(id);
    if (number == numbers_.end()) return 0;
    std::size_t count = 0;
    for (const NodeId p : cluster_.live_peers()) count += histories_.at(p).has.contains(number->second) ? 1 : 0;
    return count;
}

std::size_t GossipChecker::pushes(const std::string& id) const {
    const auto number = numbers_.find(id);
    return number == numbers_.end() ? 0 : pushes_[number->second];
}

}  // namespace gossip::sim
