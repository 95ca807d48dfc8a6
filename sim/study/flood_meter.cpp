#include "sim/study/flood_meter.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

// A peer that stops sooner than this after a message was published is not held to have missed it.
constexpr Duration grace = std::chrono::seconds(10);

}  // namespace

void FloodMeter::on_step(Time now, NodeId node, const Event& event, const Effects& effects) {
    if (std::holds_alternative<Publish>(event)) return on_published(now, node, effects);
    for (const Deliver& d : effects.deliveries) on_delivered(now, node, d);
}

// A peer that sends nothing refused the message (it is not a member yet, or over its rate), or it has no links: then
// the message is said, and may still spread by repair.
void FloodMeter::on_published(Time now, NodeId node, const Effects& effects) {
    const std::size_t number = published_.size();
    const auto sent = std::ranges::find_if(
        effects.sends, [](const Send& send) { return send.message.get_if<msg::Gossip>() != nullptr; });
    if (sent != effects.sends.end()) {
        number_of_[sent->message.get_if<msg::Gossip>()->rumor->key.lo] = number;
    } else {
        const PeerMachine* peer = cluster_.peer(node);
        if (peer == nullptr) return;
        const PeerStatus status = peer->status();
        if (!status.active || !status.links.empty()) return;
        keyless_.push_back(number);
    }
    published_.push_back({node, now, std::vector<bool>(cluster_.peers().size()), 0});
    published_.back().reached[cluster_.number_of(node)] = true;
}

FloodMeter::Published* FloodMeter::find(const Rumor& rumor) {
    const auto at = number_of_.find(rumor.key.lo);
    if (at != number_of_.end()) return &published_[at->second];
    // The earliest of its origin: peers number their messages, and neighbours learn of them in that order.
    const auto first =
        std::ranges::find_if(keyless_, [&](std::size_t number) { return published_[number].origin == rumor.origin; });
    if (first == keyless_.end()) return nullptr;
    Published& message = published_[*first];
    number_of_[rumor.key.lo] = *first;
    keyless_.erase(first);
    return &message;
}

void FloodMeter::on_delivered(Time now, NodeId node, const Deliver& d) {
    Published* message = find(*d.rumor);
    if (message == nullptr) return;
    const std::size_t number = cluster_.number_of(node);
    if (number < message->reached.size()) message->reached[number] = true;
    ++message->deliveries;
    ++deliveries_;
    hops_.add(d.hop);
    latency_.add(static_cast<std::uint64_t>((now - message->at).count()));
}

void FloodMeter::on_wire(Time, NodeId, NodeId, const SharedMessage& message) {
    if (const auto* gossip = message.get_if<msg::Gossip>()) ++(gossip->repair ? repairs_ : pushes_);
}

void FloodMeter::on_stopped(Time now, NodeId node, StopKind) {
    stopped_.try_emplace(static_cast<std::uint64_t>(node), now);
}

std::optional<double> FloodMeter::coverage(const Published& message) const {
    const Time until = std::min(message.at + grace, cluster_.sim().now());
    std::size_t targets = 0;
    std::size_t reached = 0;
    for (std::size_t i = 0; i < message.reached.size(); ++i) {
        const auto stopped = stopped_.find(static_cast<std::uint64_t>(cluster_.peers()[i]));
        if (stopped != stopped_.end() && stopped->second < until) continue;
        ++targets;
        if (message.reached[i]) ++reached;
    }
    if (targets == 0) return std::nullopt;
    return static_cast<double>(reached) / static_cast<double>(targets);
}

}  // namespace gossip::sim
