#include "sim/study/graph.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gossip::sim {
namespace {

constexpr std::size_t least_tail = 50;

// How many nodes have each degree.
std::vector<std::size_t> counts_of(std::span<const std::uint32_t> degrees) {
    std::vector<std::size_t> counts;
    for (const std::uint32_t d : degrees) {
        if (d >= counts.size()) counts.resize(d + 1);
        ++counts[d];
    }
    return counts;
}

PowerLaw fit_from(const std::vector<std::size_t>& counts, std::size_t from) {
    PowerLaw law{.from = from};
    double logs = 0;
    const double base = static_cast<double>(from) - 0.5;
    for (std::size_t k = from; k < counts.size(); ++k) {
        law.tail += counts[k];
        logs += static_cast<double>(counts[k]) * std::log(static_cast<double>(k) / base);
    }
    if (law.tail < least_tail || counts.size() <= 2 * from) return {};  // too few, or too narrow for any law
    law.exponent = 1 + static_cast<double>(law.tail) / logs;
    // The continuous law through the half-integers, which is what the estimate above assumes.
    std::size_t above = law.tail;
    for (std::size_t k = from; k < counts.size(); ++k) {
        const double real = static_cast<double>(above) / static_cast<double>(law.tail);
        const double fitted = std::pow((static_cast<double>(k) - 0.5) / base, 1 - law.exponent);
        law.distance = std::max(law.distance, std::abs(real - fitted));
        above -= counts[k];
    }
    return law;
}

}  // namespace

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

Components components(const Graph& graph) {
    Components found;
    std::vector<bool> seen(graph.nodes());
    std::vector<std::uint32_t> open;
    for (std::uint32_t start = 0; start < graph.nodes(); ++start) {
        if (seen[start]) continue;
        ++found.count;
        std::size_t size = 0;
        seen[start] = true;
        open.push_back(start);
        while (!open.empty()) {
            const std::uint32_t node = open.back();
            open.pop_back();
            ++size;
            for (const std::uint32_t next : graph.of(node)) {
                if (seen[next]) continue;
                seen[next] = true;
                open.push_back(next);
            }
        }
        found.largest = std::max(found.largest, size);
    }
    return found;
}

double mean_path(const Graph& graph, std::size_t sources, Rng rng) {
    constexpr std::uint32_t unseen = 0xffffffff;
    std::uint64_t hops = 0;
    std::uint64_t pairs = 0;
    std::vector<std::uint32_t> distance;
    std::vector<std::uint32_t> queue;
    for (std::size_t s = 0; s < std::min(sources, graph.nodes()); ++s) {
        const auto start = static_cast<std::uint32_t>(sources < graph.nodes() ? rng.below(graph.nodes()) : s);
        distance.assign(graph.nodes(), unseen);
        distance[start] = 0;
        queue.assign(1, start);
        for (std::size_t i = 0; i < queue.size(); ++i) {
            for (const std::uint32_t next : graph.of(queue[i])) {
                if (distance[next] != unseen) continue;
                distance[next] = distance[queue[i]] + 1;
                hops += distance[next];
                queue.push_back(next);
            }
        }
        pairs += queue.size() - 1;
    }
    return pairs == 0 ? 0.0 : static_cast<double>(hops) / static_cast<double>(pairs);
}

PowerLaw fit_power_law(std::span<const std::uint32_t> degrees) {
    const std::vector<std::size_t> counts = counts_of(degrees);
    PowerLaw best;
    for (std::size_t from = 1; from < counts.size(); ++from) {
        if (counts[from] == 0) continue;
        const PowerLaw law = fit_from(counts, from);
        if (law.exponent == 0) break;
        if (best.exponent == 0 || law.distance < best.distance) best = law;
    }
    return best;
}

}  // namespace gossip::sim
