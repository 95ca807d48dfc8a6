#pragma once
// The file that keeps a node's private key from one start to the next: PEM, readable by its owner alone.

#include "protocol/types.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <variant>

namespace gossip {

// Where a node keeps its key when nothing else is said: beside a seed's journal.
[[nodiscard]] std::string identity_path(const std::string& state_dir, Role role, NodeId node);

// The 32 bytes of the private key: read from the file, or drawn and written there first. The error names the file and
// says what to do; a file that somebody else may read, or that holds no Ed25519 key, is one.
struct Identity {
    std::array<std::uint8_t, 32> secret{};
    PublicKey key;
};
[[nodiscard]] std::variant<Identity, std::string> open_identity(const std::string& path);

}  // namespace gossip
