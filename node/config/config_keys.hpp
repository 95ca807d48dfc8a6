#pragma once
// The keys of config.toml as a table: name, place, and limits. Reading, printing and the environment
// all go by it, so a key exists in all of them or in none.

#include "node/config/config_file.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// How a value was written: variables and --set have no types of their own.
enum class ValueForm : std::uint8_t { untyped, text, integer, real, boolean, other };

// One value on its way to a key.
struct Assignment {
    std::string key;    // "gossip.interval"
    std::string value;  // as text, whatever its form
    ValueForm form{ValueForm::untyped};
    std::string place;  // "config.toml:12:3", "GOSSIPCTL_GOSSIP_INTERVAL", "--set gossip.interval=5s"
};

struct ConfigKey {
    std::string_view name;
    // Why the value does not fit, as in "must be a duration such as "5s""; empty when it was stored.
    std::function<std::string(LoadedConfig&, const Assignment&)> set;
    std::function<std::string(const LoadedConfig&)> toml;  // the value as TOML
};

// In the order in which to_toml prints them.
[[nodiscard]] const std::vector<ConfigKey>& config_keys();
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);
// The known key nearest to a misspelt one; empty when none is near.
[[nodiscard]] std::string nearest_config_key(std::string_view name);
// The word nearest to a misspelt one; empty when none is near.
[[nodiscard]] std::string nearest_word(std::string_view word, const std::vector<std::string>& words);
// Of a [[host]]: a folder's name as well, and a word of the shell.
[[nodiscard]] bool is_host_name(std::string_view name);
// "GOSSIPCTL_GOSSIP_INTERVAL"
[[nodiscard]] std::string environment_name(std::string_view key);

// Sets what a profile stands for; false when there is none of that name.
[[nodiscard]] bool apply_profile(Config& config, std::string_view name);

// "5s", "100ms", "1.5m", "2h"; nothing when it is not one, or longer than 1000 hours.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string duration_text(Duration d);
[[nodiscard]] std::string toml_string(std::string_view text);

// An address and a port as a node's name, or why not (IPv6 is said to be unsupported, not "bad").
[[nodiscard]] std::variant<NodeId, std::string> read_endpoint(std::string_view text);

}  // namespace gossip
