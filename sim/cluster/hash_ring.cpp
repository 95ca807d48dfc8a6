#include "sim/cluster/hash_ring.hpp"

#include "protocol/ring.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {

HashRing::HashRing(std::span<const NodeId> ids) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> places(ids.size());
    for (std::uint32_t i = 0; i < ids.size(); ++i) places[i] = {ring_position(ids[i]), i};
    std::sort(places.begin(), places.end());
    order_.reserve(ids.size());
    for (const auto& [position, peer] : places) order_.push_back(peer);
}

std::vector<std::uint32_t> HashRing::successors(const NodeIds& ids, std::uint32_t peer, std::size_t count) const {
    const auto key = [&ids](std::uint32_t p) { return std::pair(ring_position(ids[p]), p); };
    const auto own = std::lower_bound(order_.begin(), order_.end(), key(peer),
                                      [&key](std::uint32_t p, const auto& wanted) { return key(p) < wanted; });
    const auto place = static_cast<std::size_t>(own - order_.begin());
    std::vector<std::uint32_t> next;
    for (std::size_t i = 1; i <= count && i < order_.size(); ++i) next.push_back(order_[(place + i) % order_.size()]);
    return next;
}

}  // namespace gossip::sim
