#pragma once
// What shows that a node is a member: with its YES to a registration a seed signs the peer's id, life and key, and
// a quorum of these signatures is the peer's credential. Whoever knows the seeds' keys can check it alone.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/membership.hpp"

#include <span>

namespace gossip {

// What a seat signs; `add` is the registration.
[[nodiscard]] Bytes credential_bytes(const Config& config, const Change& add);

// True when a quorum of distinct seats signed `add`; `seed_keys` by seat, all zero where unknown.
[[nodiscard]] bool is_vouched(const Config& config, const Crypto& crypto, const Change& add,
                              const std::vector<SeatSignature>& signatures, std::span<const PublicKey> seed_keys);

// What a node signs to show `seed` that it holds its key and listens at its address.
[[nodiscard]] Bytes challenge_bytes(const Config& config, NodeId seed, NodeId peer, const Digest& nonce);

}  // namespace gossip
