#include "protocol/trust/credential.hpp"

#include "protocol/canonical.hpp"
#include "protocol/quorum.hpp"

namespace gossip {

Bytes credential_bytes(const Config& config, const Change& add) {
    ByteWriter out;
    out.text("gossip/credential");
    out.u64(membership_fingerprint(config));
    write(out, add);
    return out.take();
}

bool is_vouched(const Config& config, const Crypto& crypto, const Change& add,
                const std::vector<SeatSignature>& signatures, std::span<const PublicKey> seed_keys) {
    const std::size_t seats = std::min(config.seeds.size(), seed_keys.size());
    if (signatures.size() < majority(config.seeds.size()) || signatures.size() > config.seeds.size()) return false;
    const Bytes text = credential_bytes(config, add);
    SeatSet signers;
    for (const SeatSignature& by : signatures) {
        if (by.seat >= seats || signers.contains(by.seat) || seed_keys[by.seat] == PublicKey{}) continue;
        if (crypto.verify(seed_keys[by.seat], text, by.signature)) signers.insert(by.seat);
    }
    return signers.size() >= majority(config.seeds.size());
}

Bytes challenge_bytes(const Config& config, NodeId seed, NodeId peer, const Digest& nonce) {
    ByteWriter out;
    out.text("gossip/challenge");
    out.u64(membership_fingerprint(config));
    out.u64(static_cast<std::uint64_t>(seed));
    out.u64(static_cast<std::uint64_t>(peer));
    out.raw(nonce.bytes);
    return out.take();
}

}  // namespace gossip
