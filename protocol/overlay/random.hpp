#pragma once
// Uniform links: what the other strategies are compared with.

#include "protocol/overlay.hpp"

namespace gossip::overlay {

[[nodiscard]] inline NodeId draw_uniform(const LinkChoice& choice, Rng& rng) {
    return draw_weighted(choice, rng, [](const Candidate&, std::size_t) { return std::uint64_t{1}; });
}

class Random final : public OverlayStrategy {
public:
    Random()
        : OverlayStrategy({.name = "random",
                           .source = "Erdős, Rényi 1959",
                           .rule = "`links` links, each peer as likely as any other",
                           .options = "links, cap, floor, replace"}) {}

    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override { return draw_uniform(choice, rng); }
};

}  // namespace gossip::overlay
