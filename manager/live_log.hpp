#pragma once
// The notable events as one line each, for the terminal: registrations (gathered, so that a storm of
// joins is one line), removals, suspicions, lost quorums, and what was said and whom it reached.

#include "manager/cluster_view.hpp"

#include <optional>
#include <set>

namespace gossip {

struct LiveLine {
    char mark{' '};  // + joined, - left, ? doubt, ! alarm, > said, = as it should be
    std::string text;
};

class LiveLog {
public:
    // The lines an event is worth now. Registrations are held back until `gathered`.
    [[nodiscard]] std::optional<LiveLine> take(const NodeEvent& event, const ClusterView& view);
    [[nodiscard]] bool gathering() const { return !joined_.empty(); }
    [[nodiscard]] LiveLine gathered(const ClusterView& view);

private:
    std::optional<LiveLine> on_member(const Notice& notice);
    std::optional<LiveLine> on_receipt(const Notice& notice, const ClusterView& view);

    std::set<NodeId> joined_;
    Epoch joined_epoch_{0};
    std::map<NodeId, Epoch> announced_;           // the last epoch said about a node: each seed applies it
    std::set<std::pair<NodeId, NodeId>> doubts_;  // suspect, accuser
    std::string complete_;                        // the last message said to have reached all
};

// "7000-7004, 7007"
[[nodiscard]] std::string port_ranges(const std::set<NodeId>& ids);

}  // namespace gossip
