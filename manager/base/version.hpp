#pragma once
// Which gossipctl this is, and what it was built with.

#include <string>

namespace gossip {

// Where a result comes from: every file of results says so.
struct Provenance {
    std::string version;   // "0.1.0"
    std::string commit;    // with "+" and a hash of what was changed since, or "unknown"
    std::string compiler;  // "g++ 12.2.0, Release"
    friend bool operator==(const Provenance&, const Provenance&) = default;
};
[[nodiscard]] const Provenance& provenance();

[[nodiscard]] std::string version_number();  // "0.1.0"
[[nodiscard]] std::string version_text();
[[nodiscard]] std::string build_info_text();

}  // namespace gossip
