#pragma once
// A line of --help.

#include <cstddef>
#include <string>
#include <string_view>

namespace gossip {

// What is typed, and from `column` on what it means; two blanks are between them at the least.
[[nodiscard]] std::string option_line(std::string_view typed, std::string_view help, std::size_t column);

}  // namespace gossip
