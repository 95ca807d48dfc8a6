#pragma once
// gossipctl ctl and gossipctl attach: commands for a network that runs already.

#include <string>
#include <vector>

namespace gossip {

// The arguments after the word; each returns gossipctl's exit code.
[[nodiscard]] int ctl_command(const std::vector<std::string>& arguments);
// What may follow `before` in a command of the running network; its verbs when none runs, or several.
[[nodiscard]] std::vector<std::string> remote_completions(const std::string& before, const std::string& word);
[[nodiscard]] int attach_command(const std::vector<std::string>& arguments);

}  // namespace gossip
