#pragma once

#include <cstdint>

namespace gossip {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

}  // namespace gossip
