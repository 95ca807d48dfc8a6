#pragma once
// An overlay that was chosen elsewhere (overlay.file): which vertices are linked. Vertices are numbered from 0 in the
// order of the file; the protocol only looks links up, whoever builds the configuration reads the file.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gossip {

class GivenLinks {
public:
    using Edge = std::pair<std::uint32_t, std::uint32_t>;

    // Each edge in one direction or in both, once or more often; its ends are below `vertices` and differ.
    GivenLinks(std::uint32_t vertices, const std::vector<Edge>& edges);

    [[nodiscard]] std::uint32_t vertices() const { return static_cast<std::uint32_t>(first_.size() - 1); }
    [[nodiscard]] std::size_t edges() const { return ends_.size() / 2; }
    [[nodiscard]] std::uint32_t largest_degree() const;
    // The neighbours of a vertex, ascending.
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t vertex) const {
        return std::span(ends_).subspan(first_[vertex], first_[vertex + 1] - first_[vertex]);
    }

private:
    std::vector<std::size_t> first_;  // by vertex, and one past the last
    std::vector<std::uint32_t> ends_;
};

}  // namespace gossip
