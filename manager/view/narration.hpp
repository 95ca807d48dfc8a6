#pragma once
// What a node's event means, as one sentence for people: the page's steps, and the demo's.

#include "node/control/control.hpp"

#include <string>

namespace gossip {

// Empty for kinds that nobody is told of. Text from the network is printable and shortened.
[[nodiscard]] std::string narrate(const NodeEvent& event);

}  // namespace gossip
