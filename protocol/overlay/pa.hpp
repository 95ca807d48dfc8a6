#pragma once
// Preferential attachment: who has many links gets more (Barabási, Albert, Science 286, 1999; document 001).

#include "protocol/overlay.hpp"

namespace gossip::overlay {

// A peer without links can be chosen as well, hence the 1.
[[nodiscard]] inline NodeId draw_preferential(const LinkChoice& choice, Rng& rng) {
    return draw_weighted(choice, rng, [](const Candidate& c, std::size_t) { return std::uint64_t{c.degree} + 1; });
}

class Pa final : public OverlayStrategy {
public:
    Pa()
        : OverlayStrategy({.name = "pa",
                           .source = "Barabási, Albert 1999; document 001",
                           .rule = "`links` links, each in proportion to degree + 1",
                           .options = "links, cap, floor, replace"}) {}

    [[nodiscard]] bool preferential() const override { return true; }
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_preferential(choice, rng);
    }
};

}  // namespace gossip::overlay
