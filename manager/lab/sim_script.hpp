#pragma once
// gossipctl sim FILE: the shell's own scripts, and transcripts, over virtual time.

#include "manager/base/failure.hpp"
#include "manager/lab/sim_options.hpp"

namespace gossip {

// The options that a transcript among the arguments brings along, in front of the others. The failure is of usage.
[[nodiscard]] std::variant<std::vector<std::string>, Failure> with_transcript_options(
    const std::vector<std::string>& arguments);

// Runs and prints; the exit code of the first run that failed.
[[nodiscard]] int run_simulated(const SimCommand& command);

}  // namespace gossip
