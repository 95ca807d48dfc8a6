#include "node/openssl_crypto.hpp"

#include "protocol/names.hpp"

#include <doctest/doctest.h>

using namespace gossip;

TEST_CASE("SHA-256 gives the published values, also when its context is reused") {
    const Ed25519Crypto crypto;
    for (int round = 0; round < 2; ++round) {
        // FIPS 180-4, the examples "abc" and the empty string.
        CHECK(hex(crypto.digest("abc"), 32) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(hex(crypto.digest(""), 32) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}

TEST_CASE("a signature holds for its bytes and its key, and for nothing else") {
    const Ed25519Crypto a, b;
    const Signature signature = a.sign("hello");
    CHECK(b.verify(a.public_key(), "hello", signature));
    CHECK_FALSE(b.verify(a.public_key(), "hellp", signature));
    CHECK_FALSE(b.verify(b.public_key(), "hello", signature));
    for (std::size_t byte = 0; byte < 64; ++byte) {
        Signature bent = signature;
        bent.bytes[byte] ^= 1;
        CHECK_FALSE(b.verify(a.public_key(), "hello", bent));
    }
    CHECK_FALSE(b.verify(PublicKey{}, "hello", signature));
    CHECK(a.public_key() != b.public_key());
}
