#pragma once
// What a node said, as one line.

#include "protocol/notice.hpp"

#include <string>

namespace gossip {

[[nodiscard]] std::string step_text(const Notice& notice);

}  // namespace gossip
