#pragma once
// gossipctl sweep: one run for each combination of parameters and each seed.

#include <string>
#include <vector>

namespace gossip {

// Its arguments; its exit code.
[[nodiscard]] int sweep_command(const std::vector<std::string>& arguments);

}  // namespace gossip
