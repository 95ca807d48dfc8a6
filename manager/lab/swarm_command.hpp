#pragma once
// gossipctl sim --swarm, --replay and --shrink: drawn networks under drawn faults, and what becomes of a failure.

#include "manager/lab/sim_options.hpp"

namespace gossip {

// Runs and prints; the exit code.
[[nodiscard]] int run_swarms(const SimCommand& command);
[[nodiscard]] int replay_repro(const SimCommand& command);
[[nodiscard]] int shrink_repro(const SimCommand& command);

}  // namespace gossip
