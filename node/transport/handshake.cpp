#include "node/transport/handshake.hpp"

#include "protocol/canonical.hpp"

#include <openssl/rand.h>

#include <stdexcept>

namespace gossip {

Bytes proof_text(const Nonce& nonce, NodeId prover, NodeId other) {
    ByteWriter out;
    out.text("gossip/hello");
    out.raw(nonce);
    out.u64(static_cast<std::uint64_t>(prover));
    out.u64(static_cast<std::uint64_t>(other));
    return out.take();
}

Nonce fresh_nonce() {
    Nonce nonce;
    if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return nonce;
}

std::optional<PublicKey> SeedKeys::find(NodeId seed) const {
    const auto found = keys_.find(seed);
    if (found == keys_.end()) return std::nullopt;
    return found->second;
}

bool SeedKeys::proves(const Crypto& crypto, NodeId seed, NodeId self, const Nonce& nonce,
                      const Signature& proof) const {
    const auto key = find(seed);
    return key && crypto.verify(*key, proof_text(nonce, seed, self), proof);
}

}  // namespace gossip
