#pragma once
// --overlay NAME, or --overlay file:PATH for a graph: an option of gossipctl, sim and topology. What it takes, what
// --gossip takes and what help says of both are the rows of protocol/overlay/table.cpp and protocol/spread/table.cpp.

#include "protocol/overlay.hpp"

#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct OverlayWord {
    const OverlayStrategy* strategy{nullptr};
    std::string file;  // behind file:
};

// The error begins with "is not".
[[nodiscard]] std::variant<OverlayWord, std::string> parse_overlay(const std::string& text);
// Into a configuration; why the file cannot be read, or empty.
[[nodiscard]] std::string apply(const OverlayWord& word, OverlayConfig& config);
// As values of --set.
[[nodiscard]] std::vector<std::string> settings_of(const OverlayWord& word);

// "pa-ring, pa, … or file:PATH"
[[nodiscard]] std::string overlay_names();
// A line a strategy: name, rule, source, and the keys of [overlay] that apply.
[[nodiscard]] std::string overlay_table();

// "flood, tree, … or push", and a line for each.
[[nodiscard]] std::string spread_names();
[[nodiscard]] std::string spread_table();

}  // namespace gossip
