#pragma once
// Whom to link with: pure functions, one rule per strategy (PROTOCOL.md section 3).
//   pa_ring  links-1 preferential links and one to the ring successor: a power law, and connected by
//            construction even when the hubs are gone
//   pa       `links` preferential links (Barabási, Albert 1999)
//   zipf     `links` links by rank weight 1/k^alpha over the list sorted by id (document 000's weights)
//   random   `links` uniform links
// "Preferential" = in proportion to degree + 1 inside the uniform sample a seed hands out: choosing
// inside a sample of 64 keeps the exponent (measured 3.24 against 3.15 with the whole list).

#include "protocol/config.hpp"
#include "protocol/membership.hpp"
#include "protocol/rng.hpp"

#include <span>
#include <vector>

namespace gossip {

[[nodiscard]] constexpr bool uses_ring(OverlayStrategy strategy) { return strategy == OverlayStrategy::pa_ring; }

// Links a joiner opens beside its ring link.
[[nodiscard]] constexpr std::uint32_t strategy_links(const OverlayConfig& config) {
    return uses_ring(config.strategy) ? config.links - 1 : config.links;
}

// A hub keeps two places for ring links, which hold the graph together: a peer has one successor
// and one predecessor. Caps too small for that have no reserve.
[[nodiscard]] constexpr std::uint32_t degree_limit(const OverlayConfig& config, bool ring) {
    return ring || config.cap < 8 ? config.cap : config.cap - 2;
}

// One target by the strategy's weights among the candidates that are not in `excluded` (ascending)
// and below the cap; none when nobody is left.
[[nodiscard]] NodeId choose_link(const OverlayConfig& config, std::span<const Candidate> candidates,
                                 std::span<const NodeId> excluded, Rng& rng);

// The degree that the peer of this rank (1: the oldest) comes to in a network that has grown one by one to `peers`:
// links * sqrt(peers / rank) (Barabási, Albert, Jeong 1999, section 4), below the cap. Many that come at once know
// nothing of each other's degrees, and links drawn evenly among those of one age make no power law; links drawn by
// weights rank^-1/2 do, with exponent 3 (Goh, Kahng, Kim 2001).
[[nodiscard]] std::uint32_t expected_degree(const OverlayConfig& config, std::size_t rank, std::size_t peers);

// The nearest successor that can be had: the first that is not in `unreachable` (ascending).
[[nodiscard]] NodeId ring_target(std::span<const NodeId> successors, std::span<const NodeId> unreachable);

// Whether a lost non-ring link is replaced: always below the floor, else with probability q, which
// keeps the mean degree at c/(1-q) and the exponent near 1 + 1/q under churn. Replacing every lost
// link would let the mean degree grow without bound.
[[nodiscard]] bool replaces_lost_link(const OverlayConfig& config, std::size_t remaining, Rng& rng);

// Where a full hub sends a joiner instead: up to three of its neighbours, uniformly.
[[nodiscard]] std::vector<NodeId> redirects(std::span<const NodeId> links, NodeId asker, Rng& rng);

}  // namespace gossip
