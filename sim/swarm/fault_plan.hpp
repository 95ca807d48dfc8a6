#pragma once
// The shape and the faults of one swarm run, drawn in advance as data: which classes of faults occur, and the sizes,
// rates and timings (PROTOCOL.md section 8).

#include "protocol/config.hpp"
#include "sim/engine/network.hpp"
#include "sim/engine/simulator.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip::sim {

enum class FaultClass : std::uint8_t {
    crash_seeds,  // and restart with their disk
    crash_peers,  // and restart as a new life, or do not
    mass_crash,   // 30-70 % of the peers at once
    power_loss,   // crashes lose unsynced records
    cut_step,     // crashes between two effects
    lost_disk,    // at most a minority of the seeds
    dead_seeds,   // a minority crashes and never restarts
    slow_disk,
    partition,    // in both directions: halves, some seeds, one node
    one_way,      // as partition, in one direction
    swizzle,      // nodes are cut off one by one and healed in another order
    pause_short,  // too short for any detection
    pause_long,
    reset,  // connections break
    drop,   // messages are lost while the connection stays open, unlike in TCP
    duplicate,
    tail,        // some messages take very long
    churn,       // peers join late and leave
    skew,        // wall clocks differ
    hostile,     // a node that sends forged messages
    disk_error,  // EIO and failing fsyncs at seeds
    last_class,
};

class FaultClasses {
public:
    void add(FaultClass c) { bits_ |= bit(c); }
    void remove(FaultClass c) { bits_ &= ~bit(c); }
    [[nodiscard]] bool has(FaultClass c) const { return (bits_ & bit(c)) != 0; }
    template <class... Cs>
    [[nodiscard]] bool any(Cs... cs) const {
        return (has(cs) || ...);
    }
    [[nodiscard]] std::uint32_t bits() const { return bits_; }

private:
    static constexpr std::uint32_t bit(FaultClass c) { return std::uint32_t{1} << static_cast<std::uint32_t>(c); }
    std::uint32_t bits_{0};
};
[[nodiscard]] std::string to_string(const FaultClasses& classes);
// Parses that text; nullopt if a name is unknown.
[[nodiscard]] std::optional<FaultClasses> parse_fault_classes(std::string_view text);

enum class FaultKind : std::uint8_t {
    crash,
    cut_step,
    lose_disk,
    pause,
    cut_off,
    cut_off_one_way,
    slow_disk,
    leave,
    publish,
    disk_error,  // crash::process: write errors; crash::power: sync errors, a prefix may be written
};

constexpr FaultKind last_fault_kind = FaultKind::disk_error;
[[nodiscard]] constexpr bool is_split(FaultKind kind) {
    return kind == FaultKind::cut_off || kind == FaultKind::cut_off_one_way;
}

constexpr Time never = Time::max();

struct Fault {
    Time at{};
    Time until{never};  // when it ends
    FaultKind kind{};
    std::uint32_t node{0};  // seeds first, then peers in the order they start
    std::uint64_t mask{0};  // cut_off: bitmap of the nodes on one side
    CrashKind crash{};
};

struct RunShape {
    std::uint64_t seed{0};
    std::uint32_t seeds{3};
    std::uint32_t peers{5};
    FaultClasses classes;
    Config config;
    NetworkOptions network;
    std::int64_t wall_skew_ms{0};
    Duration fault_phase{};
};

struct FaultPlan {
    RunShape shape;
    std::vector<Time> peer_starts;          // ascending; their number is shape.peers
    std::vector<Fault> faults;              // ascending by time
    std::vector<std::uint32_t> dead_seeds;  // never restart; at most a minority
};

[[nodiscard]] RunShape draw_shape(std::uint64_t seed);
[[nodiscard]] FaultPlan draw_plan(const RunShape& shape);

// The longest pause that no failure detection can notice: shorter ones must not cause a suspicion.
[[nodiscard]] Duration harmless_stall(const Config& config);

}  // namespace gossip::sim
