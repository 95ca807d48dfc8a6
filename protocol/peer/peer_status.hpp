#pragma once
// What a peer says of itself when its driver asks: for lists, pages and tests.

#include "protocol/types.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gossip {

struct PeerStatus {
    Incarnation incarnation{};
    bool registered{false};
    bool active{false};
    Epoch epoch{0};
    Digest digest;
    std::vector<NodeId> links;         // ascending
    std::vector<NodeId> preferential;  // of those, the ones that count for the degree law
    std::uint32_t suspects{0};
    std::uint64_t delivered{0};
    std::uint64_t duplicates{0};
    std::uint64_t gossip_sent{0};  // pushes; repair is not counted
    std::size_t stored{0};
};

}  // namespace gossip
