#pragma once
// The frames that the page is sent: nodes as they are, and what happened. Pure: a live network, the log of a finished
// run and a simulation drive it in the same way, so that the page shows the same for all three.

#include "manager/base/json_object.hpp"
#include "manager/runs/run_log.hpp"
#include "manager/view/live_log.hpp"

#include <functional>
#include <map>

namespace gossip {

// Each frame is a JSON object with `t`, the network's clock in microseconds:
//   node     one node as it now is: id name role state listed epoch digest ring links suspects faults cut slow …
//   cluster  the list that a quorum agrees on, and how many seeds hold it
//   line     a notable event in words: mark, text, wall
//   notice   a step of membership or detection: kind node subject other epoch wall say …
//   wave     a message begun, received or dropped as a duplicate: message node from hop say
//   change   a process started, paused, resumed or ended: node state say
//   fault    a command that disturbed links: text, nodes
// The node frames before an event's frame show the state that the event led to, never a later one.
class PageFrames {
public:
    struct Facts {
        std::function<std::int64_t(NodeId)> pid;   // 0: none
        std::function<NodeFaults(NodeId)> faults;  // of the links that lead from it
    };
    using Sink = std::function<void(std::string_view kind, const std::string& json)>;

    // At most `waves_a_second` wave frames for each second of the network's time; the frame after a gap has the
    // number of those left out.
    PageFrames(const ClusterView& view, Facts facts, std::size_t waves_a_second, Sink sink);

    // True when each event of this kind is a step of the page's clock.
    [[nodiscard]] static bool shows(NoticeKind kind);

    // The view has applied the event already. True when other nodes may have changed too: call compare then.
    bool apply(const NodeEvent& event);
    void compare(RunStamp now);
    // Only the states of processes. Detection is measured from when a process ended, so this cannot wait.
    void compare_states(RunStamp now);
    // When the lines held back have to be released, by the network's clock.
    [[nodiscard]] std::optional<std::int64_t> release_due() const { return release_due_; }
    void release(RunStamp now);
    // Adds a line behind those held back, so that a registration is shown before a later kill.
    void line(RunStamp now, char mark, const std::string& text);

    // The last frame of each node.
    [[nodiscard]] std::string nodes_json() const;
    [[nodiscard]] const std::string& cluster_json() const { return cluster_; }

private:
    void write_lines(const NodeEvent& event);
    void write_wave(const NodeEvent& event);
    [[nodiscard]] bool wave_allowed(std::int64_t mono_ns);
    void compare_node(const NodeView& node, RunStamp now);
    void compare_state(const NodeView& node, RunStamp now);
    void compare_notes(RunStamp now);
    void emit_line(RunStamp now, char mark, const std::string& text);
    void emit(std::string_view kind, const JsonObject& json, std::int64_t mono_ns);

    const ClusterView& view_;
    Facts facts_;
    std::size_t waves_a_second_;
    Sink sink_;
    LiveLog live_;
    std::optional<std::int64_t> release_due_;
    std::map<NodeId, std::string> nodes_;
    std::map<NodeId, NodeState> states_;
    std::set<NodeId> listed_;
    std::string cluster_;
    std::uint64_t notes_{0};
    std::int64_t wave_window_{0};
    std::size_t waves_{0};
    std::uint64_t skipped_{0};
};

}  // namespace gossip
