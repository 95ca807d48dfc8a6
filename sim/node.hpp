#pragma once
// A node of the simulated network: what the network and the simulator know of it, in one line of the cache, for
// every event looks at both.

#include "protocol/machine.hpp"
#include "protocol/slim_vector.hpp"
#include "sim/disk.hpp"
#include "sim/event_queue.hpp"

#include <memory>
#include <vector>

namespace gossip::sim {

// One node's end of what it ever had to do with another, and of their connection if there is one. The ends
// of a node lie side by side and know all that sending and receiving needs; what both ends know is kept in both.
struct End {
    enum class Phase : std::uint8_t { none, dialing, open, broken };

    NodeId id{};  // of the other node
    NodeIndex other{no_node};
    EndIndex back{no_end};      // the other node's end
    Time last_arrival{};        // of what was sent from here
    std::uint32_t messages{0};  // sent from here: draws so far
    ConnectionId connection{0};
    std::uint64_t base : 57 {0};  // usual delay, nanoseconds
    std::uint64_t trust : 2 {0};  // a Trust: how far the other node is trusted
    std::uint64_t state : 2 {0};  // a Phase
    std::uint64_t dialer : 1 {0};
    std::uint64_t open : 1 {0};
    std::uint64_t other_open : 1 {0};

    [[nodiscard]] Phase phase() const { return static_cast<Phase>(state); }
    [[nodiscard]] Trust trusted() const { return static_cast<Trust>(trust); }
    [[nodiscard]] bool flows() const { return phase() == Phase::open && open && other_open; }
    [[nodiscard]] bool exists() const { return phase() != Phase::none; }
    [[nodiscard]] Duration delay() const { return Duration(static_cast<std::int64_t>(base)); }
};
static_assert(sizeof(End) == 40);

struct DiskProfile {
    Duration sync_min = std::chrono::microseconds(200);
    Duration sync_max = std::chrono::milliseconds(3);
};

// What only some nodes ever need: those with a journal, and those a scenario is hard on.
struct RareParts {
    Disk disk;
    DiskProfile disk_profile;
    std::vector<Send> held;     // sends that wait for the disk, and those behind them
    std::vector<Entry> missed;  // while paused
    std::uint64_t syncs{0};
    DiskFailure disk_failure{};
    bool cut_next_step{false};
    CrashKind cut_kind{};
};

struct alignas(64) Node {
    NodeId id{};
    SlimVector<End> ends;  // in the order they met: an end keeps its place
    std::unique_ptr<Machine> machine;
    std::unique_ptr<RareParts> rare;
    std::uint32_t life{0};
    std::uint32_t factory{0};
    Trust trust{Trust::claimed};
    bool up{false};  // as the network sees it
    bool dialable{true};
    bool paused{false};
    Time disturbed{};  // last start or resumption
    std::int64_t wall_skew_ms{0};
};
static_assert(sizeof(Node) == 64);
using Nodes = std::vector<Node>;

}  // namespace gossip::sim
