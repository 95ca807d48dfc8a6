#pragma once
// Which gossipctl this is, and what it was built with.

#include <string>

namespace gossip {

[[nodiscard]] std::string version_number();  // "0.1.0"
[[nodiscard]] std::string version_text();
[[nodiscard]] std::string build_info_text();

}  // namespace gossip
