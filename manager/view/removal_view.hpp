#pragma once
// How a removal came about, step by step: last sign of life, suspicions, witnesses, reports, probes, votes, decision.

#include "manager/base/table.hpp"
#include "manager/view/cluster_view.hpp"
#include "protocol/notice_traits.hpp"

namespace gossip {

// "suspected", "witness", …; empty for `none`.
[[nodiscard]] std::string_view step_name(RemovalStep step);

// The steps of the newest removal, or of the doubt that goes on, grouped by kind and each in the order of time:
// step, time, after_ms (since the first sign of its end), node (who did it), what. Empty: nobody ever doubted it.
[[nodiscard]] Table removal_table(NodeId id, const ClusterView& view);
// "7003 was removed (epoch 5), 118.2 ms after it was killed"; empty with an empty table.
[[nodiscard]] std::string removal_headline(NodeId id, const ClusterView& view);

}  // namespace gossip
