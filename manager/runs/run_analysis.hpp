#pragma once
// The results of a run, computed from its event log alone: messages, detections, decisions and nodes. Lines are
// applied in the file's order; events of several nodes may be slightly out of order, as the manager received them.

#include "manager/runs/run_reader.hpp"
#include "node/transport/transport_counters.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace gossip {

struct RunReceipt {
    NodeId node{};
    NodeId from{};
    std::uint32_t hop{0};
    std::int64_t mono_ns{0};
    bool repair{false};
};

struct RunMessage {
    std::string id;
    std::string text;
    NodeId origin{};
    bool typed{false};
    bool begun{false};  // the origin's own event was read
    std::int64_t born_ns{0};
    std::vector<RunReceipt> receipts;  // the first at each peer, without the origin
    bool spread_over{false};           // the run went on long enough after the last receipt that no copy was in flight
    std::uint64_t duplicates{0};
    std::uint64_t sends{0};
    std::size_t targets{0};  // peers that should have it, the origin among them
    std::size_t reached{0};  // those of them that do
    [[nodiscard]] double coverage() const {
        return targets == 0 ? 0 : static_cast<double>(reached) / static_cast<double>(targets);
    }
};

// Nothing when its step was not seen.
using MaybeNs = std::optional<std::int64_t>;

// How the others detected the end of a node.
struct RunDetection {
    NodeId node{};
    NodeState how{};  // killed, died, paused, left; alive: it was removed although it ran
    std::int64_t ended_ns{0};
    bool cause_known{false};  // ended_ns is when the signal was sent, not the first that was heard of its end
    MaybeNs suspected_ns;     // by the first accuser
    MaybeNs consensus_ns;     // of witnesses, at the first accuser
    MaybeNs reported_ns;      // to a seed
    MaybeNs proposed_ns;
    MaybeNs removed_ns;      // from the first seed's list
    MaybeNs removed_all_ns;  // from the last live seed's
    MaybeNs known_all_ns;    // when the last peer learnt of the removal
    Epoch epoch{0};
};

struct RunNode {
    NodeId id{};
    Role role{};
    MaybeNs started_ns;
    MaybeNs registered_ns;   // first time
    MaybeNs ended_ns;        // nothing: it ran to the end
    NodeState state{};       // at the end, before the network was closed
    std::size_t degree{0};   // most links it ever had
    std::set<NodeId> links;  // when the network was closed
    std::uint64_t said{0};
    std::uint64_t received{0};
    std::uint64_t duplicates{0};
    std::uint64_t sends{0};
    std::optional<TransportCounters> transport;  // of its last status
};

class RunAnalysis {
public:
    void apply(const RunLine& line);
    // After the last line: computes which peers should have had each message.
    void finish();

    [[nodiscard]] const RunBegan& began() const { return began_; }
    [[nodiscard]] std::int64_t start_ns() const { return began_.at.mono_ns; }
    [[nodiscard]] std::int64_t end_ns() const { return end_ns_; }  // when the network was closed
    [[nodiscard]] const std::vector<RunMessage>& messages() const { return messages_; }
    [[nodiscard]] const std::vector<RunDetection>& detections() const { return detections_; }
    [[nodiscard]] const std::map<NodeId, RunNode>& nodes() const { return nodes_; }
    [[nodiscard]] const std::deque<ProposalView>& decisions() const { return view_.proposals(); }
    [[nodiscard]] const ClusterView& view() const { return view_; }
    [[nodiscard]] std::uint64_t commands() const { return commands_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    [[nodiscard]] std::uint64_t faults() const { return faults_; }

private:
    // From registration to the end of a life.
    struct Life {
        std::int64_t from{0};
        MaybeNs to;  // nothing: to the end
    };
    void apply_event(const NodeEvent& event);
    void apply_state(const RunState& state);
    void apply_gossip(const NodeEvent& event);
    void apply_detection(const NodeEvent& event);
    void apply_registration(const NodeEvent& event);
    void apply_removal(const NodeEvent& event);
    void apply_epoch(const NodeEvent& event);
    void begin_detection(NodeId node, NodeState how, std::int64_t at, MaybeNs cause);
    void end_life(NodeId node, std::int64_t at);
    void close(const RunStamp& at);
    [[nodiscard]] bool should_have(NodeId node, const RunMessage& message) const;
    RunMessage& message(const NodeEvent& event);
    RunDetection* open_detection(NodeId node);
    RunNode& node(NodeId id);

    RunBegan began_;
    std::int64_t end_ns_{0};
    bool closed_{false};
    ClusterView view_;
    std::vector<RunMessage> messages_;
    std::unordered_map<std::string, std::size_t> message_index_;  // looked up, never walked
    std::vector<RunDetection> detections_;
    std::map<NodeId, std::int64_t> suspected_since_;    // since when a node is suspected
    std::map<NodeId, std::size_t> open_;                // detections that are not over
    std::map<std::size_t, std::set<NodeId>> informed_;  // by detection: peers that know of the removal
    std::map<NodeId, RunNode> nodes_;
    std::map<NodeId, std::vector<Life>> lives_;
    std::uint64_t commands_{0};
    std::uint64_t failures_{0};
    std::uint64_t faults_{0};
};

struct RunReport {
    RunAnalysis analysis;
    RunReading reading;
};
[[nodiscard]] std::variant<RunReport, std::string> analyse_run(const std::string& folder);

}  // namespace gossip
