#pragma once
// The manual page and the shells' completion, from the same tables as help and the parser.

#include <string>
#include <vector>

namespace gossip {

// roff, for man(1).
[[nodiscard]] std::string manual_page();

// gossipctl completion bash|zsh|fish, and words BEFORE WORD, which the scripts ask; gossipctl's exit code.
[[nodiscard]] int completion_command(const std::vector<std::string>& arguments);

}  // namespace gossip
