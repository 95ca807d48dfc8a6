#pragma once
// Whether a certificate proves that a peer's own witnesses find it dead (PROTOCOL.md section 4).
// Only the peers' side of the two-level removal: each seed adds its own probe.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/membership.hpp"
#include "protocol/seed/list/ledger.hpp"

#include <optional>
#include <string>

namespace gossip {

// Why the certificate does not hold against this listed life; nothing when it does. It must carry
// the suspect's own signed record and signed statements of a majority of that record's witnesses.
// Witnesses that left the list are not counted among them, nor are those of protocol 0: they
// cannot sign, and a suspect must not become unremovable by its choice of neighbours.
[[nodiscard]] std::optional<std::string> evidence_problem(const Certificate& certificate, const Member& suspect,
                                                          const Ledger& ledger, const LivenessConfig& config,
                                                          const Crypto& crypto);

}  // namespace gossip
