#pragma once
// Who is at the other end of a connection (PROTOCOL.md section 6). Both sides say HELLO and sign what both said,
// so each shows that it holds its key. Whose key that is, is another question: a peer shows a credential or stands
// in a seed's list, and a seed's key is configured.
//
// Where a seed's key is not configured it is learnt by dialling the seed's address: whoever answers there is that
// seed. A connection that comes in and claims to be a seed is believed once its key is the one learnt that way.

#include "node/wire/wire.hpp"
#include "protocol/crypto.hpp"

#include <map>
#include <optional>

namespace gossip {

// The side of a connection that proves: what one signs is worth nothing in the other's place.
enum class Side : std::uint8_t { dialler, acceptor };

// What a side signs to show that it holds its key: all that both sides said of themselves on this connection.
[[nodiscard]] Bytes proof_text(Side prover, const Hello& dialler, const Hello& acceptor);

[[nodiscard]] Nonce fresh_nonce();

// The keys of the seeds: configured, or learnt by dialling.
class SeedKeys {
public:
    void configure(NodeId seed, const PublicKey& key) { keys_[seed] = {key, true}; }
    // False, and nothing is learnt, when another key is configured.
    bool learn(NodeId seed, const PublicKey& key);
    [[nodiscard]] bool is_key_of(NodeId seed, const PublicKey& key) const;
    [[nodiscard]] bool configured(NodeId seed) const;

private:
    struct Known {
        PublicKey key;
        bool configured{false};
    };
    std::map<NodeId, Known> keys_;
};

}  // namespace gossip
