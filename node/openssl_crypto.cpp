#include "node/openssl_crypto.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace gossip {
namespace {

struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    void operator()(EVP_MD* p) const { EVP_MD_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

void require(bool success, const char* what) {
    if (!success) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

Owned<EVP_PKEY> make_key() {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
    EVP_PKEY* key = nullptr;
    require(context && EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_keygen(context.get(), &key) == 1,
            "making an Ed25519 key");
    return Owned<EVP_PKEY>(key);
}

}  // namespace

// Fetching the digest and making its context costs more than hashing an id: both are kept.
struct Ed25519Crypto::Contexts {
    Owned<EVP_MD> sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    Owned<EVP_MD_CTX> hashing{EVP_MD_CTX_new()};
    Owned<EVP_PKEY> key{make_key()};
};

Ed25519Crypto::Ed25519Crypto() : contexts_(std::make_unique<Contexts>()) {
    require(contexts_->sha256 && contexts_->hashing, "loading SHA-256");
    std::size_t size = public_key_.bytes.size();
    require(EVP_PKEY_get_raw_public_key(contexts_->key.get(), public_key_.bytes.data(), &size) == 1,
            "reading the public key");
}

Ed25519Crypto::~Ed25519Crypto() = default;

Digest Ed25519Crypto::digest(std::string_view bytes) const {
    Digest result;
    EVP_MD_CTX* context = contexts_->hashing.get();
    require(EVP_DigestInit_ex2(context, contexts_->sha256.get(), nullptr) == 1 &&
                EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                EVP_DigestFinal_ex(context, result.bytes.data(), nullptr) == 1,
            "SHA-256");
    return result;
}

Signature Ed25519Crypto::sign(std::string_view bytes) const {
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    Signature result;
    std::size_t size = result.bytes.size();
    require(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, contexts_->key.get()) == 1 &&
                EVP_DigestSign(context.get(), result.bytes.data(), &size, octets(bytes), bytes.size()) == 1,
            "signing");
    return result;
}

bool Ed25519Crypto::verify(const PublicKey& key, std::string_view bytes, const Signature& signature) const {
    const Owned<EVP_PKEY> parsed(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!parsed || !context) return false;
    if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, parsed.get()) != 1) return false;
    return EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(), octets(bytes),
                            bytes.size()) == 1;
}

}  // namespace gossip
