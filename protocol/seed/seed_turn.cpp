#include "protocol/seed/seed_turn.hpp"

#include <algorithm>

namespace gossip {

Seat seat_in(const Config& config, NodeId node) {
    const auto it = std::find(config.seeds.begin(), config.seeds.end(), node);
    return it == config.seeds.end() ? no_seat : static_cast<Seat>(it - config.seeds.begin());
}

Seat SeedTurn::seat_of(NodeId node) const {
    const Seat found = seat_in(config, node);
    return found == seat ? no_seat : found;
}

std::vector<NodeId> SeedTurn::other_seeds() const {
    std::vector<NodeId> ids = config.seeds;
    std::erase(ids, self);
    std::sort(ids.begin(), ids.end());
    return ids;
}

void SeedTurn::to_seeds(const SharedMessage& message, AppendSeq after) {
    for (const NodeId seed : other_seeds()) send(seed, message, after);
}

}  // namespace gossip
