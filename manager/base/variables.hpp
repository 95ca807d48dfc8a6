#pragma once
// GOSSIPCTL_* variables of the subcommands that are no network: each option has one.

#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// "GOSSIPCTL_PORT_OFFSET" of "--port-offset".
[[nodiscard]] std::string variable_name(std::string_view option);

// The arguments of `gossipctl SUBCOMMAND`, the subcommand's name excepted, with the options that variables give and
// the command line does not in front of them.
[[nodiscard]] std::vector<std::string> with_variables(std::string_view subcommand, std::vector<std::string> arguments);

}  // namespace gossip
