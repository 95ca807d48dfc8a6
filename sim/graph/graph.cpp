#include "sim/graph/graph.hpp"

#include <algorithm>
#include <numeric>

namespace gossip::sim {

Graph::Graph(std::size_t nodes, std::span<const Edge> edges) : first_(nodes + 1), ends_(2 * edges.size()) {
    for (const auto& [a, b] : edges) {
        ++first_[a + 1];
        ++first_[b + 1];
    }
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<std::uint32_t> at(first_.begin(), first_.end() - 1);
    for (const auto& [a, b] : edges) {
        ends_[at[a]++] = b;
        ends_[at[b]++] = a;
    }
}

Components components(const Graph& graph) { return components(graph, std::vector<bool>(graph.nodes())); }

Components components(const Graph& graph, const std::vector<bool>& removed) {
    Components found;
    each_component(graph, removed, [&found](std::span<const std::uint32_t> nodes) {
        ++found.count;
        found.largest = std::max(found.largest, nodes.size());
    });
    return found;
}

void Distances::search_from(std::uint32_t start) {
    hops_.assign(graph_.nodes(), unreached);
    reached_.assign(1, start);
    hops_[start] = 0;
    for (std::size_t i = 0; i < reached_.size(); ++i) {
        const std::uint32_t node = reached_[i];
        for (const std::uint32_t next : graph_.of(node)) {
            if (hops_[next] != unreached) continue;
            hops_[next] = hops_[node] + 1;
            reached_.push_back(next);
        }
    }
}

double mean_path(const Graph& graph, std::size_t sources, Rng rng) {
    std::uint64_t hops = 0;
    std::uint64_t pairs = 0;
    Distances distances(graph);
    for (std::size_t s = 0; s < std::min(sources, graph.nodes()); ++s) {
        distances.search_from(static_cast<std::uint32_t>(sources < graph.nodes() ? rng.below(graph.nodes()) : s));
        for (const std::uint32_t node : distances.reached()) hops += distances.hops(node);
        pairs += distances.reached().size() - 1;
    }
    return pairs == 0 ? 0.0 : static_cast<double>(hops) / static_cast<double>(pairs);
}

}  // namespace gossip::sim
