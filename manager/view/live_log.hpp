#pragma once
// The notable events as one line each, for the terminal: registrations, suspicions, removals, lost quorums, and
// when a typed message reached all peers. Registrations and suspicions are held back for a moment, so that many joins
// make one line, and so do many neighbours that suspect the same node.

#include "manager/view/cluster_view.hpp"

#include <optional>
#include <set>
#include <vector>

namespace gossip {

struct LiveLine {
    char mark{' '};  // + joined, - left, ? suspicion, ! alarm, > said, = as it should be
    std::string text;
};

class LiveLog {
public:
    // The lines that an event gives at once. Registrations and suspicions are held back until `release`.
    [[nodiscard]] std::vector<LiveLine> apply(const NodeEvent& event, const ClusterView& view);
    [[nodiscard]] bool holds_lines() const { return !joined_.empty() || !suspicions_.empty(); }
    [[nodiscard]] std::vector<LiveLine> release(const ClusterView& view);

private:
    struct HeldSuspicion {
        std::set<NodeId> accusers;
        std::string why;
        std::string confirmed;  // "2 of 3 witnesses confirm that it is dead"
    };

    std::vector<LiveLine> on_member(const Notice& notice);
    void on_suspected(const NodeEvent& event);
    void on_consensus(const Notice& notice);
    std::vector<LiveLine> on_receipt(const Notice& notice, const ClusterView& view);
    // The lines held back about this suspect.
    std::vector<LiveLine> suspicion_lines(NodeId suspect);
    [[nodiscard]] LiveLine joins(const ClusterView& view);

    std::set<NodeId> joined_;
    Epoch joined_epoch_{0};
    std::map<NodeId, Epoch>
        announced_;  // by node, the epoch of the last line about it: every seed reports the same change
    std::map<NodeId, HeldSuspicion> suspicions_;   // by suspect, not shown yet
    std::set<std::pair<NodeId, NodeId>> accused_;  // suspect and accuser, shown or not
    std::string complete_;                         // id of the last message reported to have reached all peers
};

// "7000-7004, 7007"
[[nodiscard]] std::string port_ranges(const std::set<NodeId>& ids);

}  // namespace gossip
