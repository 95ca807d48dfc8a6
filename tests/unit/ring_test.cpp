#include "protocol/ring.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace gossip;

namespace {

// The naive twin: walk the ring clockwise over a sorted map of positions.
std::vector<NodeId> twin_successors(NodeId self, const std::vector<NodeId>& ids, std::size_t count) {
    std::map<std::uint64_t, NodeId> ring;
    for (const NodeId id : ids) ring[ring_position(id)] = id;
    ring.erase(ring_position(self));
    std::vector<NodeId> walk;
    for (auto it = ring.upper_bound(ring_position(self)); it != ring.end(); ++it) walk.push_back(it->second);
    for (auto it = ring.begin(); it != ring.upper_bound(ring_position(self)); ++it) walk.push_back(it->second);
    if (walk.size() > count) walk.resize(count);
    return walk;
}

std::vector<NodeId> peers(std::size_t n) {
    std::vector<NodeId> ids;
    for (std::size_t i = 0; i < n; ++i) {
        ids.push_back(node_id({0x7f000001, static_cast<std::uint16_t>(7000 + i)}));
    }
    return ids;
}

}  // namespace

TEST_CASE("successors are those of a walk around the ring, for every size, self and count") {
    for (std::size_t n = 0; n <= 9; ++n) {
        const std::vector<NodeId> ids = peers(n);
        for (const NodeId self : peers(n + 1)) {  // the last one is not among ids
            for (std::size_t count = 0; count <= n + 1; ++count) {
                REQUIRE(ring_successors(self, ids, count) == twin_successors(self, ids, count));
            }
        }
    }
}

TEST_CASE("order and doubles of the list do not matter") {
    const std::vector<NodeId> ids = peers(20);
    Rng rng(5);
    for (int round = 0; round < 50; ++round) {
        std::vector<NodeId> doubled(ids);
        doubled.insert(doubled.end(), ids.begin(), ids.begin() + 7);
        rng.shuffle(std::span<NodeId>(doubled));
        REQUIRE(ring_successors(ids[3], doubled, 6) == ring_successors(ids[3], ids, 6));
    }
}

// What makes the overlay connected by construction.
TEST_CASE("following first successors visits every node once and comes back") {
    for (const std::size_t n : {2U, 3U, 10U, 500U}) {
        const std::vector<NodeId> ids = peers(n);
        std::set<NodeId> visited;
        NodeId at = ids[0];
        for (std::size_t step = 0; step < n; ++step) {
            REQUIRE(visited.insert(at).second);
            at = ring_successors(at, ids, 1).at(0);
        }
        CHECK(at == ids[0]);
        CHECK(visited.size() == n);
    }
}

TEST_CASE("distance is zero only to itself and the two ways round add up to the whole ring") {
    const std::vector<NodeId> ids = peers(50);
    for (const NodeId a : ids) {
        for (const NodeId b : ids) {
            CHECK((ring_distance(a, b) == 0) == (a == b));
            CHECK(ring_distance(a, b) + ring_distance(b, a) == 0);
        }
    }
}
