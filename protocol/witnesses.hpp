#pragma once
// Who may testify that a peer is dead: 3 to 7 of its own signed neighbours, chosen by hash
// (PROTOCOL.md section 4). A pure function of the suspect's record, so the accuser, the witnesses
// and the seeds compute the same set, and none of them can choose it.

#include "protocol/config.hpp"
#include "protocol/membership.hpp"

#include <span>
#include <vector>

namespace gossip {

// The record's links with the lowest hash(suspect, incarnation, version, link), at most
// witnesses_max; when fewer than witnesses_min, filled from its ring successors in their order.
// Holds neither the suspect nor a node twice. Empty only for a peer that has no links and no ring successors.
[[nodiscard]] std::vector<NodeId> witnesses_of(const LinksRecord& record, const LivenessConfig& config);

// Statements by distinct members of `witnesses`, about this record's life and version, that find
// the suspect unreachable or refused. The caller checks the signatures.
[[nodiscard]] std::size_t confirming(const LinksRecord& record, std::span<const NodeId> witnesses,
                                     std::span<const Statement> statements);

}  // namespace gossip
