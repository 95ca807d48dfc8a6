#pragma once
// Who is at the other end of a connection (PROTOCOL.md section 1). Every node says HELLO; only seeds
// have to prove what they say, because only a seed's word changes anything.
//
// A seed's key is learnt by dialling its configured address: whoever answers there, and signs our
// nonce, is that seed. A connection that comes in and claims to be a seed is believed once it signs
// our nonce with the key learnt that way.

#include "node/wire/wire.hpp"
#include "protocol/crypto.hpp"

#include <map>
#include <optional>

namespace gossip {

// What `prover` signs to show `other`, whose nonce it is, that it holds its key.
[[nodiscard]] Bytes proof_text(const Nonce& nonce, NodeId prover, NodeId other);

[[nodiscard]] Nonce fresh_nonce();

// The keys learnt by dialling, by seed. A restarted seed has a new one.
class SeedKeys {
public:
    void learn(NodeId seed, const PublicKey& key) { keys_[seed] = key; }
    [[nodiscard]] std::optional<PublicKey> find(NodeId seed) const;
    // True when `proof` was made by the key learnt for `seed`.
    [[nodiscard]] bool proves(const Crypto& crypto, NodeId seed, NodeId self, const Nonce& nonce,
                              const Signature& proof) const;

private:
    std::map<NodeId, PublicKey> keys_;
};

}  // namespace gossip
