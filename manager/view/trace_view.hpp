#pragma once
// How one message spread, and what happened to one node: tables and trees made from a ClusterView.

#include "manager/base/table.hpp"
#include "manager/view/cluster_view.hpp"

namespace gossip {

// The dissemination tree, and the peers that lack the message, for people.
[[nodiscard]] std::string render_message_tree(const RumorView& rumor, const ClusterView& view, bool colored);
// The same as rows: node, from, hop, after_ms, hop_ms, duplicates, how, late.
[[nodiscard]] Table message_table(const RumorView& rumor, const ClusterView& view);

// The events about one node: time, since_s (since its first event), node (which raised it), step, event.
[[nodiscard]] Table life_table(NodeId id, const ClusterView& view);

// Why this peer does not have the message.
[[nodiscard]] std::string why_not_reached(const RumorView& rumor, const NodeView& node, const ClusterView& view);

}  // namespace gossip
