#pragma once
// Comma-separated values as RFC 4180 has them, for any reader.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// A field that holds a comma, a quote or a line end is quoted. Ends with CR LF.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& fields);

// The rows of a file, whichever line ends it has; nothing when a quoted field is not closed.
[[nodiscard]] std::optional<std::vector<std::vector<std::string>>> parse_csv(std::string_view text);

}  // namespace gossip
