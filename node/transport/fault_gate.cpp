#include "node/transport/fault_gate.hpp"

#include <algorithm>

namespace gossip {
namespace {

// How much later than its place a duplicate or an overtaken message comes, at the most, on a link
// without delay.
constexpr Duration latest_stray = std::chrono::milliseconds(50);

Duration stray(Rng& rng, const LinkFault& fault) {
    return Duration(1) + rng.up_to(latest_stray + fault.delay + fault.jitter);
}

Duration time_to_send(std::size_t bytes, std::uint64_t bytes_per_second) {
    if (bytes_per_second == 0) return Duration::zero();
    const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

// A link that stays faulty goes on with its draws and its queue; one that heals empties its queue first.
void FaultGate::set(std::uint64_t seed, NodeId self, const std::vector<FaultRule>& rules) {
    for (auto& [node, link] : links_) link.fault = {};
    for (const FaultRule& rule : rules) {
        for (const NodeId node : rule.nodes) {
            const auto [entry, fresh] = links_.try_emplace(node);
            Link& link = entry->second;
            const std::uint64_t ends =
                mix64(static_cast<std::uint64_t>(self)) ^ mix64(~static_cast<std::uint64_t>(node));
            if (fresh) link.rng = Rng(mix64(seed ^ ends));
            link.fault = rule.fault;
        }
    }
    std::erase_if(links_, [](const auto& entry) { return !entry.second.fault.any() && entry.second.held.empty(); });
    for (auto& [node, link] : links_) {
        if (!link.fault.blocks()) link.stalled_since.reset();
    }
}

const LinkFault& FaultGate::fault(NodeId node) const {
    static const LinkFault none;
    const auto found = links_.find(node);
    return found == links_.end() ? none : found->second.fault;
}

SteadyTime FaultGate::due(Link& link, std::size_t bytes, SteadyTime now) {
    link.free_at = std::max(now, link.free_at) + time_to_send(bytes, link.fault.bytes_per_second);
    const SteadyTime arrives = link.free_at + link.fault.delay + link.rng.up_to(link.fault.jitter);
    if (link.rng.chance(link.fault.reorder)) return arrives + stray(link.rng, link.fault);
    return link.last_due = std::max(arrives, link.last_due);
}

void FaultGate::hold(Link& link, SteadyTime due, Frame frame) {
    if (frame) link.bytes += frame->size();
    link.held.emplace(due, std::move(frame));
}

void FaultGate::push(NodeId to, Frame frame, SteadyTime now) {
    Link& link = links_[to];
    if (!frame) return hold(link, std::max(now, link.last_due), nullptr);
    if (link.fault.blocks() && !link.stalled_since) link.stalled_since = now;
    if (link.rng.chance(link.fault.loss)) {
        ++lost_;
        return;
    }
    const SteadyTime when = due(link, frame->size(), now);
    if (link.rng.chance(link.fault.duplicate)) hold(link, when + stray(link.rng, link.fault), frame);
    hold(link, when, std::move(frame));
}

void FaultGate::take_due(NodeId to, Link& link, SteadyTime now, std::vector<Released>& out) {
    const auto end = link.held.upper_bound(now);
    for (auto entry = link.held.begin(); entry != end; ++entry) {
        if (entry->second) link.bytes -= entry->second->size();
        out.push_back({to, std::move(entry->second)});
    }
    link.held.erase(link.held.begin(), end);
}

std::vector<FaultGate::Released> FaultGate::take_due(SteadyTime now) {
    std::vector<Released> out;
    for (auto entry = links_.begin(); entry != links_.end();) {
        Link& link = entry->second;
        if (!link.fault.cut) take_due(entry->first, link, now, out);
        entry = link.held.empty() && !link.fault.any() ? links_.erase(entry) : std::next(entry);
    }
    return out;
}

std::optional<SteadyTime> FaultGate::next_due() const {
    std::optional<SteadyTime> next;
    for (const auto& [node, link] : links_) {
        if (link.fault.cut || link.held.empty()) continue;
        const SteadyTime first = link.held.begin()->first;
        if (!next || first < *next) next = first;
    }
    return next;
}

std::size_t FaultGate::bytes_held(NodeId node) const {
    const auto found = links_.find(node);
    return found == links_.end() ? 0 : found->second.bytes;
}

std::optional<SteadyTime> FaultGate::stalled_since(NodeId node) const {
    const auto found = links_.find(node);
    return found == links_.end() ? std::nullopt : found->second.stalled_since;
}

void FaultGate::forget_held(NodeId node) {
    const auto found = links_.find(node);
    if (found == links_.end()) return;
    found->second.held.clear();
    found->second.bytes = 0;
    found->second.stalled_since.reset();
    if (!found->second.fault.any()) links_.erase(found);
}

std::uint64_t FaultGate::messages_held() const {
    std::uint64_t count = 0;
    for (const auto& [node, link] : links_) count += link.held.size();
    return count;
}

}  // namespace gossip
