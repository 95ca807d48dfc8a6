#include "protocol/spread.hpp"

#include <algorithm>

namespace gossip {

const SpreadMode* find_spread(std::string_view name) {
    const auto all = spread_modes();
    const auto at = std::find_if(all.begin(), all.end(), [name](const auto* mode) { return mode->name() == name; });
    return at == all.end() ? nullptr : *at;
}

bool SpreadMode::prunes(const GossipConfig& /*config*/, std::uint64_t /*rate*/) const { return false; }

std::size_t SpreadMode::choose(const SpreadChoice& /*choice*/, std::span<NodeId> links, Rng& /*rng*/) const {
    return links.size();
}

}  // namespace gossip
