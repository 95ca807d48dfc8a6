#pragma once
// How people name nodes: 7003, 127.0.0.1:7003, 7001-7005, peers, seeds, all, @hub, @random:3, host=IP,
// and lists of these with commas.

#include "manager/cluster_view.hpp"
#include "protocol/rng.hpp"

#include <variant>

namespace gossip {

enum class SelectorKind : std::uint8_t { node, port, range, peers, seeds, all, hub, random, host };

struct SelectorTerm {
    SelectorKind kind{};
    NodeId id{};             // node
    std::uint16_t first{0};  // port, range
    std::uint16_t last{0};   // range
    std::uint32_t count{1};  // random
};

struct Selector {
    std::string source;
    std::vector<SelectorTerm> terms;
};

// The error says what is wrong and what would be right.
[[nodiscard]] std::variant<Selector, std::string> parse_selector(std::string_view text);

enum class Among : std::uint8_t {
    running,  // groups mean nodes with a process
    known,    // groups mean ended nodes as well
    seen,     // and those that somebody else runs
};

// Ids without repetition, in the selector's order. Asked for by name, a node is given in any state;
// groups are filtered. The error names what matched nothing.
[[nodiscard]] std::variant<std::vector<NodeId>, std::string> select(const Selector& selector, const ClusterView& view,
                                                                    Among among, Rng& rng);

}  // namespace gossip
