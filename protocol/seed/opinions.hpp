#pragma once
// This seed's opinions on a proposal, whoever made it.

#include "protocol/seed/seed_turn.hpp"

#include <vector>

namespace gossip {

// One for each ask, in their order.
[[nodiscard]] std::vector<msg::AskOpinion> opinions_on(const SeedTurn& t, const std::vector<Ask>& asks);

// The registrations among them for which this seed still has to ask at the address before it can say YES.
[[nodiscard]] std::vector<Change> adds_to_check(const SeedTurn& t, const std::vector<Ask>& asks);

}  // namespace gossip
