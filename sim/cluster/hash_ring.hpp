#pragma once
// All peers of a network sorted by their position on the hash ring (protocol/ring.hpp). protocol/ring's
// ring_successors() serves short lists; this serves many queries over a million peers in four bytes each.

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

    // The numbers of the peers, ascending by position.
    [[nodiscard]] std::span<const std::uint32_t> order() const { return order_; }
    // The `count` successors of a peer, nearest first. `ids` must be those of the constructor.
    [[nodiscard]] std::vector<std::uint32_t> successors(const NodeIds& ids, std::uint32_t peer,
                                                        std::size_t count) const;

private:
    std::vector<std::uint32_t> order_;
};

}  // namespace gossip::sim
