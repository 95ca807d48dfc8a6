#pragma once
// What a network is told by its files, its environment and its command line, lowest first:
//   built-in < /etc/gossipctl/config.toml < ~/.config/gossipctl/config.toml < the file given, or
//   ./config.toml < GOSSIPCTL_* variables < --set key=value
// An unknown key is an error that names its place and the nearest known key.

#include "node/config/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct ConfigSources {
    std::vector<std::string> files;                  // lowest first; each has to be readable
    std::map<std::string, std::string> environment;  // GOSSIPCTL_* only
    std::vector<std::string> overrides;              // --set, in order: the last one wins
    std::string seeds_file;                          // --seeds: a list that replaces every [[seed]]
};

// Those of the standard files that exist. `given` (--config) stands in for ./config.toml and has to exist.
[[nodiscard]] ConfigSources standard_sources(const std::optional<std::string>& given);

// The error is one line, beginning with the place: file:line:column, the variable, or the option.
[[nodiscard]] std::variant<LoadedConfig, std::string> load_config(const ConfigSources& sources);

// Every key with its value in force, as a file that load_config reads back to the same.
[[nodiscard]] std::string to_toml(const LoadedConfig& config);

}  // namespace gossip
