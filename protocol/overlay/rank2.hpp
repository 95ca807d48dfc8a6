#pragma once
// Document 004: three draws with replacement by weight rank^-2, so a joiner opens one to three links. There the ranks
// are places in the list as received, and a peer can draw itself; here they follow the ids, and it never does.

#include "protocol/overlay/zipf.hpp"

namespace gossip::overlay {

class Rank2 final : public OverlayStrategy {
public:
    Rank2()
        : OverlayStrategy({.name = "rank2",
                           .source = "document 004",
                           .rule = "three draws by rank weight 1/k^2; a peer drawn twice is one link",
                           .options = "cap, floor, replace"}) {}

    [[nodiscard]] bool knows_list() const override { return true; }
    [[nodiscard]] bool repeats() const override { return true; }
    [[nodiscard]] std::uint32_t links(const OverlayConfig&, NodeId, std::size_t) const override { return 3; }
    // Of the distinct peers in three draws.
    [[nodiscard]] double mean_links(const OverlayConfig&, std::size_t others) const override {
        const std::size_t ranks = std::min<std::size_t>(others, whole_list);
        double total = 0;
        for (std::size_t rank = 1; rank <= ranks; ++rank) total += static_cast<double>(rank_weight(rank, exponent));
        double distinct = 0;
        for (std::size_t rank = 1; rank <= ranks; ++rank) {
            const double missed = 1 - static_cast<double>(rank_weight(rank, exponent)) / total;
            distinct += 1 - missed * missed * missed;
        }
        return distinct;
    }
    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        return draw_by_rank(choice, exponent, rng);
    }

private:
    static constexpr double exponent = 2;
};

}  // namespace gossip::overlay
