#pragma once
// The text of ids, and what is parsed from it.

#include "protocol/messages.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gossip {

[[nodiscard]] std::string to_string(Endpoint endpoint);  // "127.0.0.1:7000"
[[nodiscard]] std::string ip_string(NodeId id);          // "127.0.0.1"
// "127.0.0.1:7000"; "connection 12" for an anonymous id.
[[nodiscard]] std::string node_name(NodeId id);
// Strict dotted quad and port 1..65535; nothing otherwise.
[[nodiscard]] std::optional<NodeId> parse_node(std::string_view text);
[[nodiscard]] std::string hex(const Digest& digest, std::size_t bytes = 4);

[[nodiscard]] std::string_view message_name(const Message& m);  // "REGISTER_REQUEST": the wire's type

// "<timestamp>:<IP>:<Port>:<Msg#>", parsed from the right so that the timestamp is never touched.
struct RumorName {
    NodeId origin{};
    std::uint64_t number{0};
};
[[nodiscard]] std::optional<RumorName> parse_rumor_id(std::string_view id);
// Timestamp with millisecond digits, as 000 prints its float seconds.
[[nodiscard]] std::string make_rumor_id(WallMs now, NodeId origin, std::uint64_t number);
[[nodiscard]] std::string dead_node_text(NodeId suspect, WallMs now, NodeId reporter);

}  // namespace gossip
