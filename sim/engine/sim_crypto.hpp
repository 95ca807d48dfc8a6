#pragma once
// Hashes and signatures for simulation: a keyed 256-bit mix, no cryptography. The public key is the
// secret's image under a bijection, so any node in this process can check a signature; nothing in
// the machines can tell the difference, and forging takes a test that does it on purpose.

#include "protocol/crypto.hpp"
#include "sim/engine/draw.hpp"

#include <cstdint>

namespace gossip::sim {

class SimCrypto final : public OneKeyCrypto {
public:
    explicit SimCrypto(std::uint64_t secret) : secret_(secret) {}

    [[nodiscard]] Digest digest(std::string_view bytes) const override;
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const override;
    [[nodiscard]] Signature sign(std::string_view bytes) const override;
    [[nodiscard]] PublicKey public_key() const override;

private:
    std::uint64_t secret_;
};

// The keyring of all nodes of a network. A node's secret is drawn each time it is needed, so nothing is stored.
class SimKeyring final : public Crypto {
public:
    explicit SimKeyring(const Draws& draws) : secrets_(draws.of(Purpose::secret)) {}

    [[nodiscard]] Digest digest(std::string_view bytes) const override { return SimCrypto(0).digest(bytes); }
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const override {
        return SimCrypto(0).verify(key, bytes, signature);
    }
    [[nodiscard]] Signature sign(NodeId self, std::string_view bytes) const override { return of(self).sign(bytes); }
    [[nodiscard]] PublicKey public_key(NodeId self) const override { return of(self).public_key(); }

private:
    [[nodiscard]] SimCrypto of(NodeId node) const {
        return SimCrypto(secrets_.at(static_cast<std::uint64_t>(node), 0, 0));
    }

    PurposeDraws secrets_;
};

}  // namespace gossip::sim
