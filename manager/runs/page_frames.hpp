#pragma once
// What the page is told, as frames: whole nodes, and what happened. Pure: driven by a live network, by the log
// of a run that is over and by a simulation alike, so that the three cannot show different things.

#include "manager/base/web_json.hpp"
#include "manager/runs/run_log.hpp"
#include "manager/view/live_log.hpp"

#include <functional>
#include <map>

namespace gossip {

// Each frame is a JSON object with `t`, the network's clock in microseconds:
//   node     one node as it now is: id name role state listed epoch digest links suspects faults …
//   cluster  the list that a quorum agrees on, and how many seeds hold it
//   line     a notable event in words: mark, text, wall
//   notice   a step of membership or detection: kind node subject other epoch wall say …
//   wave     a message begun, received or dropped as a duplicate: message node from hop say
//   change   a process began, froze, woke or ended: node state say
//   fault    a command that disturbed links: text, nodes
// Those before an event's own tell the state it led to, never one after it.
class PageFrames {
public:
    struct Facts {
        std::function<std::int64_t(NodeId)> pid;    // 0: none
        std::function<std::string(NodeId)> faults;  // of the links that lead from it
    };
    using Sink = std::function<void(std::string_view kind, const std::string& json)>;

    // Of gossip, `waves_a_second` of the network's time at the most; the frame after a gap says how many are missing.
    PageFrames(const ClusterView& view, Facts facts, std::size_t waves_a_second, Sink sink);

    // Of these kinds each event is a step of the page's clock.
    [[nodiscard]] static bool tells(NoticeKind kind);

    // What the view has been told already. True when it may have changed more than the one node: compare then.
    bool take(const NodeEvent& event);
    void compare(RunStamp now);
    // Only which processes began, froze, woke or ended: when they did is what detection is measured from.
    void compare_states(RunStamp now);
    // Lines about several nodes are held back for a moment; due then, by the network's clock.
    [[nodiscard]] std::optional<std::int64_t> gather_due() const { return gather_due_; }
    void gather(RunStamp now);
    // After those held back until then: a registration stands before the kill that came after it.
    void line(RunStamp now, char mark, const std::string& text);

    // Nodes as they were told last.
    [[nodiscard]] std::string nodes_json() const;
    [[nodiscard]] const std::string& cluster_json() const { return cluster_; }

private:
    void take_lines(const NodeEvent& event);
    void take_wave(const NodeEvent& event);
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
    std::optional<std::int64_t> gather_due_;
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
