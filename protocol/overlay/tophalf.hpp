#pragma once
// Document 002: a joiner sorts the list by degree and links with its upper half, max(n/2, 1) peers. There an acceptor
// stops at 4 active links, and 45 of 50 joiners find nobody who takes them; here overlay.cap is the limit, and a full
// peer names others.

#include "protocol/overlay/half_list.hpp"

namespace gossip::overlay {

class TopHalf final : public OverlayStrategy {
public:
    TopHalf()
        : OverlayStrategy({.name = "tophalf",
                           .source = "document 002",
                           .rule = "max(floor(n/2), 1) links, to the peers with the most links; for at most 64 peers",
                           .options = "cap, floor, replace"}) {}

    [[nodiscard]] bool knows_list() const override { return true; }
    [[nodiscard]] bool counts_accepted() const override { return true; }
    [[nodiscard]] std::uint32_t links(const OverlayConfig& config, NodeId, std::size_t others) const override {
        const std::size_t half = std::max<std::size_t>(others / 2, 1);
        return static_cast<std::uint32_t>(std::min<std::size_t>({half, others, degree_limit(config, false)}));
    }
    // Of those with as many links, the one with the lowest id.
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng&) const override {
        const Candidate* best = nullptr;
        for (const Candidate& c : choice.candidates) {
            if (choice.allows(c) && (best == nullptr || c.degree > best->degree)) best = &c;
        }
        return best == nullptr ? NodeId::none : best->id;
    }
    [[nodiscard]] std::optional<std::string> warning(const OverlayConfig&, std::size_t peers) const override {
        return warn_half_list(name(), peers);
    }
};

}  // namespace gossip::overlay
