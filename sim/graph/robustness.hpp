#pragma once
// How an overlay withstands the removal of nodes, and its diameter.

#include "protocol/rng.hpp"
#include "sim/graph/graph.hpp"

#include <cstdint>
#include <vector>

namespace gossip::sim {

// The size of the largest component of the remaining nodes, as a share of the remaining nodes.
[[nodiscard]] double largest_share_without(const Graph& graph, const std::vector<bool>& removed);

enum class Removal : std::uint8_t { random, hubs };
// The same after the removal of a share of all nodes: random ones, or those with the highest degrees.
[[nodiscard]] double largest_share_after(const Graph& graph, Removal how, double share, Rng rng);

// A lower bound of the diameter of the component of the node with the highest degree, by a double sweep: from there to
// the farthest node, and from that node to its farthest (Magnien, Latapy, Habib 2009: nearly always exact on such
// graphs).
[[nodiscard]] std::size_t diameter_at_least(const Graph& graph);

}  // namespace gossip::sim
