#pragma once
// What an overlay bears, and how well a power law describes it.

#include "sim/study/graph.hpp"

#include <span>
#include <vector>

namespace gossip::sim {

// The largest component among the nodes that are left, as a share of those nodes.
[[nodiscard]] double largest_share_without(const Graph& graph, const std::vector<bool>& removed);

enum class Removal : std::uint8_t { random, hubs };
// After the removal of a share of all nodes: drawn, or those of the highest degree.
[[nodiscard]] double largest_share_after(const Graph& graph, Removal how, double share, Rng rng);

// A lower bound of the diameter of the component of the best-connected node: two sweeps, from there to the farthest
// node and from that one to its farthest (Magnien, Latapy, Habib 2009: nearly always exact on such graphs).
[[nodiscard]] std::size_t diameter_at_least(const Graph& graph);

// How often data that the fitted law itself made are as far from their own fit (Clauset, Shalizi, Newman 2009,
// section 4.1): below 0.1 the law is not a good description. 1 without a law.
[[nodiscard]] double power_law_p(std::span<const std::uint32_t> degrees, const PowerLaw& law, std::size_t replicates,
                                 Rng rng);

}  // namespace gossip::sim
