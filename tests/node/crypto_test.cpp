#include "node/openssl_crypto.hpp"

#include "node/wire/wire_text.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

template <class T>
T from_hex(std::string_view text) {
    T value;
    REQUIRE(wire::parse_hex(text, value.bytes));
    return value;
}

}  // namespace

TEST_CASE("the digest is SHA-256") {
    const Ed25519Crypto crypto;
    CHECK(hex(crypto.digest("abc"), 32) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(crypto.digest(""), 32) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(crypto.digest("abc"), 32) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("signatures are Ed25519 (RFC 8032, section 7.1, test 2)") {
    const Ed25519Crypto crypto;
    const auto key = from_hex<PublicKey>("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    auto signature = from_hex<Signature>(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    CHECK(crypto.verify(key, "\x72", signature));
    CHECK(!crypto.verify(key, "\x73", signature));
    signature.bytes[63] ^= 1;
    CHECK(!crypto.verify(key, "\x72", signature));
}

TEST_CASE("what a node signs verifies under its key alone") {
    const Ed25519Crypto a;
    const Ed25519Crypto b;
    CHECK(a.public_key() != b.public_key());
    const Signature first = a.sign("first");
    const Signature second = a.sign("second");
    CHECK(b.verify(a.public_key(), "first", first));
    CHECK(b.verify(a.public_key(), "second", second));
    CHECK(!b.verify(a.public_key(), "second", first));
    CHECK(!b.verify(b.public_key(), "first", first));
    CHECK(!b.verify(PublicKey{}, "first", first));
    CHECK(!b.verify(a.public_key(), "first", Signature{}));
    CHECK(b.verify(a.public_key(), "", a.sign("")));
    for (std::size_t byte = 0; byte < first.bytes.size(); ++byte) {
        Signature bent = first;
        bent.bytes[byte] ^= 1;
        CHECK(!b.verify(a.public_key(), "first", bent));
    }
}

TEST_CASE("a flood of keys does not grow the cache, and known keys still work") {
    const Ed25519Crypto crypto;
    const Signature signature = crypto.sign("text");
    PublicKey invented;
    for (std::size_t i = 0; i < Ed25519Crypto::parsed_key_limit + 500; ++i) {
        invented.bytes[0] = static_cast<std::uint8_t>(i);
        invented.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        CHECK(!crypto.verify(invented, "text", signature));
        CHECK(crypto.parsed_keys() <= Ed25519Crypto::parsed_key_limit);
    }
    CHECK(crypto.verify(crypto.public_key(), "text", signature));
}
