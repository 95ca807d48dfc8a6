#pragma once
// The line form of messages: newline-delimited JSON in document 000's dialect with our fields beside
// it (PROTOCOL.md section 1). Decoding never throws and never believes: whatever is wrong with a line
// comes back as one named reason.

#include "protocol/crypto.hpp"
#include "protocol/messages.hpp"

#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

using Nonce = std::array<std::uint8_t, 16>;

// The lines of the handshake belong to the transport and never reach a machine.
struct Hello {
    ProtocolVersion version{1};
    Role role{};
    NodeId id{};
    std::uint64_t cluster{0};
    PublicKey key;
    Nonce nonce{};
    Credential credential{};  // of a member
    bool key_only{false};     // asks for the HELLO_ACK's proof and nothing else: never used to send
};
struct HelloAck {
    Hello hello;
    Signature proof;  // see proof_text
};
struct HelloProof {
    Signature proof;
};
// On an open connection: the sender has become a member, or another life of it has.
struct CredentialChanged {
    Credential credential;
};

// Well formed, of a type this version does not know: counted and ignored, so that newer nodes can talk.
struct UnknownType {
    std::string type;  // printable, cut
};

struct DecodeError {
    std::string code;  // bad_json | bad_envelope | bad_field
    std::string text;  // made of our words only; safe to log
};

using Line = std::variant<Message, Hello, HelloAck, HelloProof, CredentialChanged, UnknownType, DecodeError>;

// With the trailing newline. `crypto` computes a rumor's msg_hash, which 000's peers expect.
[[nodiscard]] std::string encode(const Message& message, const Crypto& crypto, WallMs now);
[[nodiscard]] std::string encode(const Hello& hello, WallMs now);
[[nodiscard]] std::string encode(const HelloAck& ack, WallMs now);
[[nodiscard]] std::string encode(const HelloProof& proof, WallMs now);
[[nodiscard]] std::string encode(const CredentialChanged& changed, WallMs now);

// A line without its newline.
[[nodiscard]] Line decode(std::string_view line, const Crypto& crypto);

}  // namespace gossip
