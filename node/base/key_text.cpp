#include "node/base/key_text.hpp"

#include <charconv>

namespace gossip {
namespace {

constexpr std::string_view prefix = "ed25519:";
constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

std::string key_text(const PublicKey& key) {
    std::string text(prefix);
    for (const std::uint8_t byte : key.bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::optional<PublicKey> parse_key_text(std::string_view text) {
    PublicKey key;
    if (!text.starts_with(prefix) || text.size() != prefix.size() + 2 * key.bytes.size()) return std::nullopt;
    text.remove_prefix(prefix.size());
    for (std::uint8_t& byte : key.bytes) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + 2, byte, 16);
        if (error != std::errc{} || end != text.data() + 2) return std::nullopt;
        text.remove_prefix(2);
    }
    return key;
}

}  // namespace gossip
