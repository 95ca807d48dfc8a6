#pragma once
// What a node's event means, as one sentence for people: for the steps of the page and of the demo.

#include "node/control/control.hpp"

#include <string>

namespace gossip {

// Empty for kinds that have no sentence. Text from the network is printable and shortened.
[[nodiscard]] std::string narrate(const NodeEvent& event);

}  // namespace gossip
