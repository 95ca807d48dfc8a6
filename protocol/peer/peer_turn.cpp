#include "protocol/peer/peer_turn.hpp"

#include <algorithm>

namespace gossip {

std::optional<Seat> PeerTurn::seat_of(NodeId node) const {
    const auto at = std::find(config.seeds.begin(), config.seeds.end(), node);
    if (at == config.seeds.end()) return std::nullopt;
    return static_cast<Seat>(at - config.seeds.begin());
}

RecordPtr PeerTurn::record_of(const Link& link) const {
    const LinkDetails& details = links.details(link);
    return details.in_snapshot ? view.source().record(link.id) : details.record;
}

}  // namespace gossip
