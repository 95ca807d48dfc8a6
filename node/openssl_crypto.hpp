#pragma once
// SHA-256 and Ed25519 by OpenSSL: the real side's Crypto.

#include "protocol/crypto.hpp"

#include <memory>

namespace gossip {

// A key pair of its own, made at construction: a node's identity is one life long.
// Not for use by several threads at once (the digest context is reused).
class Ed25519Crypto final : public Crypto {
public:
    // Throws std::runtime_error when OpenSSL cannot make a key.
    Ed25519Crypto();
    ~Ed25519Crypto() override;

    [[nodiscard]] Digest digest(std::string_view bytes) const override;
    [[nodiscard]] Signature sign(std::string_view bytes) const override;
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const override;
    [[nodiscard]] PublicKey public_key() const override { return public_key_; }

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
    PublicKey public_key_;
};

}  // namespace gossip
