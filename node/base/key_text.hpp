#pragma once
// A public key as people write it: ed25519: and 64 hexadecimal digits.

#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gossip {

[[nodiscard]] std::string key_text(const PublicKey& key);
// Nothing for any other text.
[[nodiscard]] std::optional<PublicKey> parse_key_text(std::string_view text);

}  // namespace gossip
