#pragma once
// Text forms of bytes and strings on the wire.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gossip::wire {

// Quoted and escaped. Invalid UTF-8 becomes U+FFFD: a line we write is always valid JSON.
void append_string(std::string& out, std::string_view text);

void append_hex(std::string& out, std::span<const std::uint8_t> bytes);
// Exactly bytes.size() pairs of lower- or upper-case digits.
[[nodiscard]] bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes);

void append_base64(std::string& out, std::span<const std::uint8_t> bytes);
// The one padded form of exactly bytes.size() bytes; unused bits must be zero.
[[nodiscard]] bool parse_base64(std::string_view text, std::span<std::uint8_t> bytes);

// At most `limit` bytes of printable ASCII, the rest as '?': fit for a log line.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);

}  // namespace gossip::wire
