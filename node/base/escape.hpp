#pragma once
// Text from the network, made harmless for a log line, a terminal and a JSON string.

#include <string>
#include <string_view>

namespace gossip {

// Control characters and bytes that are not UTF-8 become \xNN; everything else stays as it is.
[[nodiscard]] std::string escape_text(std::string_view text);

// Where the first byte is that is not UTF-8; npos when there is none.
[[nodiscard]] std::size_t find_not_utf8(std::string_view text);

}  // namespace gossip
