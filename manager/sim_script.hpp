#pragma once
// gossipctl sim FILE.gsh: the shell's own scripts over virtual time.

#include "manager/sim_options.hpp"

namespace gossip {

// Runs and prints; the exit code of the first run that failed.
[[nodiscard]] int run_simulated(const SimCommand& command);

}  // namespace gossip
