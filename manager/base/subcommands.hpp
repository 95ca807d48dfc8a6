#pragma once
// What gossipctl's first word can be, beside the options: help, completion, the manual and suggestions read this table.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

struct Subcommand {
    std::string_view usage;
    std::string_view summary;
};

[[nodiscard]] std::span<const Subcommand> subcommands();
// run, node, sim, …
[[nodiscard]] std::vector<std::string> subcommand_names();

}  // namespace gossip
