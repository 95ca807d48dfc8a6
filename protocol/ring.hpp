#pragma once
// The hash ring that makes the overlay connected by construction (PROTOCOL.md section 3).

#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace gossip {

[[nodiscard]] constexpr std::uint64_t ring_position(NodeId id) {
    return mix64(static_cast<std::uint64_t>(id) ^ 0x52494e47ULL);
}

// The clockwise distance from `from` to `to`; the successor is the node at the smallest. 0 only for itself.
[[nodiscard]] constexpr std::uint64_t ring_distance(NodeId from, NodeId to) {
    return ring_position(to) - ring_position(from);
}

// The `count` nearest distinct successors of `self` among `ids` (self excluded), nearest first.
[[nodiscard]] std::vector<NodeId> ring_successors(NodeId self, std::span<const NodeId> ids, std::size_t count);

}  // namespace gossip
