#pragma once
// Undirected graphs: components, distances and path lengths.

#include "protocol/rng.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gossip::sim {

// A graph over nodes 0 … n-1 in compressed rows. Each edge is given once, in any direction.
class Graph {
public:
    using Edge = std::pair<std::uint32_t, std::uint32_t>;
    Graph(std::size_t nodes, std::span<const Edge> edges);

    [[nodiscard]] std::size_t nodes() const { return first_.size() - 1; }
    [[nodiscard]] std::size_t edges() const { return ends_.size() / 2; }
    [[nodiscard]] std::span<const std::uint32_t> of(std::size_t node) const {
        return {ends_.data() + first_[node], first_[node + 1] - first_[node]};
    }
    [[nodiscard]] std::size_t degree(std::size_t node) const { return first_[node + 1] - first_[node]; }

private:
    std::vector<std::uint32_t> first_;
    std::vector<std::uint32_t> ends_;
};

// Calls `visit` with the nodes of each component, components in the order of their lowest node. Nodes that are marked
// in `seen` are left out.
template <class Visit>
void each_component(const Graph& graph, std::vector<bool> seen, Visit visit) {
    std::vector<std::uint32_t> component;
    for (std::uint32_t start = 0; start < graph.nodes(); ++start) {
        if (seen[start]) continue;
        seen[start] = true;
        component.assign(1, start);
        for (std::size_t i = 0; i < component.size(); ++i) {
            for (const std::uint32_t next : graph.of(component[i])) {
                if (seen[next]) continue;
                seen[next] = true;
                component.push_back(next);
            }
        }
        visit(std::span<const std::uint32_t>(component));
    }
}

struct Components {
    std::size_t count{0};
    std::size_t largest{0};
};
[[nodiscard]] Components components(const Graph& graph);
// Of the graph without the removed nodes.
[[nodiscard]] Components components(const Graph& graph, const std::vector<bool>& removed);

// Breadth-first search. Reuses its memory from one start to the next.
class Distances {
public:
    static constexpr std::uint32_t unreached = 0xffffffff;

    explicit Distances(const Graph& graph) : graph_(graph) {}
    void search_from(std::uint32_t start);
    [[nodiscard]] std::uint32_t hops(std::uint32_t node) const { return hops_[node]; }
    // The nodes reached, nearest first; the start is the first.
    [[nodiscard]] std::span<const std::uint32_t> reached() const { return reached_; }

private:
    const Graph& graph_;
    std::vector<std::uint32_t> hops_;
    std::vector<std::uint32_t> reached_;
};

// Mean number of hops between two nodes that reach each other, from up to `sources` drawn nodes.
[[nodiscard]] double mean_path(const Graph& graph, std::size_t sources, Rng rng);

}  // namespace gossip::sim
