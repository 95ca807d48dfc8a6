#pragma once
// What a node is told at its start. The TOML keys of the public contract are given beside each
// field; node/config/config_file.cpp is the only place that reads them.

#include "protocol/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gossip {

enum class OverlayStrategy : std::uint8_t { pa_ring, pa, zipf, random };
// `automatic` floods until more than `tree_above` comes in.
enum class GossipMode : std::uint8_t { flood, tree, automatic };

struct GossipConfig {
    Duration interval = std::chrono::seconds(5);         // gossip.interval
    Duration first_after = std::chrono::seconds(2);      // gossip.first_after
    std::uint32_t max_messages = 10;                     // gossip.max_messages: generated a life
    GossipMode mode = GossipMode::flood;                 // gossip.mode
    std::uint32_t copies = 2;                            // gossip.copies: of a message that a peer of a tree takes
    std::uint32_t tree_above = 65'536;                   // gossip.tree_above: bytes a second (automatic)
    Duration repair_interval = std::chrono::seconds(5);  // gossip.repair_interval: push-pull tick
    std::uint32_t origin_rate = 1;                       // gossip.rate: own messages a second
    std::uint32_t origin_burst = 20;                     // gossip.burst
    std::uint32_t store_limit = 10'000;                  // gossip.store: messages kept for repair
    std::uint32_t payload_limit = 4096;                  // bytes of text in one message
};

struct OverlayConfig {
    static constexpr std::uint32_t cap_limit = 4000;  // of a degree in a link

    OverlayStrategy strategy = OverlayStrategy::pa_ring;  // overlay.strategy
    std::uint32_t links = 3;                              // overlay.links: opened by a joiner (c)
    double alpha = 1.0;                                   // overlay.alpha: rank weight 1/k^alpha (zipf)
    std::uint32_t cap = 128;                              // overlay.cap
    std::uint32_t floor = 2;                              // overlay.floor: preferential links kept
    std::uint32_t replace_per_million = 400'000;          // overlay.replace (q = 0.4)
    std::uint32_t successors = 4;                         // ring successors remembered
    std::uint32_t candidates = 32;                        // candidates remembered
};

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
