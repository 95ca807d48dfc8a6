#pragma once
// The configuration that a recorded run had.

#include "protocol/config.hpp"

#include <optional>
#include <string>

namespace gossip {

// Nothing when the folder has no config.toml that can be read.
[[nodiscard]] std::optional<Config> config_of_run(const std::string& folder);

}  // namespace gossip
