#pragma once
// Counter-based randomness: every draw is hash(seed, purpose, a, b, counter). Leaving out a fault or a node changes
// no other draw; shrinking a failed run depends on that.

#include "protocol/rng.hpp"

#include <cstdint>

namespace gossip::sim {

enum class Purpose : std::uint32_t {
    machine,       // a = node, b = life: the generator a machine is given
    secret,        // a = node: its signing key
    link_base,     // a, b = nodes: the usual delay of a link
    link_message,  // a, b = nodes, counter = message: delay, loss, duplicate
    link_close,    // a = node, b = life: whether data in flight still arrives when the process dies
    disk_sync,     // a = node, counter = sync
    disk_crash,    // a = node, b = life: which unsynced records survive
    seat_life,     // a = node, b = life
    wall_skew,     // a = node
    shape,         // sizes, timings and fault classes of a run
    schedule,      // a = fault class: the faults of a run
    workload,      // a = message: who publishes it
    rerun,         // whether a run is repeated to compare the traces
    toy,           // for tests
    region,        // a = node: its region
    grown,         // a = 0: the overlay; 1, b = peer: its seeds; 2, b = group of peers: the candidates they know
    link_fault,    // a, b = nodes, counter = message: what an impaired link adds
};

// All draws for one purpose.
class PurposeDraws {
public:
    constexpr PurposeDraws(std::uint64_t seed, Purpose purpose)
        : start_(mix64(seed ^ (static_cast<std::uint64_t>(purpose) << 56))) {}

    [[nodiscard]] constexpr std::uint64_t at(std::uint64_t a, std::uint64_t b, std::uint64_t counter) const {
        return mix64(mix64(mix64(start_ ^ a) ^ b) ^ counter);
    }

private:
    std::uint64_t start_;
};

class Draws {
public:
    explicit constexpr Draws(std::uint64_t seed) : seed_(seed) {}

    [[nodiscard]] constexpr PurposeDraws of(Purpose purpose) const { return {seed_, purpose}; }
    [[nodiscard]] constexpr std::uint64_t at(Purpose purpose, std::uint64_t a = 0, std::uint64_t b = 0,
                                             std::uint64_t counter = 0) const {
        return of(purpose).at(a, b, counter);
    }

    // A generator for a sequence of draws.
    [[nodiscard]] constexpr Rng stream(Purpose purpose, std::uint64_t a = 0, std::uint64_t b = 0,
                                       std::uint64_t counter = 0) const {
        return Rng{at(purpose, a, b, counter)};
    }

    [[nodiscard]] constexpr std::uint64_t seed() const { return seed_; }

private:
    std::uint64_t seed_;
};

}  // namespace gossip::sim
