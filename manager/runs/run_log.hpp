#pragma once
// The lines of a run's events.jsonl: the events of every node, and what the manager did and observed. Each line is a
// JSON object; docs/RUNS.md describes the format.

#include "manager/view/cluster_view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

constexpr int run_schema = 1;

// `mono_ns` is CLOCK_MONOTONIC (or virtual time), the clock of the nodes' own events on this host.
struct RunStamp {
    std::int64_t mono_ns{0};
    WallMs wall{0};
};

struct RunBegan {  // the first line
    RunStamp at;
    int schema{run_schema};
    std::string version;
    std::uint64_t seed{0};
    std::size_t seeds{0};
    std::string commit{};
    std::string compiler{};
};
struct RunState {
    RunStamp at;
    NodeId node{};
    Role role{};
    NodeState state{};
    std::int64_t pid{0};
    std::optional<std::int64_t> cause_ns{};  // when the manager sent the signal that ended or stopped it
};
struct RunStatus {
    RunStamp at;
    NodeStatus status;
};
struct RunFault {
    RunStamp at;
    std::string text;  // the command that set it
    std::set<NodeId> nodes;
    std::map<NodeId, NodeFaults> in_force{};  // by node, the faults it has now
};
struct RunCommand {
    RunStamp at;
    std::string text;
};
struct RunFailure {  // of the command before it
    RunStamp at;
    std::string word;  // E_WAIT
    std::string text;
};
struct RunLimit {  // the file has its greatest size: gossip is left out from here on
    RunStamp at;
    std::uint64_t bytes{0};
};
struct RunClosing {  // the shutdown begins: nodes that stop from here on did not fail
    RunStamp at;
};
struct RunEnded {  // the last line of a run that ended in order
    RunStamp at;
    int exit_code{0};
    std::uint64_t dropped{0};  // gossip events left out
    std::string trace_hash{};  // of a simulated run, before its nodes stopped; empty: of processes
};

using RunLine = std::variant<NodeEvent, RunBegan, RunState, RunStatus, RunFault, RunCommand, RunFailure, RunLimit,
                             RunClosing, RunEnded>;

// With the trailing newline.
[[nodiscard]] std::string encode(const RunLine& line);
// A line without its newline; nothing when it is not one of these: torn, damaged, or of a later version.
[[nodiscard]] std::optional<RunLine> decode_run_line(std::string_view line);

// Messages begun, received or passed on: most events of a busy network.
[[nodiscard]] bool is_gossip(const RunLine& line);
[[nodiscard]] std::optional<NodeState> parse_state(std::string_view name);

}  // namespace gossip
