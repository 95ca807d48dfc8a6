#pragma once
// Overlay strategies and ways to spread, as the page gets them.

#include "protocol/config.hpp"

#include <string>

namespace gossip {

// {"overlay":[{"name":…,"rule":…,"source":…,"own":true},…],"spread":[…]}: every row of the two tables. `own` is true
// for the row that the network with this configuration uses.
[[nodiscard]] std::string strategies_json(const Config& config);

}  // namespace gossip
