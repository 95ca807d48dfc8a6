#include "sim/engine/node_ids.hpp"

#include "protocol/assert.hpp"

#include <iterator>

namespace gossip::sim {

NodeIndex NodeIds::add(NodeId id) {
    GOSSIP_ASSERT(find(id) == no_node);
    const auto number = static_cast<std::uint64_t>(id);
    if (runs_.empty() || number != runs_.back().id + (size_ - runs_.back().node)) {
        runs_.push_back({number, size_});
        by_id_.emplace(number, last_run());
    }
    if (size_ >> block_bits == run_of_.size()) run_of_.push_back(last_run());
    return size_++;
}

std::uint32_t NodeIds::search(std::uint32_t first, std::uint32_t last, NodeIndex node) const {
    while (first < last) {
        const std::uint32_t middle = first + (last - first + 1) / 2;
        if (runs_[middle].node <= node) {
            first = middle;
        } else {
            last = middle - 1;
        }
    }
    return first;
}

NodeIndex NodeIds::length(std::uint32_t run) const {
    return (run == last_run() ? size_ : runs_[run + 1].node) - runs_[run].node;
}

NodeIndex NodeIds::find(NodeId id) const {
    const auto number = static_cast<std::uint64_t>(id);
    const auto above = by_id_.upper_bound(number);
    if (above == by_id_.begin()) return no_node;
    const std::uint32_t run = std::prev(above)->second;
    const std::uint64_t place = number - runs_[run].id;
    return place < length(run) ? runs_[run].node + static_cast<NodeIndex>(place) : no_node;
}

}  // namespace gossip::sim
