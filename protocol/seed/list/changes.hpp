#pragma once
// What can be said of a change by itself or against the list.

#include "protocol/seed/list/ledger.hpp"

#include <cstdint>

namespace gossip {

// True once the list makes the change pointless: it is in, or a later life forbids it.
[[nodiscard]] bool is_moot(const Change& change, const Ledger& ledger);

// What the log shows as [id=…]: which seat asked for what.
[[nodiscard]] std::uint32_t proposal_id(const Change& change, Seat seat);

}  // namespace gossip
