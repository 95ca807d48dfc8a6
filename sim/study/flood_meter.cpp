#include "sim/study/flood_meter.hpp"

namespace gossip::sim {
namespace {
std::uint64_t key_of(NodeId id) { return static_cast<std::uint64_t>(id); }
}  // namespace

void FloodMeter::on_step(Time now, NodeId node, const Event& event, const Effects& effects) {
    if (std::holds_alternative<Publish>(event)) return on_published(now, node, effects);
    for (const Deliver& d : effects.deliveries) on_delivered(now, node, d);
    for (const Notice& n : effects.notices) {
        if (n.kind == NoticeKind::member_removed && cluster_.is_seed(node)) on_removed(now, n.subject);
    }
}

void FloodMeter::on_published(Time now, NodeId node, const Effects& effects) {
    for (const Send& send : effects.sends) {
        const auto* gossip = send.message.get_if<msg::Gossip>();
        if (gossip == nullptr) continue;
        number_of_[gossip->rumor->key.lo] = published_.size();
        published_.push_back({node, now, std::vector<bool>(cluster_.peers().size()), 0});
        published_.back().reached[cluster_.number_of(node)] = true;
        return;
    }
}

void FloodMeter::on_delivered(Time now, NodeId node, const Deliver& d) {
    const auto at = number_of_.find(d.rumor->key.lo);
    if (at == number_of_.end()) return;
    Published& message = published_[at->second];
    const std::size_t number = cluster_.number_of(node);
    if (number < message.reached.size()) message.reached[number] = true;
    ++message.deliveries;
    ++deliveries_;
    hops_.add(d.hop);
    latency_.add(static_cast<std::uint64_t>((now - message.at).count()));
}

void FloodMeter::on_wire(Time, NodeId, NodeId, const SharedMessage& message) {
    if (const auto* gossip = message.get_if<msg::Gossip>()) ++(gossip->repair ? repairs_ : pushes_);
}

void FloodMeter::on_stopped(Time now, NodeId node, StopKind) { stopped_.try_emplace(key_of(node), now); }

// Every seed reports the removal; the first report counts.
void FloodMeter::on_removed(Time now, NodeId peer) {
    constexpr Time counted = Time::max();
    const auto [at, alive] = stopped_.try_emplace(key_of(peer), counted);
    if (alive) ++false_removals_;
    if (!alive && at->second != counted) detection_.add(static_cast<std::uint64_t>((now - at->second).count()));
    at->second = counted;
}

double FloodMeter::coverage(const Published& message) const {
    std::size_t live = 0;
    std::size_t has = 0;
    for (std::size_t i = 0; i < message.reached.size(); ++i) {
        if (!cluster_.sim().is_up(cluster_.peers()[i])) continue;
        ++live;
        if (message.reached[i]) ++has;
    }
    return live == 0 ? 0.0 : static_cast<double>(has) / static_cast<double>(live);
}

}  // namespace gossip::sim
