#pragma once
// What a seed knows about its members beside the list itself: degrees, leases, and the order on the
// hash ring. It answers "whom could this peer link to" and "who has not been heard for long".
// Volatile: rebuilt from the list at start, and nothing here decides anything alone.

#include "protocol/overlay.hpp"
#include "protocol/rng.hpp"
#include "protocol/seed/list/ledger.hpp"

#include <map>
#include <optional>
#include <vector>

namespace gossip {

class Directory {
public:
    // Everybody gets a new lease: a seed that was away cannot say who was silent.
    void rebuild(const Ledger& ledger, Time now);
    void add(NodeId peer, ProtocolVersion protocol, Time now);
    void remove(NodeId peer);

    void lease(NodeId peer, std::uint32_t degree, Time now);
    // It was acknowledged here and will lease here: until its first lease it counts as if it did.
    void expect_lease(NodeId peer, Time now);
    // A sign of life that is no lease.
    void touch(NodeId peer, Time now);
    // True when nothing was heard of a member since `since`.
    [[nodiscard]] bool silent_since(NodeId peer, Time since) const;
    [[nodiscard]] std::vector<NodeId> all_silent_since(Time since) const;
    [[nodiscard]] bool leases_here(NodeId peer) const;
    // Up to `count` random members of protocol 1 that hold a lease here.
    [[nodiscard]] std::vector<NodeId> lease_holders(std::size_t count, Rng& rng) const;

    // A uniform sample without `except`. Who has not told its degree yet has the one that its seniority will give it.
    [[nodiscard]] std::vector<Candidate> sample(std::size_t count, NodeId except, const OverlayConfig& overlay,
                                                Rng& rng) const;
    // The next on the hash ring after `peer`, nearest first.
    [[nodiscard]] std::vector<NodeId> successors(NodeId peer, std::size_t count) const;

    // Degrees told by leases since the last call, for the other seeds; at most `count`.
    std::vector<Candidate> take_degrees(std::size_t count);
    void learn_degree(const Candidate& told);

private:
    struct Entry {
        std::size_t index{0};  // in order_
        std::optional<std::uint32_t> degree;
        ProtocolVersion protocol{1};
        bool leased{false};
        bool told{true};  // the other seeds know its degree
        Time heard;
    };

    std::map<NodeId, Entry> entries_;
    std::vector<NodeId> order_;             // for drawing at random; the longest in the list first, as far as is known
    std::map<std::uint64_t, NodeId> ring_;  // by ring position
};

}  // namespace gossip
