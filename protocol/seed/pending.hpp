#pragma once
// Changes that somebody asked this seed for and that no epoch holds yet, oldest first, with who
// waits for the answer. An ask leaves only when the list answers it or voters reject it.

#include "protocol/seed/list/ledger.hpp"
#include "protocol/types.hpp"

#include <map>
#include <vector>

namespace gossip {

struct PendingAsk {
    Ask ask;
    Time since;
    std::vector<NodeId> clients;  // connections to be told
    bool carried{false};          // another seat's, which answers its clients
    bool announced{false};        // its clients were told that it is pending
    bool opened{false};           // its PROPOSAL line was said
};

class PendingAsks {
public:
    // Far above any network this program is for; a bound because anybody may ask.
    static constexpr std::size_t limit = 50'000;
    static constexpr std::size_t clients_limit = 16;

    // The ask, new or known; a known one that was only carried becomes our own. Null when full.
    PendingAsk* add(const Ask& ask, Time now, bool carried);
    [[nodiscard]] PendingAsk* find(const Change& change);
    [[nodiscard]] const PendingAsk* find(const Change& change) const;
    // The oldest ask that would add this peer; protocol 0 has no incarnations to tell them apart.
    [[nodiscard]] PendingAsk* find_add(NodeId peer, ProtocolVersion protocol);
    void erase(const Change& change);

    // The oldest asks of one kind of proposal (removals travel alone), one a peer, at most `count`.
    [[nodiscard]] std::vector<Ask> next(std::size_t count) const;
    // Our own asks, for another seat to carry.
    [[nodiscard]] std::vector<Ask> to_carry(std::size_t count) const;
    // Takes out what the list answers now: it holds the life, or can never hold it any more.
    std::vector<PendingAsk> take_answered(const Ledger& ledger);

    [[nodiscard]] const std::map<std::uint64_t, PendingAsk>& all() const { return asks_; }
    [[nodiscard]] std::map<std::uint64_t, PendingAsk>& all() { return asks_; }
    [[nodiscard]] bool empty() const { return asks_.empty(); }
    [[nodiscard]] std::size_t size() const { return asks_.size(); }

private:
    std::map<std::uint64_t, PendingAsk> asks_;  // by arrival
    std::map<Change, std::uint64_t> arrival_;
    std::uint64_t arrivals_{0};
};

void add_client(PendingAsk& ask, NodeId client);

}  // namespace gossip
