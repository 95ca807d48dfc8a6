#pragma once
// Programs as a shell finds and names them.

#include <optional>
#include <string>

namespace gossip {

// As a shell finds it; nothing, with errno set, when it is not there or cannot be run.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);
// One word of a shell's line.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace gossip
