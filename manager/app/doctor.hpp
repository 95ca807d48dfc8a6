#pragma once
// gossipctl doctor: is this machine, this folder and this configuration fit for a network? Starts nothing.

namespace gossip {

struct Options;

// One row a check. Exit code 0, or 1 when something would keep the network from starting.
int doctor(const Options& options);

}  // namespace gossip
