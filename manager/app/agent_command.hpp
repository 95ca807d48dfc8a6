#pragma once
// `gossipctl agent --stdio`: many nodes of this machine for a manager on another one.

#include <string>
#include <string_view>
#include <vector>

namespace gossip {

[[nodiscard]] int agent_command(const std::vector<std::string>& arguments);
[[nodiscard]] std::string_view agent_usage();

}  // namespace gossip
