#pragma once
// What gossipctl --help prints.

#include <string>

namespace gossip {

// Of check, doctor or a verb of the shell; of gossipctl itself for everything else.
[[nodiscard]] std::string usage_text(const std::string& topic);

}  // namespace gossip
