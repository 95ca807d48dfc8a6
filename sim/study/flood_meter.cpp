#include "sim/study/flood_meter.hpp"

namespace gossip::sim {
namespace {
std::uint64_t key_of(NodeId id) { return static_cast<std::uint64_t>(id); }
}  // namespace

void FloodMeter::on_step(Time now, NodeId node, const Event& event, const Effects& effects) {
    if (std::holds_alternative<Publish>(event)) return on_said(now, node, effects);
    for (const Deliver& d : effects.deliveries) on_delivered(now, node, d);
    for (const Notice& n : effects.notices) {
        if (n.kind == NoticeKind::member_removed && cluster_.is_seed(node)) on_removed(now, n.subject);
    }
}

void FloodMeter::on_said(Time now, NodeId node, const Effects& effects) {
    for (const Send& send : effects.sends) {
        const auto* gossip = send.message.get_if<msg::Gossip>();
        if (gossip == nullptr) continue;
        number_of_[gossip->rumor->key.lo] = said_.size();
        said_.push_back({node, now, std::vector<bool>(cluster_.peers().size()), 0});
        said_.back().reached[cluster_.number_of(node)] = true;
        return;
    }
}

void FloodMeter::on_delivered(Time now, NodeId node, const Deliver& d) {
    const auto at = number_of_.find(d.rumor->key.lo);
    if (at == number_of_.end()) return;
    Said& said = said_[at->second];
    const std::size_t number = cluster_.number_of(node);
    if (number < said.reached.size()) said.reached[number] = true;
    ++said.deliveries;
    ++deliveries_;
    hops_.add(d.hop);
    latency_.add(static_cast<std::uint64_t>((now - said.at).count()));
}

void FloodMeter::on_wire(Time, NodeId, NodeId, const SharedMessage& message) {
    if (const auto* gossip = message.get_if<msg::Gossip>()) ++(gossip->repair ? repairs_ : pushes_);
}

void FloodMeter::on_stopped(Time now, NodeId node, StopKind) { stopped_.try_emplace(key_of(node), now); }

// Each seed says it: the first counts.
void FloodMeter::on_removed(Time now, NodeId peer) {
    constexpr Time counted = Time::max();
    const auto [at, alive] = stopped_.try_emplace(key_of(peer), counted);
    if (alive) ++false_removals_;
    if (!alive && at->second != counted) detection_.add(static_cast<std::uint64_t>((now - at->second).count()));
    at->second = counted;
}

double FloodMeter::coverage(const Said& said) const {
    std::size_t live = 0;
    std::size_t has = 0;
    for (std::size_t i = 0; i < said.reached.size(); ++i) {
        if (!cluster_.sim().is_up(cluster_.peers()[i])) continue;
        ++live;
        if (said.reached[i]) ++has;
    }
    return live == 0 ? 0.0 : static_cast<double>(has) / static_cast<double>(live);
}

}  // namespace gossip::sim
