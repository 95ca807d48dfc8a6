#pragma once
// Links by rank weight 1/k^alpha over the candidates sorted by id. Document 000 shuffles the list before it ranks it,
// which makes every peer as likely as any other; sorted, the ranks are the same for all, and hubs come of it.

#include "protocol/overlay.hpp"

namespace gossip::overlay {

[[nodiscard]] inline NodeId draw_by_rank(const LinkChoice& choice, double alpha, Rng& rng) {
    return draw_weighted(choice, rng, [alpha](const Candidate&, std::size_t rank) { return rank_weight(rank, alpha); });
}

class Zipf final : public OverlayStrategy {
public:
    Zipf()
        : OverlayStrategy({.name = "zipf",
                           .source = "document 000 (weights)",
                           .rule = "`links` links, each by rank weight 1/k^alpha in a sample sorted by id",
                           .options = "links, alpha, cap, floor, replace"}) {}

    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_by_rank(choice, choice.config.alpha, rng);
    }
};

}  // namespace gossip::overlay
