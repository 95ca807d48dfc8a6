#pragma once
// gossipctl advise: proposes configuration values for given conditions.

#include <string>
#include <vector>

namespace gossip {

// Takes its arguments; returns its exit code, 1 when the simulated network missed a goal.
[[nodiscard]] int advise_command(const std::vector<std::string>& arguments);

}  // namespace gossip
