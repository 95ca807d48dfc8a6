#pragma once
// Hashes and signatures as pure functions of their arguments, handed to the machines by the driver:
// OpenSSL's SHA-256 and Ed25519 on the real side, a keyed mix in simulation.

#include "protocol/types.hpp"

#include <string_view>

namespace gossip {

class Crypto {
public:
    virtual ~Crypto() = default;

    [[nodiscard]] virtual Digest digest(std::string_view bytes) const = 0;

    [[nodiscard]] virtual bool verify(const PublicKey& key, std::string_view bytes,
                                      const Signature& signature) const = 0;
    // Signs with the key of a node of this process; that node's public key.
    [[nodiscard]] virtual Signature sign(NodeId self, std::string_view bytes) const = 0;
    [[nodiscard]] virtual PublicKey public_key(NodeId self) const = 0;
};

// For a process that has one key: every signer uses it.
class OneKeyCrypto : public Crypto {
public:
    [[nodiscard]] virtual Signature sign(std::string_view bytes) const = 0;
    [[nodiscard]] virtual PublicKey public_key() const = 0;
    [[nodiscard]] Signature sign(NodeId /*self*/, std::string_view bytes) const final { return sign(bytes); }
    [[nodiscard]] PublicKey public_key(NodeId /*self*/) const final { return public_key(); }
};

// The key under which a message id is deduplicated. Each node computes it; one from the network is not believed.
[[nodiscard]] inline RumorKey rumor_key(const Crypto& crypto, std::string_view id) {
    const Digest d = crypto.digest(id);
    RumorKey key;
    for (std::size_t i = 0; i < 8; ++i) {
        key.hi = key.hi << 8 | d.bytes[i];
        key.lo = key.lo << 8 | d.bytes[8 + i];
    }
    return key;
}

}  // namespace gossip
