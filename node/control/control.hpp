#pragma once
// What a node and its manager say to each other over the control channel (a Unix socket pair, or the
// run's socket): one JSON object a line. The channel is also the lifeline: a node whose manager is
// gone reads end-of-file and ends.

#include "node/transport/link_fault.hpp"
#include "node/transport/transport_counters.hpp"
#include "protocol/notice.hpp"
#include "protocol/peer/peer_status.hpp"
#include "protocol/seed/seed_status.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct NodeReady {
    NodeId id{};
    Role role{};
    std::int64_t pid{0};
};

// One notice as it happened. `mono_ns` is CLOCK_MONOTONIC, so events of one host merge in order.
struct NodeEvent {
    std::int64_t mono_ns{0};
    WallMs wall{0};
    NodeId node{};
    Notice notice;
};

struct NodeStatus {
    std::uint64_t seq{0};  // of the StatusCommand it answers
    NodeId id{};
    std::optional<SeedStatus> seed;
    std::optional<PeerStatus> peer;
    std::vector<Member> members;  // a seed's list
    TransportCounters transport;
    std::uint64_t events_lost{0};  // notices dropped because the manager did not read in time
    std::uint64_t resident{0};     // bytes of memory
};

struct NodeReply {
    std::uint64_t seq{0};
    bool ok{true};
    std::string text;  // the id of the message that was said, or why it was not
};

using FromNode = std::variant<NodeReady, NodeEvent, NodeStatus, NodeReply>;

struct SayCommand {
    std::uint64_t seq{0};
    std::string text;
};
struct StatusCommand {
    std::uint64_t seq{0};
};
struct LeaveCommand {};
// Replaces all faults of the links that lead from this node; answered by a NodeReply.
struct FaultCommand {
    std::uint64_t seq{0};
    std::uint64_t seed{0};
    std::vector<FaultRule> rules;
};

using ToNode = std::variant<SayCommand, StatusCommand, LeaveCommand, FaultCommand>;

// With the trailing newline.
[[nodiscard]] std::string encode(const FromNode& line);
[[nodiscard]] std::string encode(const ToNode& line);
// Parses a line without its newline; nothing when it is malformed or of an unknown kind.
[[nodiscard]] std::optional<FromNode> decode_from_node(std::string_view line);
[[nodiscard]] std::optional<ToNode> decode_to_node(std::string_view line);

}  // namespace gossip
