#pragma once
// The consensus messages between seeds as canonical bytes, so that equal ones are one message of the network, and as
// text for traces.

#include "protocol/canonical.hpp"
#include "protocol/messages.hpp"

namespace gossip::explorer {

// The key by which the checks count messages. Epoch 0 for messages outside the consensus.
struct MessageFacts {
    enum class Type : std::uint8_t { other, propose, vote, commit, ack, learn };
    Type type{};
    Epoch epoch{0};
    Ballot ballot;
};

// The messages that the explored network carries; all others are lost.
enum class Network : std::uint8_t {
    core,    // PROPOSE, VOTE, COMMIT, ACK: what decides
    nacks,   // and NACK
    learns,  // and LEARN
    full,    // and BEHIND, FETCH, DECISIONS, SNAPSHOT: catching up
};
[[nodiscard]] bool carries(Network network, const Message& message);
[[nodiscard]] Bytes message_bytes(const Message& message);
[[nodiscard]] MessageFacts facts_of(const Message& message);
[[nodiscard]] std::string text_of(const Message& message);
[[nodiscard]] std::string text_of(const Batch& batch);

}  // namespace gossip::explorer
