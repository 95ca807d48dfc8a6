#pragma once
// The notable events as one line each, for the terminal: registrations and suspicions (gathered, so
// that a storm of joins is one line, and so are twenty neighbours of a killed hub), removals, lost
// quorums, and whom a typed message reached.

#include "manager/view/cluster_view.hpp"

#include <optional>
#include <set>
#include <vector>

namespace gossip {

struct LiveLine {
    char mark{' '};  // + joined, - left, ? doubt, ! alarm, > said, = as it should be
    std::string text;
};

class LiveLog {
public:
    // The lines an event is worth now. Registrations and suspicions are held back until `gathered`.
    [[nodiscard]] std::vector<LiveLine> take(const NodeEvent& event, const ClusterView& view);
    [[nodiscard]] bool gathering() const { return !joined_.empty() || !doubts_.empty(); }
    [[nodiscard]] std::vector<LiveLine> gathered(const ClusterView& view);

private:
    struct Doubt {
        std::set<NodeId> accusers;
        std::string why;
        std::string confirmed;  // "2 of 3 witnesses confirm that it is dead"
    };

    std::vector<LiveLine> on_member(const Notice& notice);
    void on_suspected(const NodeEvent& event);
    void on_consensus(const Notice& notice);
    std::vector<LiveLine> on_receipt(const Notice& notice, const ClusterView& view);
    // What is held back about this suspect.
    std::vector<LiveLine> doubts_about(NodeId suspect);
    [[nodiscard]] LiveLine joins(const ClusterView& view);

    std::set<NodeId> joined_;
    Epoch joined_epoch_{0};
    std::map<NodeId, Epoch> announced_;            // the last epoch said about a node: each seed applies it
    std::map<NodeId, Doubt> doubts_;               // by suspect, not shown yet
    std::set<std::pair<NodeId, NodeId>> accused_;  // suspect and accuser, shown or not
    std::string complete_;                         // the last message said to have reached all
};

// "7000-7004, 7007"
[[nodiscard]] std::string port_ranges(const std::set<NodeId>& ids);

}  // namespace gossip
