#include "node/transport/handshake.hpp"

#include "protocol/canonical.hpp"

#include <openssl/rand.h>

#include <stdexcept>

namespace gossip {

namespace {

void write(ByteWriter& out, const Hello& hello) {
    out.u8(static_cast<std::uint8_t>(hello.role));
    out.u64(static_cast<std::uint64_t>(hello.id));
    out.u64(hello.cluster);
    out.raw(hello.key.bytes);
    out.raw(hello.nonce);
}

}  // namespace

Bytes proof_text(Side prover, const Hello& dialler, const Hello& acceptor) {
    ByteWriter out;
    out.text(prover == Side::dialler ? "gossip/hello/dialler" : "gossip/hello/acceptor");
    write(out, dialler);
    write(out, acceptor);
    return out.take();
}

Nonce fresh_nonce() {
    Nonce nonce;
    if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return nonce;
}

bool SeedKeys::learn(NodeId seed, const PublicKey& key) {
    Known& known = keys_[seed];
    if (known.configured) return known.key == key;
    known.key = key;
    return true;
}

bool SeedKeys::is_key_of(NodeId seed, const PublicKey& key) const {
    const auto found = keys_.find(seed);
    return found != keys_.end() && found->second.key == key;
}

bool SeedKeys::configured(NodeId seed) const {
    const auto found = keys_.find(seed);
    return found != keys_.end() && found->second.configured;
}

}  // namespace gossip
