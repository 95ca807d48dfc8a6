#include "protocol/seed/pending.hpp"

#include "protocol/seed/list/changes.hpp"

#include <algorithm>
#include <set>

namespace gossip {
namespace {

// A batch touches an endpoint, or a seat, once: what two changes of one do depends on their order.
std::pair<NodeId, Seat> subject_of(const Change& change) { return {change.peer, change.seat}; }

bool is_removal(const Change& change) { return change.kind == ChangeKind::remove; }

}  // namespace

void add_client(PendingAsk& ask, NodeId client) {
    const bool known = std::find(ask.clients.begin(), ask.clients.end(), client) != ask.clients.end();
    if (!known && ask.clients.size() < PendingAsks::clients_limit) ask.clients.push_back(client);
}

PendingAsk* PendingAsks::add(const Ask& ask, Time now, bool carried) {
    if (PendingAsk* known = find(ask.change)) {
        known->carried = known->carried && carried;
        return known;
    }
    if (asks_.size() >= limit) return nullptr;
    arrival_[ask.change] = ++arrivals_;
    PendingAsk& entry = asks_[arrivals_];
    entry.ask = ask;
    entry.since = now;
    entry.carried = carried;
    return &entry;
}

PendingAsk* PendingAsks::find(const Change& change) {
    const auto it = arrival_.find(change);
    return it == arrival_.end() ? nullptr : &asks_.at(it->second);
}

const PendingAsk* PendingAsks::find(const Change& change) const {
    const auto it = arrival_.find(change);
    return it == arrival_.end() ? nullptr : &asks_.at(it->second);
}

PendingAsk* PendingAsks::find_add(NodeId peer, ProtocolVersion protocol) {
    for (auto it = arrival_.lower_bound(Change{ChangeKind::add, peer}); it != arrival_.end(); ++it) {
        if (it->first.kind != ChangeKind::add || it->first.peer != peer) break;
        if (it->first.protocol == protocol) return &asks_.at(it->second);
    }
    return nullptr;
}

void PendingAsks::erase(const Change& change) {
    const auto it = arrival_.find(change);
    if (it == arrival_.end()) return;
    asks_.erase(it->second);
    arrival_.erase(it);
}

std::vector<Ask> PendingAsks::next(std::size_t count) const {
    std::vector<Ask> chosen;
    std::set<std::pair<NodeId, Seat>> subjects;
    for (const auto& [arrival, entry] : asks_) {
        if (chosen.size() == count) break;
        const Change& change = entry.ask.change;
        if (!chosen.empty() && is_removal(change) != is_removal(chosen.front().change)) continue;
        if (subjects.insert(subject_of(change)).second) chosen.push_back(entry.ask);
    }
    return chosen;
}

std::vector<Ask> PendingAsks::to_carry(std::size_t count) const {
    std::vector<Ask> own;
    for (const auto& [arrival, entry] : asks_) {
        if (own.size() == count) break;
        if (!entry.carried) own.push_back(entry.ask);
    }
    return own;
}

std::vector<PendingAsk> PendingAsks::take_answered(const Ledger& ledger) {
    std::vector<PendingAsk> done;
    for (auto it = asks_.begin(); it != asks_.end();) {
        if (!is_moot(it->second.ask.change, ledger)) {
            ++it;
            continue;
        }
        arrival_.erase(it->second.ask.change);
        done.push_back(std::move(it->second));
        it = asks_.erase(it);
    }
    return done;
}

}  // namespace gossip
