#pragma once
// The overlay that peers joining one after another would have built, without their messages: each
// chooses by the protocol's own rule (choose_link) inside a uniform sample of those before it; ring
// links join successors on the final ring (docs/decisions/004).

#include "protocol/overlay.hpp"
#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gossip::sim {

class GrownOverlay {
public:
    // Why so many peers cannot be grown with this configuration; nothing when they can.
    [[nodiscard]] static std::optional<std::string> problem(const OverlayConfig& config, std::size_t peers);
    // `ids` ascending; peers join in that order.
    GrownOverlay(std::span<const NodeId> ids, const OverlayConfig& config, Rng rng);

    struct End {
        std::uint32_t other : 31 {0};
        std::uint32_t ring : 1 {0};
    };
    static_assert(sizeof(End) == 4);
    [[nodiscard]] std::size_t links() const { return ends_.size() / 2; }
    [[nodiscard]] std::span<const End> of(std::size_t peer) const {
        return {ends_.data() + first_[peer], first_[peer + 1] - first_[peer]};  // ascending by `other`
    }
    [[nodiscard]] std::uint32_t degree(std::size_t peer) const { return first_[peer + 1] - first_[peer]; }

private:
    struct Edge {
        std::uint32_t from{0};
        std::uint32_t to{0};
        bool ring{false};
    };
    void join(std::uint32_t peer, std::vector<Edge>& edges, std::vector<std::uint32_t>& degrees, Rng& rng) const;
    [[nodiscard]] std::vector<std::uint32_t> known_to(std::uint32_t peer, Rng& rng) const;
    void take_given(std::vector<Edge>& edges) const;
    void close_ring(std::vector<Edge>& edges) const;
    void arrange(const std::vector<Edge>& edges);

    std::span<const NodeId> ids_;  // while it grows
    const OverlayConfig& config_;
    std::vector<std::uint32_t> first_;
    std::vector<End> ends_;
};

}  // namespace gossip::sim
