#pragma once
// Document 000 as written: a joiner has ⌊n/2⌋+1 neighbours, n being the peers it is told of, chosen by rank weight.

#include "protocol/overlay/half_list.hpp"
#include "protocol/overlay/zipf.hpp"

namespace gossip::overlay {

class ZipfHalf final : public OverlayStrategy {
public:
    ZipfHalf()
        : OverlayStrategy({.name = "zipf-half",
                           .source = "document 000 as written",
                           .rule = "floor(n/2)+1 links, each by rank weight 1/k^alpha; for at most 64 peers",
                           .options = "alpha, cap, floor, replace"}) {}

    [[nodiscard]] bool knows_list() const override { return true; }
    [[nodiscard]] bool counts_accepted() const override { return true; }
    [[nodiscard]] std::uint32_t links(const OverlayConfig& config, NodeId, std::size_t others) const override {
        return static_cast<std::uint32_t>(std::min<std::size_t>({others / 2 + 1, others, degree_limit(config, false)}));
    }
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_by_rank(choice, choice.config.alpha, rng);
    }
    [[nodiscard]] std::optional<std::string> warning(const OverlayConfig&, std::size_t peers) const override {
        return warn_half_list(name(), peers);
    }
};

}  // namespace gossip::overlay
