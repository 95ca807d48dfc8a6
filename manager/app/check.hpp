#pragma once
// gossipctl check: is this configuration right, and what would it start?

#include "manager/base/options.hpp"

namespace gossip {

// Prints; the exit code.
[[nodiscard]] int check_config(const Options& options);

}  // namespace gossip
