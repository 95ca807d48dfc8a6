#pragma once
// What a node is told at its start. The TOML keys of the public contract are given beside each
// field; node/config/config_file.cpp is the only place that reads them.

#include "protocol/overlay.hpp"
#include "protocol/spread.hpp"
#include "protocol/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gossip {

struct LivenessConfig {
    static constexpr std::uint32_t misses_limit = 1000;  // of the cycles counted in a link

    Duration interval = std::chrono::seconds(13);  // liveness.interval
    std::uint32_t misses = 3;                      // liveness.misses
    Duration refute = std::chrono::seconds(5);     // liveness.refute
    std::uint32_t witnesses_min = 3;               // liveness.witnesses = "3-7"
    std::uint32_t witnesses_max = 7;
    std::uint32_t probes = 3;                          // liveness.probes
    Duration probe_timeout = std::chrono::seconds(1);  // liveness.probe_timeout, each probe
};

struct SeedConfig {
    bool durable = true;                                     // seeds.durable
    Duration sync_interval = std::chrono::seconds(2);        // seeds.sync_interval
    Duration vote_timeout = std::chrono::milliseconds(500);  // seeds.vote_timeout: a round without quorum
    Duration probe_timeout = std::chrono::seconds(1);        // seeds.probe_timeout: own probe before a YES
    Duration pending_after = std::chrono::seconds(2);        // seeds.pending_after: REGISTER_PENDING is said
    Duration lease = std::chrono::seconds(60);               // seeds.lease: a peer's sign of life to its seeds
    std::uint32_t lease_misses = 3;                          // leases missed before the seeds probe on their own
    // Changes in one epoch: so many removals with their certificates fit a seed's line of 1 MiB in a
    // PROPOSE, so many registrations a peer's line of 64 KiB in a MEMBERSHIP.
    std::uint32_t batch_limit = 200;
    std::uint32_t sample = 64;     // candidates handed to a joiner
    std::uint32_t history = 4096;  // epochs kept for deltas; also the snapshot period
};

// One network's parameters, the same for every node of it.
struct Config {
    std::vector<NodeId> seeds;  // [[seed]], in file order: the index is the seat
    // [[seed]] key, by seat; all zero: not given, learnt by dialling the seed. Empty: none is given.
    std::vector<PublicKey> seed_keys;
    GossipConfig gossip;
    OverlayConfig overlay;
    LivenessConfig liveness;
    SeedConfig seed;
};

// Why this config cannot run, naming the key; nothing when it can.
[[nodiscard]] std::optional<std::string> validate(const Config& config);

// Digest of what all seeds must agree on (the ordered seed list): sent in HELLO, compared by seats.
[[nodiscard]] std::uint64_t membership_fingerprint(const Config& config);

}  // namespace gossip
