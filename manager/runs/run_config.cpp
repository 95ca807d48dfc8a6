#include "manager/runs/run_config.hpp"

#include "node/config/config_file.hpp"
#include "node/config/settings.hpp"

#include <filesystem>

namespace gossip {

std::optional<Config> config_of_run(const std::string& folder) {
    ConfigSources sources;
    sources.files = {folder + "/config.toml"};
    std::error_code ignored;  // a file that cannot be looked at is not there
    if (!std::filesystem::exists(sources.files.front(), ignored)) return std::nullopt;
    auto loaded = load_config(sources);
    const auto* config = std::get_if<LoadedConfig>(&loaded);
    return config == nullptr ? std::nullopt : std::optional(config->config);
}

}  // namespace gossip
