#pragma once
// gossipctl ctl and gossipctl attach: commands for a network that runs already.

#include <string>
#include <vector>

namespace gossip {

// The arguments after the word; each returns gossipctl's exit code.
[[nodiscard]] int ctl_command(const std::vector<std::string>& arguments);
[[nodiscard]] int attach_command(const std::vector<std::string>& arguments);

}  // namespace gossip
