#pragma once
// `gossipctl node`: one seed or peer in a process of its own, under a manager or alone in a terminal.

namespace gossip {

// argv[0] is the word `node`. The exit code is the one of the public table: 0 left in order,
// 1 could not go on, 2 usage or configuration, 5 could not start.
int node_command(int argc, char** argv);

}  // namespace gossip
