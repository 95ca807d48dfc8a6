#include "sim/graph/robustness.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gossip::sim {

double largest_share_without(const Graph& graph, const std::vector<bool>& removed) {
    const auto left = std::count(removed.begin(), removed.end(), false);
    return left == 0 ? 0 : static_cast<double>(components(graph, removed).largest) / static_cast<double>(left);
}

double largest_share_after(const Graph& graph, Removal how, double share, Rng rng) {
    std::vector<std::uint32_t> order(graph.nodes());
    std::iota(order.begin(), order.end(), 0U);
    rng.shuffle(std::span(order));  // so that hubs of equal degree are in random order
    if (how == Removal::hubs) {
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return graph.degree(a) > graph.degree(b); });
    }
    std::vector<bool> removed(graph.nodes());
    const auto count = static_cast<std::size_t>(std::llround(share * static_cast<double>(graph.nodes())));
    for (std::size_t i = 0; i < std::min(count, order.size()); ++i) removed[order[i]] = true;
    return largest_share_without(graph, removed);
}

std::size_t diameter_at_least(const Graph& graph) {
    if (graph.nodes() == 0) return 0;
    std::uint32_t hub = 0;
    for (std::uint32_t node = 1; node < graph.nodes(); ++node) {
        if (graph.degree(node) > graph.degree(hub)) hub = node;
    }
    Distances distances(graph);
    distances.search_from(hub);
    distances.search_from(distances.reached().back());
    return distances.hops(distances.reached().back());
}

}  // namespace gossip::sim
