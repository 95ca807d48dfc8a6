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
    running,  // groups mean nodes with a process
    known,    // groups mean ended nodes as well
    seen,     // and those that somebody else runs
};

// Ids without repetition, in the selector's order. Asked for by name, a node is given in any state;
// groups are filtered. The error names what matched nothing.
[[nodiscard]] std::variant<std::vector<NodeId>, std::string> select(const Selector& selector, const ClusterView& view,
                                                                    Among among, Rng& rng);

// Why there is no such host, with the nearest that there is.
[[nodiscard]] std::string unknown_host(const std::string& name, const std::vector<std::string>& hosts);

}  // namespace gossip
