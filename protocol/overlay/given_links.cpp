#include "protocol/overlay/given_links.hpp"

#include "protocol/assert.hpp"

#include <algorithm>

namespace gossip {

GivenLinks::GivenLinks(std::uint32_t vertices, const std::vector<Edge>& edges) : first_(vertices + std::size_t{1}) {
    std::vector<Edge> both;
    both.reserve(2 * edges.size());
    for (const auto& [a, b] : edges) {
        GOSSIP_ASSERT(a < vertices && b < vertices && a != b);
        both.emplace_back(a, b);
        both.emplace_back(b, a);
    }
    std::sort(both.begin(), both.end());
    both.erase(std::unique(both.begin(), both.end()), both.end());
    ends_.reserve(both.size());
    std::uint32_t vertex = 0;
    for (const auto& [from, to] : both) {
        while (vertex < from) first_[++vertex] = ends_.size();
        ends_.push_back(to);
    }
    while (vertex < vertices) first_[++vertex] = ends_.size();
}

std::uint32_t GivenLinks::largest_degree() const {
    std::size_t largest = 0;
    for (std::uint32_t v = 0; v < vertices(); ++v) largest = std::max(largest, of(v).size());
    return static_cast<std::uint32_t>(largest);
}

}  // namespace gossip
