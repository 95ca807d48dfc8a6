#pragma once
// Whether a registration, a leave or a replaced seat is good, as far as the list and the ask itself tell.
// Removals need evidence and probes: removals.hpp.

#include "protocol/seed/seed_turn.hpp"

namespace gossip {

// `verified`: the signature was found good before.
[[nodiscard]] msg::AskOpinion judge_add(const SeedTurn& t, const Ask& ask, bool verified);
[[nodiscard]] msg::AskOpinion judge_leave(const SeedTurn& t, const Ask& ask);
[[nodiscard]] msg::AskOpinion judge_replace(const SeedTurn& t, const Change& change);

}  // namespace gossip
