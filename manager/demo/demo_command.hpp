#pragma once
// gossipctl demo: the six phases, in a browser or in the terminal.

#include <string>
#include <vector>

namespace gossip {

[[nodiscard]] int demo_command(const std::vector<std::string>& arguments);

}  // namespace gossip
