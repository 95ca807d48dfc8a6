#pragma once
// gossipctl check: is this configuration right, and what would it start?

namespace gossip {

struct Options;

// Prints; the exit code.
[[nodiscard]] int check_config(const Options& options);

}  // namespace gossip
