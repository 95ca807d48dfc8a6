#pragma once
// The state that the network and the simulator keep for each node. Every event reads it and a network may have ten
// million nodes, so it is packed; state that few nodes need is kept apart (ColdState).

#include "protocol/hinted_machine.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "sim/engine/disk.hpp"
#include "sim/engine/event_queue.hpp"

#include <memory>
#include <vector>

namespace gossip::sim {

// One node's side of its relation to another node: created when they first exchange anything, never removed, and
// reused by each of their connections. It holds all that sending needs. Connection state is stored on both sides.
struct End {
    enum class Phase : std::uint8_t { none, dialing, open, broken };

    NodeIndex other{no_node};
    std::uint32_t messages{0};         // sent by this node; the counter of the link's random draws
    std::uint64_t arrival : 55 {0};    // of the last message sent by this node, in nanoseconds; 55 bits are a year
    std::uint64_t state : 2 {0};       // a Phase
    std::uint64_t dialer : 1 {0};      // this node opened the connection
    std::uint64_t open : 1 {0};        // this node has not closed its side
    std::uint64_t other_open : 1 {0};  // the other node has not closed its side
    std::uint64_t met : 1 {0};         // the two nodes have had a connection
    std::uint64_t first : 1 {0};       // the current connection is their first
    std::uint64_t initial : 1 {0};     // they were connected before the run began

    [[nodiscard]] Phase phase() const { return static_cast<Phase>(state); }
    [[nodiscard]] bool flows() const { return phase() == Phase::open && open && other_open; }
    [[nodiscard]] bool exists() const { return phase() != Phase::none; }
    [[nodiscard]] Time last_arrival() const { return Time(Duration(static_cast<std::int64_t>(arrival))); }
    void set_last_arrival(Time t) {
        arrival = static_cast<std::uint64_t>(t.time_since_epoch().count()) & ((std::uint64_t{1} << 55) - 1);
    }
};
static_assert(sizeof(End) == 16);

struct DiskProfile {
    Duration sync_min = std::chrono::microseconds(200);
    Duration sync_max = std::chrono::milliseconds(3);
};

// State that only some nodes need: those with a journal, those that start late and those under faults. Created on
// first use.
struct ColdState {
    Disk disk;
    DiskProfile disk_profile;
    std::vector<Send> held;     // sends that wait for the disk, and later sends to the same nodes
    std::vector<Entry> missed;  // events that arrived while the node was paused
    std::uint64_t syncs{0};
    Time disturbed{};  // time of the last start or resumption
    std::int64_t wall_skew_ms{0};
    DiskFailure disk_failure{};
    bool cut_next_step{false};
    CrashKind cut_kind{};
};

struct Node {
    SlimVector<End> ends;  // in the order of first contact; indices stay valid
    std::unique_ptr<HintedMachine> machine;
    std::uint32_t factory{0};
    std::uint16_t life{0};
    std::uint16_t trust : 2 {static_cast<std::uint16_t>(Trust::proven)};
    std::uint16_t up : 1 {false};  // accepts connections
    std::uint16_t dialable : 1 {true};
    std::uint16_t paused : 1 {false};
    std::uint16_t connection_ended : 1 {false};  // some connection of this node has ended at some time
    std::uint16_t cold : 1 {false};              // it has ColdState
};
static_assert(sizeof(Node) == 24);
using Nodes = std::vector<Node>;

}  // namespace gossip::sim
