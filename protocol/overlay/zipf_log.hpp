#pragma once
// What document 000's code does: min(5, ⌊log2(n+1)⌋+1) neighbours, n being the peers a joiner is told of, chosen by
// rank weight.

#include "protocol/overlay/zipf.hpp"

#include <bit>

namespace gossip::overlay {

class ZipfLog final : public OverlayStrategy {
public:
    ZipfLog()
        : OverlayStrategy({.name = "zipf-log",
                           .source = "document 000 (code)",
                           .rule = "min(5, floor(log2(n+1))+1) links, each by rank weight 1/k^alpha",
                           .options = "alpha, cap, floor, replace"}) {}

    [[nodiscard]] bool knows_list() const override { return true; }
    [[nodiscard]] std::uint32_t links(const OverlayConfig&, NodeId, std::size_t others) const override {
        const auto log = static_cast<std::size_t>(std::bit_width(others + 1));  // floor(log2) + 1
        return static_cast<std::uint32_t>(std::min<std::size_t>({5, log, others}));
    }
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_by_rank(choice, choice.config.alpha, rng);
    }
};

}  // namespace gossip::overlay
