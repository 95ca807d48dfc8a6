#include "node/openssl_crypto.hpp"

#include "node/base/freed.hpp"
#include "protocol/assert.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <stdexcept>
#include <utility>

namespace gossip {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using DigestPtr = std::unique_ptr<EVP_MD, Freed<EVP_MD_free>>;

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

using KeyBytes = std::array<std::uint8_t, 32>;

// y = low in little endian, the other bytes all alike.
constexpr KeyBytes small_y(std::uint8_t low, std::uint8_t middle, std::uint8_t high) {
    KeyBytes y{};
    y.fill(middle);
    y.front() = low;
    y.back() = high;
    return y;
}

// The points of order 1, 2, 4 and 8 by their y, sign bit aside: 0, 1, -1, the two of order 8, and the same numbers
// above the field's size p = 2^255 - 19 (RFC 8032 leaves refusing them to the application).
constexpr std::array<KeyBytes, 7> small_orders{
    small_y(0, 0, 0),
    small_y(1, 0, 0),
    small_y(0xec, 0xff, 0x7f),
    small_y(0xed, 0xff, 0x7f),
    small_y(0xee, 0xff, 0x7f),
    KeyBytes{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
             0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    KeyBytes{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
             0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};

bool has_small_order(const PublicKey& key) {
    KeyBytes y = key.bytes;
    y.back() &= 0x7f;
    return std::find(small_orders.begin(), small_orders.end(), y) != small_orders.end();
}

// Parsing a key costs as much as a third of a verification; a node hears from the same few neighbours
// and seeds over and over. Oldest out first: cheap, and a flood of invented keys costs only re-parsing.
class KeyCache {
public:
    EVP_PKEY* find_or_parse(const PublicKey& key) {
        if (const auto found = keys_.find(key); found != keys_.end()) return found->second.get();
        KeyPtr parsed(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
        if (parsed == nullptr) return nullptr;
        if (order_.size() == Ed25519Crypto::parsed_key_limit) {
            keys_.erase(order_.front());
            order_.pop_front();
        }
        order_.push_back(key);
        return keys_.emplace(key, std::move(parsed)).first->second.get();
    }
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

private:
    std::map<PublicKey, KeyPtr> keys_;
    std::deque<PublicKey> order_;
};

}  // namespace

struct Ed25519Crypto::Impl {
    // Fetched once: an implicit fetch by EVP_sha256() costs five times the hash of a message id.
    DigestPtr sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    ContextPtr hashing{EVP_MD_CTX_new()};
    ContextPtr signing{EVP_MD_CTX_new()};
    ContextPtr verifying{EVP_MD_CTX_new()};
    KeyPtr own;
    PublicKey own_public;
    KeyCache others;

    explicit Impl(KeyPtr key) : own(std::move(key)) {
        std::size_t size = own_public.bytes.size();
        const bool ready = sha256 && hashing && signing && verifying && own &&
                           EVP_PKEY_get_raw_public_key(own.get(), own_public.bytes.data(), &size) == 1;
        if (!ready) throw std::runtime_error("OpenSSL offers no SHA-256 or no Ed25519 here");
    }
};

Ed25519Crypto::Ed25519Crypto()
    : impl_(std::make_unique<Impl>(KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")))) {}
Ed25519Crypto::Ed25519Crypto(const Identity& identity)
    : impl_(std::make_unique<Impl>(KeyPtr(
          EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, identity.secret.data(), identity.secret.size())))) {}
Ed25519Crypto::~Ed25519Crypto() = default;

Digest Ed25519Crypto::digest(std::string_view bytes) const {
    Digest result;
    EVP_MD_CTX* context = impl_->hashing.get();
    const bool ok = EVP_DigestInit_ex2(context, impl_->sha256.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, result.bytes.data(), nullptr) == 1;
    GOSSIP_ASSERT(ok);
    return result;
}

Signature Ed25519Crypto::sign(std::string_view bytes) const {
    Signature result;
    std::size_t size = result.bytes.size();
    EVP_MD_CTX* context = impl_->signing.get();
    // A context serves Ed25519 for one signature; resetting it keeps its memory.
    const bool ok = EVP_MD_CTX_reset(context) == 1 &&
                    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, impl_->own.get()) == 1 &&
                    EVP_DigestSign(context, result.bytes.data(), &size, octets(bytes), bytes.size()) == 1;
    GOSSIP_ASSERT(ok && size == result.bytes.size());
    return result;
}

bool Ed25519Crypto::verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const {
    if (has_small_order(key)) return false;
    EVP_PKEY* parsed = impl_->others.find_or_parse(key);
    EVP_MD_CTX* context = impl_->verifying.get();
    const bool ok =
        parsed != nullptr && EVP_MD_CTX_reset(context) == 1 &&
        EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, parsed) == 1 &&
        EVP_DigestVerify(context, signature.bytes.data(), signature.bytes.size(), octets(bytes), bytes.size()) == 1;
    if (!ok) ERR_clear_error();  // a forged signature leaves its reason in OpenSSL's queue
    return ok;
}

PublicKey Ed25519Crypto::public_key() const { return impl_->own_public; }

std::size_t Ed25519Crypto::parsed_keys() const { return impl_->others.size(); }

}  // namespace gossip
