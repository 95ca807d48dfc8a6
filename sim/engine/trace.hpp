#pragma once
// What observers (checkers, meters, logs) see of a run, and the running hash by which two runs are compared.

#include "protocol/machine.hpp"

#include <cstdint>
#include <span>

namespace gossip::sim {

enum class StopKind : std::uint8_t {
    crashed,   // killed by the scenario or by a disk error
    finished,  // it left gracefully
    fatal,     // it found a broken invariant and stopped
};

// Called in the order of events. An observer must not change the run.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_started(Time, NodeId, std::uint32_t /*life*/) {}
    virtual void on_stopped(Time, NodeId, StopKind) {}
    // After the step, before its effects are applied.
    virtual void on_step(Time, NodeId, const Event&, const Effects&) {}
    // A message leaves a node: a held send when it is released, not when the machine sends it.
    virtual void on_wire(Time, NodeId /*from*/, NodeId /*to*/, const SharedMessage&) {}
    // Records became durable, in journal order.
    virtual void on_synced(Time, NodeId, std::span<const Append>) {}
};

// Folds a word into a hash: the two halves of a 128-bit product are XORed, as in Wang Yi's wyhash. Input that makes
// the product zero would erase the hash; the words come from the run, so nobody chooses such input.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t hash, std::uint64_t word) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(hash ^ 0x9e3779b97f4a7c15ULL) * (word ^ 0xd6e8feb86659fd93ULL);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] std::uint64_t event_hash(const Event& event);
[[nodiscard]] std::uint64_t message_hash(const SharedMessage& message);

}  // namespace gossip::sim
