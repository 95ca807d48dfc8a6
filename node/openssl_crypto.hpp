#pragma once
// SHA-256 and Ed25519 on OpenSSL. Without an identity the key is a new one and lives as long as the object.
// One thread: contexts are reused from call to call.

#include "node/identity.hpp"
#include "protocol/crypto.hpp"

#include <memory>

namespace gossip {

class Ed25519Crypto final : public OneKeyCrypto {
public:
    // Throws std::runtime_error when OpenSSL cannot provide the algorithms: nothing could work then.
    Ed25519Crypto();
    explicit Ed25519Crypto(const Identity& identity);
    ~Ed25519Crypto() override;
    Ed25519Crypto(const Ed25519Crypto&) = delete;
    Ed25519Crypto& operator=(const Ed25519Crypto&) = delete;

    [[nodiscard]] Digest digest(std::string_view bytes) const override;
    [[nodiscard]] Signature sign(std::string_view bytes) const override;
    // False also for keys of small order, with which anybody can make a signature that fits.
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const override;
    [[nodiscard]] PublicKey public_key() const override;

    static constexpr std::size_t parsed_key_limit = 1024;
    [[nodiscard]] std::size_t parsed_keys() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gossip
