#pragma once
// Preferential links and one to the successor on a hash ring: a power law, and connected by construction even when the
// hubs are gone (PROTOCOL.md section 3).

#include "protocol/overlay/pa.hpp"

namespace gossip::overlay {

class PaRing final : public OverlayStrategy {
public:
    PaRing()
        : OverlayStrategy({.name = "pa-ring",
                           .source = "Barabási, Albert 1999, with a hash ring",
                           .rule = "links-1 preferential links and one to the successor on a hash ring",
                           .options = "links, cap, floor, replace"}) {}

    [[nodiscard]] bool ring() const override { return true; }
    [[nodiscard]] bool preferential() const override { return true; }
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_preferential(choice, rng);
    }
};

}  // namespace gossip::overlay
