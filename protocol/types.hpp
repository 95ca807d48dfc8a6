#pragma once
// The vocabulary every other file shares: names of nodes, lives, epochs, ballots, and the clock.

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace gossip {

// A clock without now(): protocol code is told the time and can never ask for it.
// Time is monotonic; wall-clock time reaches a machine once, in Started.
struct ProtocolClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<ProtocolClock>;
    static constexpr bool is_steady = true;
};
using Duration = ProtocolClock::duration;
[[nodiscard]] constexpr double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
using Time = ProtocolClock::time_point;

// Milliseconds since the Unix epoch.
using WallMs = std::int64_t;

struct Endpoint {
    std::uint32_t ip{0};  // IPv4, host byte order
    std::uint16_t port{0};
    friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// A node is named by the endpoint it listens on: ip << 16 | port.
// A connection that never said who it is gets a NodeId of its own, local to the driver (see
// anonymous_id): answers sent to it leave by that connection. Such ids never go on the wire.
enum class NodeId : std::uint64_t { none = 0 };

constexpr std::uint64_t anonymous_bit = std::uint64_t{1} << 62;

constexpr NodeId node_id(Endpoint e) { return NodeId{(std::uint64_t{e.ip} << 16) | e.port}; }
constexpr NodeId anonymous_id(std::uint64_t serial) { return NodeId{anonymous_bit | serial}; }
constexpr bool is_anonymous(NodeId id) { return (static_cast<std::uint64_t>(id) & anonymous_bit) != 0; }
constexpr Endpoint endpoint(NodeId id) {
    const auto v = static_cast<std::uint64_t>(id);
    return {static_cast<std::uint32_t>(v >> 16), static_cast<std::uint16_t>(v & 0xffff)};
}

// One life of an endpoint: max(last known + 1, Unix ms of the start). 0 = unknown.
enum class Incarnation : std::uint64_t { none = 0 };

// A version of the membership list. 0 is the empty list before any decision.
using Epoch = std::uint64_t;

// A seed's index in the configured seed list, 0-based.
using Seat = std::uint8_t;
constexpr Seat no_seat = 0xff;

// One life of a seat's journal (random, never 0). A seed that lost its disk comes back as another.
using SeatLife = std::uint64_t;

// Paxos ballot: ordered by round, ties by seat, so no two seats ever share one.
struct Ballot {
    std::uint64_t round{0};
    Seat seat{0};
    friend constexpr auto operator<=>(const Ballot&, const Ballot&) = default;
};

// SHA-256 on the real side; any good 256-bit mix in simulation.
struct Digest {
    std::array<std::uint8_t, 32> bytes{};
    friend constexpr auto operator<=>(const Digest&, const Digest&) = default;
};

// The first 16 bytes of the digest of a message id: what deduplication compares.
struct RumorKey {
    std::uint64_t hi{0};
    std::uint64_t lo{0};
    friend constexpr auto operator<=>(const RumorKey&, const RumorKey&) = default;
};

struct PublicKey {
    std::array<std::uint8_t, 32> bytes{};
    friend constexpr auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

struct Signature {
    std::array<std::uint8_t, 64> bytes{};
    friend constexpr auto operator<=>(const Signature&, const Signature&) = default;
};

using Bytes = std::string;  // raw octets

enum class Role : std::uint8_t { seed, peer };

}  // namespace gossip
