#pragma once
// How people name nodes: 7003, 127.0.0.1:7003, 7001-7005, peers, seeds, all, @hub, @random:3, host=h1,
// and lists of these with commas.

#include "manager/view/cluster_view.hpp"
#include "protocol/rng.hpp"

#include <variant>

namespace gossip {

enum class SelectorKind : std::uint8_t { node, port, range, peers, seeds, all, hub, random, host };

struct SelectorTerm {
    SelectorKind kind{};
    NodeId id{};             // node; host, where it is an address
    std::uint16_t first{0};  // port, range
    std::uint16_t last{0};   // range
    std::uint32_t count{1};  // random
    std::string host{};      // a name of [[host]], or an address
};

struct Selector {
    std::string source;
    std::vector<SelectorTerm> terms;
};

// The error says what is wrong and what would be right.
[[nodiscard]] std::variant<Selector, std::string> parse_selector(std::string_view text);

enum class Among : std::uint8_t {
    running,  // groups select nodes with a process
    known,    // groups select ended nodes as well
    seen,     // groups also select nodes that somebody else runs
};

// Ids without repetition, in the selector's order. A node named by itself is selected in any state; groups are
// filtered by `among`. The error names the term that matched nothing.
[[nodiscard]] std::variant<std::vector<NodeId>, std::string> select(const Selector& selector, const ClusterView& view,
                                                                    Among among, Rng& rng);

// The error for an unknown host, with the host of the most similar name.
[[nodiscard]] std::string unknown_host(const std::string& name, const std::vector<std::string>& hosts);

}  // namespace gossip
