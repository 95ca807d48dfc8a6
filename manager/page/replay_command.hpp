#pragma once
// gossipctl replay RUN: the page of a run that is over.

#include <string>
#include <vector>

namespace gossip {

[[nodiscard]] int replay_command(const std::vector<std::string>& arguments);

}  // namespace gossip
