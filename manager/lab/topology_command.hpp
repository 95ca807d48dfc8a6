#pragma once
// gossipctl topology: overlay strategies side by side, without a network.

#include <string>
#include <vector>

namespace gossip {

// Its arguments; its exit code.
[[nodiscard]] int topology_command(const std::vector<std::string>& arguments);

}  // namespace gossip
