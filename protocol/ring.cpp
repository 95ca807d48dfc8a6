#include "protocol/ring.hpp"

#include <algorithm>

namespace gossip {

std::vector<NodeId> ring_successors(NodeId self, std::span<const NodeId> ids, std::size_t count) {
    std::vector<NodeId> others;
    others.reserve(ids.size());
    for (const NodeId id : ids) {
        if (id != self) others.push_back(id);
    }
    const auto nearer = [self](NodeId a, NodeId b) { return ring_distance(self, a) < ring_distance(self, b); };
    std::sort(others.begin(), others.end(), nearer);
    others.erase(std::unique(others.begin(), others.end()), others.end());
    if (others.size() > count) others.resize(count);
    return others;
}

}  // namespace gossip
