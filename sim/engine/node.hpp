#pragma once
// A node of the simulated network: what the network and the simulator know of it. Every event looks at it, and there
// may be ten million.

#include "protocol/hinted_machine.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "sim/engine/disk.hpp"
#include "sim/engine/event_queue.hpp"

#include <memory>
#include <vector>

namespace gossip::sim {

// One node's end of what it ever had to do with another, and of their connection if there is one. The ends
// of a node lie side by side and know all that sending needs; what both ends know is kept in both.
struct End {
    enum class Phase : std::uint8_t { none, dialing, open, broken };

    NodeIndex other{no_node};
    std::uint32_t messages{0};       // sent from here: draws so far
    std::uint64_t arrival : 55 {0};  // when the last that was sent from here arrives, nanoseconds: a year
    std::uint64_t state : 2 {0};     // a Phase
    std::uint64_t dialer : 1 {0};
    std::uint64_t open : 1 {0};
    std::uint64_t other_open : 1 {0};
    std::uint64_t met : 1 {0};    // the two nodes had a connection
    std::uint64_t first : 1 {0};  // and this is the first
    std::uint64_t stood : 1 {0};  // they had one from the start

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

// What only some nodes ever need: those with a journal, those that start late, and those a scenario is hard on.
struct RareParts {
    Disk disk;
    DiskProfile disk_profile;
    std::vector<Send> held;     // sends that wait for the disk, and those behind them
    std::vector<Entry> missed;  // while paused
    std::uint64_t syncs{0};
    Time disturbed{};  // last start or resumption
    std::int64_t wall_skew_ms{0};
    DiskFailure disk_failure{};
    bool cut_next_step{false};
    CrashKind cut_kind{};
};

struct Node {
    SlimVector<End> ends;  // in the order they met: an end keeps its place
    std::unique_ptr<HintedMachine> machine;
    std::uint32_t factory{0};
    std::uint16_t life{0};
    std::uint16_t trust : 2 {static_cast<std::uint16_t>(Trust::claimed)};
    std::uint16_t up : 1 {false};  // as the network sees it
    std::uint16_t dialable : 1 {true};
    std::uint16_t paused : 1 {false};
    std::uint16_t ended : 1 {false};  // some connection of its is gone, or was
    std::uint16_t rare : 1 {false};   // it has RareParts
};
static_assert(sizeof(Node) == 24);
using Nodes = std::vector<Node>;

}  // namespace gossip::sim
