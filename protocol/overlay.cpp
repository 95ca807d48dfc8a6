#include "protocol/overlay.hpp"

#include <algorithm>
#include <cmath>

namespace gossip {
namespace {

constexpr std::size_t redirect_limit = 3;

bool contains(std::span<const NodeId> ascending, NodeId id) {
    return std::binary_search(ascending.begin(), ascending.end(), id);
}

}  // namespace

const OverlayStrategy* find_overlay(std::string_view name) {
    const auto all = overlay_strategies();
    const auto at = std::find_if(all.begin(), all.end(), [name](const auto* s) { return s->name() == name; });
    return at == all.end() ? nullptr : *at;
}

// ---------------------------------------------------------------- what strategies have in common

bool LinkChoice::excludes(NodeId id) const { return contains(excluded, id); }

bool LinkChoice::allows(const Candidate& candidate) const {
    return candidate.degree < degree_limit(config, false) && !excludes(candidate.id);
}

std::uint32_t OverlayStrategy::links(const OverlayConfig& config, NodeId /*self*/, std::size_t /*others*/) const {
    return config.links;
}

double OverlayStrategy::mean_links(const OverlayConfig& config, std::size_t others) const {
    return links(config, NodeId::none, others) - (ring() ? 1.0 : 0.0);
}

std::optional<std::string> OverlayStrategy::problem(const OverlayConfig& /*config*/) const { return std::nullopt; }

std::optional<std::string> OverlayStrategy::warning(const OverlayConfig& /*config*/, std::size_t /*peers*/) const {
    return std::nullopt;
}

bool OverlayStrategy::replaces(const OverlayConfig& config, const LostLink& lost, Rng& rng) const {
    return lost.remaining < config.floor || rng.chance(config.replace_per_million);
}

std::uint64_t rank_weight(std::size_t rank, double alpha) {
    constexpr double one = 1U << 30;
    return static_cast<std::uint64_t>(one / std::pow(static_cast<double>(rank), alpha)) + 1;
}

std::uint32_t links_to_open(const OverlayConfig& config, NodeId self, std::size_t others) {
    return config.strategy->links(config, self, others) - (config.strategy->ring() ? 1 : 0);
}

std::uint32_t candidates_remembered(const OverlayConfig& config) {
    return config.strategy->knows_list() ? std::max(config.candidates, whole_list) : config.candidates;
}

std::uint32_t candidates_handed_out(const OverlayConfig& config, std::uint32_t sample) {
    return config.strategy->knows_list() ? std::max(sample, whole_list) : sample;
}

// ---------------------------------------------------------------- choosing

NodeId choose_link(const LinkChoice& choice, Rng& rng) {
    const auto by_id = [](const Candidate& a, const Candidate& b) { return a.id < b.id; };
    if (std::is_sorted(choice.candidates.begin(), choice.candidates.end(), by_id)) {
        return choice.config.strategy->choose(choice, rng);
    }
    std::vector<Candidate> sorted(choice.candidates.begin(), choice.candidates.end());
    std::sort(sorted.begin(), sorted.end(), by_id);
    return choice.config.strategy->choose({choice.config, sorted, choice.excluded, choice.self}, rng);
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

// ---------------------------------------------------------------- keeping

std::uint32_t fewest_links(const OverlayConfig& config) { return config.strategy->follows_given() ? 0 : config.floor; }

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
