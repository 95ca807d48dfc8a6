#pragma once
// How a removal came about, step by step: last sign of life, suspicions, witnesses, reports, probes, votes, decision.

#include "manager/base/table.hpp"
#include "manager/view/cluster_view.hpp"
#include "protocol/notice_traits.hpp"

namespace gossip {

// "suspected", "witness", …; empty for `none`.
[[nodiscard]] std::string_view step_name(RemovalStep step);

// The steps of the newest removal, or of the suspicion in progress, grouped by step and ordered by time within one:
// step, time, after_ms (since its process ended, or since the first step), node (which acted), what. Empty when
// the node was never suspected.
[[nodiscard]] Table removal_table(NodeId id, const ClusterView& view);
// "7003 was removed (epoch 5), 118.2 ms after it was killed"; empty with an empty table.
[[nodiscard]] std::string removal_headline(NodeId id, const ClusterView& view);

}  // namespace gossip
