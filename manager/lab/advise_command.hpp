#pragma once
// gossipctl advise: parameters for circumstances.

#include <string>
#include <vector>

namespace gossip {

// Its arguments; its exit code: 1 when what was wanted could not be had in the simulator.
[[nodiscard]] int advise_command(const std::vector<std::string>& arguments);

}  // namespace gossip
