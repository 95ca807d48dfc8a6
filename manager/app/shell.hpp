#pragma once
// Where commands come from: the terminal, a pipe, a file, -e. Each returns gossipctl's exit code.

#include "manager/base/options.hpp"
#include "manager/shell/session.hpp"

namespace gossip {

// Reads and checks the script, if there is one, then starts the network, runs the commands and ends
// the network, whatever happened.
[[nodiscard]] int run_network(const Options& options);

// What may follow `before` at `word`: verbs, node ids, groups, conditions, settings.
[[nodiscard]] std::vector<std::string> completions(const std::string& before, const std::string& word,
                                                   const ClusterView& view);

}  // namespace gossip
