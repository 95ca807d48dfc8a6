#pragma once
// Helpers for words that people type: trimming, and the known word closest to a misspelt one.

#include <string>
#include <string_view>
#include <vector>

namespace gossip {

[[nodiscard]] std::string_view trim(std::string_view text);

// Levenshtein distance.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidate most similar to `word` if it is similar enough for a typing error; empty otherwise.
[[nodiscard]] std::string closest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace gossip
