#include "sim/study/removal_meter.hpp"

#include "protocol/seed/list/records.hpp"

#include <algorithm>

namespace gossip::sim {

// Every seed appends each decision; the first one counts.
void RemovalMeter::on_step(Time now, NodeId node, const Event&, const Effects& effects) {
    for (const Append& append : effects.appends) {
        if (append.type != RecordType::decided || !cluster_.is_seed(node)) continue;
        const auto decision = decode_decision(append.body);
        if (!decision || decision->epoch <= counted_) continue;
        counted_ = decision->epoch;
        for (const Change& change : decision->batch) {
            if (change.kind == ChangeKind::remove) on_removed(now, change);
        }
    }
}

void RemovalMeter::on_stopped(Time now, NodeId node, StopKind how) {
    if (how != StopKind::finished && !cluster_.is_seed(node)) crashed_.try_emplace(node, now);
}

void RemovalMeter::on_paused(Time now, NodeId peer) { paused_since_[peer] = now; }
void RemovalMeter::on_resumed(NodeId peer) { paused_since_.erase(peer); }

void RemovalMeter::on_removed(Time now, const Change& change) {
    if (!removed_.insert({change.peer, change.incarnation}).second) return;
    const auto since = [now](Time then) { return static_cast<std::uint64_t>((now - then).count()); };
    const PeerMachine* peer = cluster_.peer(change.peer);
    if (peer == nullptr) {
        if (const auto at = crashed_.find(change.peer); at != crashed_.end()) dead_.add(since(at->second));
        return;
    }
    if (peer->status().incarnation != change.incarnation) return;  // an earlier life
    const auto at = paused_since_.find(change.peer);
    if (at == paused_since_.end())
        ++alive_;
    else
        paused_.add(since(at->second));
}

std::optional<std::size_t> RemovalMeter::dead_not_removed() const {
    const std::vector<NodeId> seeds = cluster_.live_seeds();
    if (seeds.empty()) return std::nullopt;
    std::set<NodeId> listed;
    for (const NodeId seed : crashed_.empty() ? std::vector<NodeId>{} : seeds) {
        const std::vector<NodeId> list = cluster_.listed(seed);
        for (const auto& [peer, at] : crashed_) {
            if (std::ranges::binary_search(list, peer)) listed.insert(peer);
        }
    }
    return listed.size();
}

}  // namespace gossip::sim
