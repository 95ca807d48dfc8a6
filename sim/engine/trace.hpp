#pragma once
// What a run shows to its checkers, and the running hash that tells two runs apart.

#include "protocol/machine.hpp"

#include <cstdint>
#include <span>

namespace gossip::sim {

enum class StopKind : std::uint8_t {
    crashed,   // killed from outside
    finished,  // it left in order
    fatal,     // it found an invariant broken and ended itself
};

// MembershipState everything in the order it happens. Observers never act.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_started(Time, NodeId, std::uint32_t /*life*/) {}
    virtual void on_stopped(Time, NodeId, StopKind) {}
    // After the step, before its effects take place.
    virtual void on_step(Time, NodeId, const Event&, const Effects&) {}
    // A message leaves a node, its held sends included. `node` is alive.
    virtual void on_wire(Time, NodeId /*from*/, NodeId /*to*/, const SharedMessage&) {}
    // Records became durable, in order.
    virtual void on_synced(Time, NodeId, std::span<const Append>) {}
};

// Folds a word into a hash: one half of a product over the other, as Wang Yi's wyhash does. Of a run's own words only;
// nobody chooses them, so what multiplies to zero is left to chance.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t hash, std::uint64_t word) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(hash ^ 0x9e3779b97f4a7c15ULL) * (word ^ 0xd6e8feb86659fd93ULL);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] std::uint64_t event_hash(const Event& event);
[[nodiscard]] std::uint64_t message_hash(const SharedMessage& message);

}  // namespace gossip::sim
