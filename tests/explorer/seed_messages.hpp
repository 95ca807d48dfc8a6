#pragma once
// The consensus messages between seeds as canonical bytes, so that equal ones are one message of the
// network, and as words for traces.

#include "protocol/canonical.hpp"
#include "protocol/messages.hpp"

namespace gossip::explorer {

// What the checks count messages by. Epoch 0 for messages that are no consensus messages.
struct MessageFacts {
    enum class Type : std::uint8_t { other, propose, vote, commit, ack, learn };
    Type type{};
    Epoch epoch{0};
    Ballot ballot;
};

// What a network of the explorer carries; the rest is always lost.
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
