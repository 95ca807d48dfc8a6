#pragma once
// How one message spread, and what happened to one node: rows and trees out of a ClusterView.

#include "manager/base/table.hpp"
#include "manager/view/cluster_view.hpp"

namespace gossip {

// The dissemination tree with who never got it, for people.
[[nodiscard]] std::string render_message_tree(const RumorView& rumor, const ClusterView& view, bool colored);
// The same as rows: node, from, hop, after_ms, hop_ms, duplicates, repair, text.
[[nodiscard]] Table message_table(const RumorView& rumor, const ClusterView& view);

// One node's life: time, who said it, what. "since" counts from its first event.
[[nodiscard]] Table life_table(NodeId id, const ClusterView& view);

// Why this peer does not have the message.
[[nodiscard]] std::string why_not_reached(const RumorView& rumor, const NodeView& node, const ClusterView& view);
// A notice as one line.
[[nodiscard]] std::string step_text(const Notice& notice);

// "20:32:48.123" in local time.
[[nodiscard]] std::string clock_text(WallMs wall);

}  // namespace gossip
