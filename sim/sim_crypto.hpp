#pragma once
// Hashes and signatures for simulation: a keyed 256-bit mix, no cryptography. The public key is the
// secret's image under a bijection, so any node in this process can check a signature; nothing in
// the machines can tell the difference, and forging takes a test that does it on purpose.

#include "protocol/crypto.hpp"

#include <cstdint>

namespace gossip::sim {

class SimCrypto final : public Crypto {
public:
    explicit SimCrypto(std::uint64_t secret) : secret_(secret) {}

    [[nodiscard]] Digest digest(std::string_view bytes) const override;
    [[nodiscard]] Signature sign(std::string_view bytes) const override;
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const override;
    [[nodiscard]] PublicKey public_key() const override;

private:
    std::uint64_t secret_;
};

}  // namespace gossip::sim
