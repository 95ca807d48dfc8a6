#pragma once
// The faults in force, by directed link. The commands partition, link, delay, loss and heal change them; each node
// is sent those of its outgoing links.

#include "node/transport/link_fault.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gossip {

using NodeSet = std::set<NodeId>;

// What a command changes of a link; the rest stays as it is.
struct FaultChange {
    std::optional<bool> cut;
    std::optional<Duration> delay;
    std::optional<Duration> jitter;
    std::optional<std::uint32_t> loss;
    std::optional<std::uint32_t> duplicate;
    std::optional<std::uint32_t> reorder;
    std::optional<std::uint64_t> bytes_per_second;
    bool clear{false};  // before the other changes
};

// The faults of the links that lead from one node.
struct NodeFaults {
    static constexpr std::size_t most_named = 64;

    std::string words;  // "3 cut, 1 impaired"; empty: none
    NodeSet cut;        // empty when there are more than `most_named`, as is `impaired`
    NodeSet impaired;
};

class FaultTable {
public:
    using Link = std::pair<NodeId, NodeId>;  // from, to

    // Changes the links from each node of `from` to each of `to`. Adds the nodes whose rules change to `touched`.
    void change(const NodeSet& from, const NodeSet& to, const FaultChange& change, NodeSet& touched);
    // Every link from or to one of these; all links when empty.
    void heal(const NodeSet& nodes, NodeSet& touched);

    [[nodiscard]] bool empty() const { return links_.empty(); }
    [[nodiscard]] const std::map<Link, LinkFault>& links() const { return links_; }
    [[nodiscard]] const LinkFault* find(NodeId from, NodeId to) const;
    // The faults of the links that lead from `node`; equal faults share a rule.
    [[nodiscard]] std::vector<FaultRule> rules_of(NodeId node) const;
    [[nodiscard]] NodeFaults faults_of(NodeId node) const;

private:
    std::map<Link, LinkFault> links_;  // only links that have a fault
};

}  // namespace gossip
