#pragma once
// The documents' own lists of seeds: config.txt with `ip:port` and config.csv with `ip,port` lines.

#include "protocol/types.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

// The seeds in the order of their seats. `keys`: by seat, all zero where the list gives none.
struct SeedList {
    std::vector<NodeId> seeds;
    std::vector<PublicKey> keys;
};

// A line may end with the seed's key, ed25519:<64 hexadecimal digits>. Blank lines and what follows `#` are skipped,
// and so is a csv's heading `ip,port`. The error is one line that begins with name:line.
[[nodiscard]] std::variant<SeedList, std::string> parse_seed_list(const std::string& name, std::string_view text);
[[nodiscard]] std::variant<SeedList, std::string> read_seed_list(const std::string& path);

// The list as such a file.
[[nodiscard]] std::string seed_list_text(const SeedList& list);

}  // namespace gossip
