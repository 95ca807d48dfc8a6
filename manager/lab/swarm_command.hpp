#pragma once
// gossipctl sim --swarm, --replay and --shrink: random networks under random faults, and their failures as files.

#include "manager/lab/sim_options.hpp"

namespace gossip {

// Runs and prints; the exit code.
[[nodiscard]] int run_swarms(const SimCommand& command);
[[nodiscard]] int replay_repro(const SimCommand& command);
[[nodiscard]] int shrink_repro(const SimCommand& command);

}  // namespace gossip
