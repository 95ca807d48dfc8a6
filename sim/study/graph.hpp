#pragma once
// What the overlay looks like: components, path lengths and the law of its degrees.

#include "protocol/rng.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gossip::sim {

// An undirected graph over 0 … n-1 in compressed rows. Each edge is given once, in any direction.
class Graph {
public:
    using Edge = std::pair<std::uint32_t, std::uint32_t>;
    Graph(std::size_t nodes, std::span<const Edge> edges);

    [[nodiscard]] std::size_t nodes() const { return first_.size() - 1; }
    [[nodiscard]] std::size_t edges() const { return ends_.size() / 2; }
    [[nodiscard]] std::span<const std::uint32_t> of(std::size_t node) const {
        return {ends_.data() + first_[node], first_[node + 1] - first_[node]};
    }

private:
    std::vector<std::uint32_t> first_;
    std::vector<std::uint32_t> ends_;
};

struct Components {
    std::size_t count{0};
    std::size_t largest{0};
};
[[nodiscard]] Components components(const Graph& graph);

// Mean number of hops between two nodes that reach each other, from up to `sources` drawn nodes.
[[nodiscard]] double mean_path(const Graph& graph, std::size_t sources, Rng rng);

// The tail P(k) ~ k^-exponent for k >= from. `from` is where the fitted and the real tail differ least
// (Kolmogorov-Smirnov), the exponent its maximum likelihood (Clauset, Shalizi, Newman, "Power-law
// distributions in empirical data", 2009, eq. 3.7 and section 3.3).
struct PowerLaw {
    double exponent{0};  // 0: too few degrees to say anything
    std::size_t from{0};
    double distance{0};   // of the two tails, 0 to 1
    std::size_t tail{0};  // how many nodes it was fitted to
};
[[nodiscard]] PowerLaw fit_power_law(std::span<const std::uint32_t> degrees);

}  // namespace gossip::sim
