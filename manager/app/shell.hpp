#pragma once
// Where commands come from: the terminal, a pipe, a file, -e. Each returns gossipctl's exit code.

#include "manager/shell/session.hpp"

namespace gossip {

struct Options;

// Reads and checks the script, if there is one, then starts the network, runs the commands and ends
// the network, whatever happened.
[[nodiscard]] int run_network(const Options& options);

}  // namespace gossip
