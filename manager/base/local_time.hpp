#pragma once
// A wall-clock time as people here read it.

#include "protocol/types.hpp"

#include <string>

namespace gossip {

// `form` as strftime's, in the local time zone.
[[nodiscard]] std::string local_time(WallMs wall, const char* form);
// "14:03:05.250"
[[nodiscard]] std::string clock_text(WallMs wall);

}  // namespace gossip
