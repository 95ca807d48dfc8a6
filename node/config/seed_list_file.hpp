#pragma once
// The documents' own lists of seeds: config.txt with `ip:port` and config.csv with `ip,port` lines.

#include "protocol/types.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

// Blank lines and what follows `#` are skipped, and so is a csv's heading `ip,port`. The error is one
// line that begins with name:line.
[[nodiscard]] std::variant<std::vector<NodeId>, std::string> parse_seed_list(const std::string& name,
                                                                             std::string_view text);
[[nodiscard]] std::variant<std::vector<NodeId>, std::string> read_seed_list(const std::string& path);

}  // namespace gossip
