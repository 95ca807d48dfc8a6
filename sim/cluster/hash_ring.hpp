#pragma once
// Peers in the order of the hash ring (protocol/ring.hpp).

#include "protocol/types.hpp"
#include "sim/engine/node_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gossip::sim {

class HashRing {
public:
    explicit HashRing(std::span<const NodeId> ids);

    // Numbers of peers, by position.
    [[nodiscard]] std::span<const std::uint32_t> order() const { return order_; }
    // The next `count` after a peer, nearest first. `ids` as they were.
    [[nodiscard]] std::vector<std::uint32_t> successors(const NodeIds& ids, std::uint32_t peer,
                                                        std::size_t count) const;

private:
    std::vector<std::uint32_t> order_;
};

}  // namespace gossip::sim
