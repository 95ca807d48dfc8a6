#pragma once
// What Tab offers.

#include <string>
#include <vector>

namespace gossip {

class ClusterView;

// What may follow `before` at `word`: verbs, node ids, groups, conditions, settings.
[[nodiscard]] std::vector<std::string> completions(const std::string& before, const std::string& word,
                                                   const ClusterView& view);

}  // namespace gossip
