#pragma once
// gossipctl sim: the real machines over virtual time.

#include <string>
#include <vector>

namespace gossip {

// Runs and prints; the exit code.
[[nodiscard]] int sim_command(const std::vector<std::string>& arguments);

}  // namespace gossip
