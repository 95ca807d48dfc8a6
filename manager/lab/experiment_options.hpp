#pragma once
// The command line of subcommands that compute with a network without starting it (predict, advise): the options
// of gossipctl sim on top of a configuration.

#include "manager/base/failure.hpp"
#include "manager/lab/sim_options.hpp"

#include <string>
#include <variant>
#include <vector>

namespace gossip {

// --config FILE (else ./config.toml and the other usual places) and --set KEY=VALUE say what the network is;
// all other arguments are those of gossipctl sim.
[[nodiscard]] std::variant<SimCommand, Failure> parse_on_config(const std::vector<std::string>& arguments);

}  // namespace gossip
