#include "protocol/names.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace gossip {
namespace {

// In the order of the Message variant.
constexpr std::array message_names{"REGISTER_REQUEST",
                                   "GET_PEER_LIST",
                                   "GET_CANDIDATES",
                                   "GET_DELTA",
                                   "LEASE",
                                   "DEAD_NODE_REPORT",
                                   "LEAVE",
                                   "REGISTER_ACK",
                                   "REGISTER_NACK",
                                   "REGISTER_PENDING",
                                   "PEER_LIST",
                                   "CANDIDATES",
                                   "LEASE_ACK",
                                   "REPORT_ACK",
                                   "MEMBERSHIP",
                                   "DELTAS",
                                   "PROPOSE",
                                   "VOTE",
                                   "NACK",
                                   "BEHIND",
                                   "COMMIT",
                                   "ACK",
                                   "LEARN",
                                   "SYNC",
                                   "FETCH",
                                   "DECISIONS",
                                   "SNAPSHOT",
                                   "REMOVAL_CASE",
                                   "CASE_OPINION",
                                   "SEAT_QUERY",
                                   "SEAT_ANSWER",
                                   "LINK_REQUEST",
                                   "LINK_ACCEPT",
                                   "LINK_REJECT",
                                   "UNLINK",
                                   "PING",
                                   "PONG",
                                   "GOSSIP",
                                   "REPAIR_DIGEST",
                                   "REPAIR_DIFF",
                                   "PULL",
                                   "SUSPECT",
                                   "ALIVE",
                                   "SUSPECT_QUERY",
                                   "SUSPECT_RESPONSE",
                                   "ERROR",
                                   "PRUNE",
                                   "IHAVE",
                                   "GRAFT",
                                   "CHALLENGE",
                                   "CHALLENGE_ANSWER"};
static_assert(message_names.size() == std::variant_size_v<MessageBody>);

// A number from exactly these digits; nothing for signs, blanks, leftovers or overflow.
template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_ip(std::string_view text) {
    std::uint32_t ip = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t dot = part < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos || dot > 3) return std::nullopt;
        if (dot > 1 && text.front() == '0') return std::nullopt;  // octal to others: one address has one spelling
        const auto octet = parse_number<std::uint8_t>(text.substr(0, dot));
        if (!octet) return std::nullopt;
        ip = ip << 8 | *octet;
        text.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    return ip;
}

}  // namespace

std::string to_string(Endpoint e) {
    std::array<char, 24> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%u.%u.%u.%u:%u", e.ip >> 24, e.ip >> 16 & 255U, e.ip >> 8 & 255U,
                  e.ip & 255U, static_cast<unsigned>(e.port));
    return buffer.data();
}

std::string ip_string(NodeId id) {
    const std::string name = to_string(endpoint(id));
    return name.substr(0, name.find(':'));
}

std::string node_name(NodeId id) {
    if (!is_anonymous(id)) return to_string(endpoint(id));
    return "connection " + std::to_string(static_cast<std::uint64_t>(id) & ~anonymous_bit);
}

std::optional<NodeId> parse_node(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.substr(colon + 1).starts_with('0')) return std::nullopt;
    const auto ip = parse_ip(text.substr(0, colon));
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!ip || !port) return std::nullopt;
    return node_id({*ip, *port});
}

std::string hex(const Digest& digest, std::size_t bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes && i < digest.bytes.size(); ++i) {
        text.push_back(digits[digest.bytes[i] >> 4]);
        text.push_back(digits[digest.bytes[i] & 15]);
    }
    return text;
}

std::string_view message_name(const Message& m) { return message_names[m.index()]; }

std::optional<RumorName> parse_rumor_id(std::string_view id) {
    const std::size_t last = id.rfind(':');
    if (last == std::string_view::npos || last == 0) return std::nullopt;
    const std::size_t port = id.rfind(':', last - 1);
    if (port == std::string_view::npos || port == 0) return std::nullopt;
    const std::size_t ip = id.rfind(':', port - 1);
    if (ip == std::string_view::npos || ip == 0 || id.size() > 128) return std::nullopt;
    const auto origin = parse_node(id.substr(ip + 1, last - ip - 1));
    const auto number = parse_number<std::uint64_t>(id.substr(last + 1));
    if (!origin || !number) return std::nullopt;
    return RumorName{*origin, *number};
}

std::string make_rumor_id(WallMs now, NodeId origin, std::uint64_t number) {
    std::array<char, 96> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%lld.%03lld:%s:%llu", static_cast<long long>(now / 1000),
                  static_cast<long long>(now % 1000), node_name(origin).c_str(),
                  static_cast<unsigned long long>(number));
    return buffer.data();
}

std::string dead_node_text(NodeId suspect, WallMs now, NodeId reporter) {
    std::array<char, 128> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "Dead Node:%s:%lld.%03lld:%s", node_name(suspect).c_str(),
                  static_cast<long long>(now / 1000), static_cast<long long>(now % 1000), ip_string(reporter).c_str());
    return buffer.data();
}

}  // namespace gossip
