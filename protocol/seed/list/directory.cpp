#include "protocol/seed/list/directory.hpp"

#include "protocol/ring.hpp"

#include <algorithm>
#include <set>
#include <span>

namespace gossip {

void Directory::rebuild(const Ledger& ledger, Time now) {
    *this = {};
    std::vector<Member> members;
    for (const auto& [id, member] : ledger.members()) members.push_back(member);
    std::stable_sort(members.begin(), members.end(),
                     [](const Member& a, const Member& b) { return a.since < b.since; });
    for (const Member& member : members) add(member.id, member.protocol, now);
}

void Directory::add(NodeId peer, ProtocolVersion protocol, Time now) {
    remove(peer);
    Entry& entry = entries_[peer];
    entry.index = order_.size();
    entry.protocol = protocol;
    entry.heard = now;
    order_.push_back(peer);
    ring_[ring_position(peer)] = peer;
}

void Directory::remove(NodeId peer) {
    const auto it = entries_.find(peer);
    if (it == entries_.end()) return;
    const std::size_t hole = it->second.index;
    order_[hole] = order_.back();
    entries_.at(order_[hole]).index = hole;
    order_.pop_back();
    entries_.erase(it);
    ring_.erase(ring_position(peer));
}

void Directory::lease(NodeId peer, std::uint32_t degree, Time now) {
    const auto it = entries_.find(peer);
    if (it == entries_.end()) return;
    Entry& entry = it->second;
    entry.told = entry.told && entry.degree == degree;
    entry.degree = degree;
    entry.leased = true;
    entry.heard = now;
}

void Directory::expect_lease(NodeId peer, Time now) {
    const auto it = entries_.find(peer);
    if (it == entries_.end()) return;
    it->second.leased = true;
    it->second.heard = now;
}

void Directory::touch(NodeId peer, Time now) {
    if (const auto it = entries_.find(peer); it != entries_.end()) it->second.heard = now;
}

bool Directory::silent_since(NodeId peer, Time since) const {
    const auto it = entries_.find(peer);
    return it != entries_.end() && it->second.heard < since;
}

std::vector<NodeId> Directory::all_silent_since(Time since) const {
    std::vector<NodeId> silent;
    for (const auto& [peer, entry] : entries_) {
        if (entry.heard < since) silent.push_back(peer);
    }
    return silent;
}

bool Directory::leases_here(NodeId peer) const {
    const auto it = entries_.find(peer);
    return it != entries_.end() && it->second.leased;
}

std::vector<NodeId> Directory::lease_holders(std::size_t count, Rng& rng) const {
    constexpr std::size_t draws = 24;  // with half of the members leasing here, three are found at once
    std::set<NodeId> holders;
    for (std::size_t i = 0; i < draws && holders.size() < count && !order_.empty(); ++i) {
        const NodeId peer = rng.pick(order_);
        const Entry& entry = entries_.at(peer);
        if (entry.leased && entry.protocol > 0) holders.insert(peer);
    }
    return {holders.begin(), holders.end()};
}

std::vector<Candidate> Directory::sample(std::size_t count, NodeId except, const OverlayConfig& overlay,
                                         Rng& rng) const {
    std::vector<NodeId> chosen;
    if (order_.size() <= count + 1) {
        chosen = order_;
        rng.shuffle(std::span(chosen));
    } else {
        std::set<NodeId> seen{except};
        while (chosen.size() < count) {
            const NodeId peer = rng.pick(order_);
            if (seen.insert(peer).second) chosen.push_back(peer);
        }
    }
    std::erase(chosen, except);
    std::vector<Candidate> candidates;
    for (const NodeId peer : chosen) {
        const Entry& entry = entries_.at(peer);
        const std::uint32_t degree =
            entry.degree ? *entry.degree : expected_degree(overlay, entry.index + 1, order_.size());
        candidates.push_back({peer, degree, entry.protocol});
    }
    if (candidates.size() > count) candidates.resize(count);
    return candidates;
}

std::vector<NodeId> Directory::successors(NodeId peer, std::size_t count) const {
    std::vector<NodeId> next;
    auto it = ring_.upper_bound(ring_position(peer));
    for (std::size_t steps = 0; steps < ring_.size() && next.size() < count; ++steps, ++it) {
        if (it == ring_.end()) it = ring_.begin();
        if (it->second != peer) next.push_back(it->second);
    }
    return next;
}

std::vector<Candidate> Directory::take_degrees(std::size_t count) {
    std::vector<Candidate> news;
    for (auto& [peer, entry] : entries_) {
        if (news.size() == count) break;
        if (entry.told) continue;
        entry.told = true;
        news.push_back({peer, entry.degree.value_or(0), entry.protocol});
    }
    return news;
}

void Directory::learn_degree(const Candidate& told) {
    if (const auto it = entries_.find(told.id); it != entries_.end()) it->second.degree = told.degree;
}

}  // namespace gossip
