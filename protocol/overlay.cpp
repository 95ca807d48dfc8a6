#include "protocol/overlay.hpp"

#include <algorithm>
#include <cmath>

namespace gossip {
namespace {

constexpr std::size_t redirect_limit = 3;

bool contains(std::span<const NodeId> ascending, NodeId id) {
    return std::binary_search(ascending.begin(), ascending.end(), id);
}

// Fixed point, so that the draw itself is integer arithmetic.
std::uint64_t zipf_weight(std::size_t rank, double alpha) {
    constexpr double one = 1U << 30;
    return static_cast<std::uint64_t>(one / std::pow(static_cast<double>(rank), alpha)) + 1;
}

std::uint64_t weight(const OverlayConfig& config, const Candidate& candidate, std::size_t rank) {
    switch (config.strategy) {
        case OverlayStrategy::pa_ring:
        case OverlayStrategy::pa:
            return std::uint64_t{candidate.degree} + 1;
        case OverlayStrategy::zipf:
            return zipf_weight(rank, config.alpha);
        case OverlayStrategy::random:
            return 1;
    }
    return 1;
}

}  // namespace

NodeId choose_link(const OverlayConfig& config, std::span<const Candidate> candidates, std::span<const NodeId> excluded,
                   Rng& rng) {
    const auto by_id = [](const Candidate& a, const Candidate& b) { return a.id < b.id; };
    if (!std::is_sorted(candidates.begin(), candidates.end(), by_id)) {
        std::vector<Candidate> sorted(candidates.begin(), candidates.end());
        std::sort(sorted.begin(), sorted.end(), by_id);
        return choose_link(config, sorted, excluded, rng);
    }
    const auto weight_at = [&](std::size_t i) -> std::uint64_t {
        const Candidate& c = candidates[i];
        if (c.degree >= degree_limit(config, false) || contains(excluded, c.id)) return 0;
        return weight(config, c, i + 1);
    };
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) total += weight_at(i);
    if (total == 0) return NodeId::none;
    std::uint64_t drawn = rng.below(total);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const std::uint64_t w = weight_at(i);
        if (drawn < w) return candidates[i].id;
        drawn -= w;
    }
    return NodeId::none;
}

std::uint32_t expected_degree(const OverlayConfig& config, std::size_t rank, std::size_t peers) {
    const double age = static_cast<double>(peers) / static_cast<double>(rank);
    const double limit = degree_limit(config, false) - 1;
    return static_cast<std::uint32_t>(std::min(limit, config.links * std::sqrt(age)));
}

NodeId ring_target(std::span<const NodeId> successors, std::span<const NodeId> unreachable) {
    for (const NodeId id : successors) {
        if (!contains(unreachable, id)) return id;
    }
    return NodeId::none;
}

bool replaces_lost_link(const OverlayConfig& config, std::size_t remaining, Rng& rng) {
    return remaining < config.floor || rng.chance(config.replace_per_million);
}

std::vector<NodeId> redirects(std::span<const NodeId> links, NodeId asker, Rng& rng) {
    std::vector<NodeId> others;
    for (const NodeId id : links) {
        if (id != asker) others.push_back(id);
    }
    rng.shuffle(std::span<NodeId>(others));
    if (others.size() > redirect_limit) others.resize(redirect_limit);
    return others;
}

}  // namespace gossip
