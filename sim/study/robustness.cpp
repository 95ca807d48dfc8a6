#include "sim/study/robustness.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gossip::sim {
namespace {

constexpr std::uint32_t unseen = 0xffffffff;

// Farthest node and its distance.
std::pair<std::uint32_t, std::size_t> farthest(const Graph& graph, std::uint32_t start) {
    std::vector<std::uint32_t> distance(graph.nodes(), unseen);
    std::vector<std::uint32_t> queue{start};
    distance[start] = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
        for (const std::uint32_t next : graph.of(queue[i])) {
            if (distance[next] != unseen) continue;
            distance[next] = distance[queue[i]] + 1;
            queue.push_back(next);
        }
    }
    return {queue.back(), distance[queue.back()]};
}

double uniform(Rng& rng) {
    constexpr double scale = 1.0 / 9007199254740992.0;  // 2^-53
    return (static_cast<double>(rng.next() >> 11) + 0.5) * scale;
}

// From the law through the half-integers that fit_power_law fits.
std::uint32_t draw_from(const PowerLaw& law, double most, Rng& rng) {
    const double base = static_cast<double>(law.from) - 0.5;
    const double value = base * std::pow(uniform(rng), -1 / (law.exponent - 1)) + 0.5;
    return static_cast<std::uint32_t>(std::min(value, most));
}

}  // namespace

double largest_share_without(const Graph& graph, const std::vector<bool>& removed) {
    std::vector<bool> seen = removed;
    std::size_t left = 0;
    std::size_t largest = 0;
    std::vector<std::uint32_t> open;
    for (std::uint32_t start = 0; start < graph.nodes(); ++start) {
        if (removed[start]) continue;
        ++left;
        if (seen[start]) continue;
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
        largest = std::max(largest, size);
    }
    return left == 0 ? 0 : static_cast<double>(largest) / static_cast<double>(left);
}

double largest_share_after(const Graph& graph, Removal how, double share, Rng rng) {
    std::vector<std::uint32_t> order(graph.nodes());
    std::iota(order.begin(), order.end(), 0U);
    rng.shuffle(std::span(order));  // of equal degree, any
    if (how == Removal::hubs) {
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return graph.of(a).size() > graph.of(b).size(); });
    }
    std::vector<bool> removed(graph.nodes());
    const auto count = static_cast<std::size_t>(std::llround(share * static_cast<double>(graph.nodes())));
    for (std::size_t i = 0; i < std::min(count, order.size()); ++i) removed[order[i]] = true;
    return largest_share_without(graph, removed);
}

std::size_t diameter_at_least(const Graph& graph) {
    std::uint32_t hub = 0;
    for (std::uint32_t node = 1; node < graph.nodes(); ++node) {
        if (graph.of(node).size() > graph.of(hub).size()) hub = node;
    }
    return graph.nodes() == 0 ? 0 : farthest(graph, farthest(graph, hub).first).second;
}

double power_law_p(std::span<const std::uint32_t> degrees, const PowerLaw& law, std::size_t replicates, Rng rng) {
    if (law.exponent == 0 || replicates == 0) return 1;
    std::vector<std::uint32_t> body;
    for (const std::uint32_t d : degrees) {
        if (d < law.from) body.push_back(d);
    }
    // A single drawn giant would cost a table of its size.
    const double most = 20.0 * std::max<double>(1, *std::max_element(degrees.begin(), degrees.end()));
    std::size_t farther = 0;
    std::vector<std::uint32_t> made(degrees.size());
    for (std::size_t r = 0; r < replicates; ++r) {
        for (std::uint32_t& d : made) {
            const bool tail = rng.below(degrees.size()) < law.tail;
            d = tail || body.empty() ? draw_from(law, most, rng)
                                     : body[static_cast<std::size_t>(rng.below(body.size()))];
        }
        if (fit_power_law(made).distance >= law.distance) ++farther;
    }
    return static_cast<double>(farther) / static_cast<double>(replicates);
}

}  // namespace gossip::sim
