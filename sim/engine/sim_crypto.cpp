#include "sim/engine/sim_crypto.hpp"

#include "protocol/rng.hpp"

#include <cstring>

namespace gossip::sim {
namespace {

constexpr std::uint64_t key_mask = 0x5bd1e9955bd1e995ULL;
constexpr std::uint64_t sign_domain = 0x7369676e;
constexpr std::uint64_t digest_domain = 0x64696765;

std::uint64_t load(const char* from, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, size);
    return word;
}

std::uint64_t hash_bytes(std::uint64_t key, std::string_view bytes) {
    std::uint64_t h = mix64(key ^ bytes.size());
    while (bytes.size() >= 8) {
        h = mix64(h ^ load(bytes.data(), 8));
        bytes.remove_prefix(8);
    }
    return mix64(h ^ load(bytes.data(), bytes.size()));
}

template <std::size_t N>
void expand(std::uint64_t h, std::array<std::uint8_t, N>& out) {
    for (std::size_t i = 0; i < N; i += 8) {
        const std::uint64_t word = mix64(h + i);
        std::memcpy(out.data() + i, &word, 8);
    }
}

Signature signature_with(std::uint64_t secret, std::string_view bytes) {
    Signature s;
    expand(hash_bytes(secret ^ sign_domain, bytes), s.bytes);
    return s;
}

}  // namespace

Digest SimCrypto::digest(std::string_view bytes) const {
    Digest d;
    expand(hash_bytes(digest_domain, bytes), d.bytes);
    return d;
}

Signature SimCrypto::sign(std::string_view bytes) const { return signature_with(secret_, bytes); }

PublicKey SimCrypto::public_key() const {
    PublicKey key;
    const std::uint64_t masked = secret_ ^ key_mask;
    std::memcpy(key.bytes.data(), &masked, 8);
    const std::uint64_t check = mix64(masked);
    std::memcpy(key.bytes.data() + 8, &check, 8);
    return key;
}

bool SimCrypto::verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const {
    std::uint64_t masked = 0;
    std::uint64_t check = 0;
    std::memcpy(&masked, key.bytes.data(), 8);
    std::memcpy(&check, key.bytes.data() + 8, 8);
    return check == mix64(masked) && signature_with(masked ^ key_mask, bytes) == signature;
}

}  // namespace gossip::sim
