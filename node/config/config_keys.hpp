#pragma once
// The keys of config.toml as a table. Files, environment variables, --set and printing all use it, so a key exists in
// all of them or in none.

#include "node/config/settings.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// The type that a value was written with. Values of variables and --set are untyped.
enum class ValueForm : std::uint8_t { untyped, text, integer, real, boolean, other };

// A value that is to be stored under a key.
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
// "GOSSIPCTL_GOSSIP_INTERVAL"
[[nodiscard]] std::string environment_name(std::string_view key);

// Sets the timers of a profile; false when there is no profile of that name.
[[nodiscard]] bool apply_profile(Config& config, std::string_view name);

}  // namespace gossip
