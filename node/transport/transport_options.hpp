#pragma once
// What a transport is told at its start, and whom it tells what happens.

#include "protocol/machine.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gossip {

struct TransportOptions {
    NodeId self{};
    Role role{};
    std::uint64_t cluster{0};          // membership_fingerprint: whoever has another one is refused
    std::vector<NodeId> seeds;         // whose role has to be proven
    std::vector<PublicKey> seed_keys;  // those configured, by seat; see Config
    std::size_t peer_line_limit = 64 * 1024;
    std::size_t seed_line_limit = 1024 * 1024;
    std::size_t queue_bytes_limit = 1024 * 1024;  // per connection; beyond it the slow peer is cut
    std::size_t connection_limit = 4096;
    Duration hello_deadline = std::chrono::seconds(5);  // first whole line after accept
    Duration line_deadline = std::chrono::seconds(10);  // a line, from its first byte; never extended
    Duration dial_deadline = std::chrono::seconds(3);
    Duration idle_deadline = std::chrono::minutes(2);
};

struct TransportHandlers {
    std::function<void(NodeId from, Trust trust, Message message)> received;
    std::function<void(NodeId node, LossReason reason)> lost;
    // See Machine; without them every peer is a stranger.
    std::function<Credential()> credential;
    std::function<bool(NodeId node, const PublicKey& key, const Credential& shown)> vouches;
    // Something to log once: a bad line, an unknown type, a deadline. `warning` text names the offender.
    std::function<void(const std::string& text)> offence;
};

}  // namespace gossip
