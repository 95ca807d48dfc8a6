#include "manager/lab/experiment_options.hpp"

#include "node/config/config_file.hpp"
#include "node/config/settings.hpp"

#include <optional>

namespace gossip {
namespace {

Failure usage(std::string text) { return {ErrorKind::usage, std::move(text)}; }

// Moves --config and --set out of the line.
ConfigSources take_sources(CommandLine& line) {
    std::optional<std::string> config;
    std::vector<std::string> sets;
    std::erase_if(line.options, [&](const GivenOption& given) {
        if (given.name == "--config") config = given.value;
        if (given.name == "--set") sets.push_back(given.value);
        return given.name == "--config" || given.name == "--set";
    });
    ConfigSources sources = standard_sources(config);
    sources.overrides = std::move(sets);
    return sources;
}

}  // namespace

std::variant<SimCommand, Failure> parse_on_config(const std::vector<std::string>& arguments) {
    auto read = read_sim_line(arguments);
    if (auto* problem = std::get_if<std::string>(&read)) return usage(std::move(*problem));
    auto& line = std::get<CommandLine>(read);
    if (line.help) return SimCommand{.help = true};
    const ConfigSources sources = take_sources(line);
    auto loaded = load_config(sources);
    if (auto* problem = std::get_if<std::string>(&loaded)) return Failure{ErrorKind::config, std::move(*problem)};
    const auto& config = std::get<LoadedConfig>(loaded);
    sim::ExperimentOptions base;
    base.config = config.config;
    base.peers = config.node.initial_peers;
    if (!config.config.seeds.empty()) base.seeds = static_cast<std::uint32_t>(config.config.seeds.size());
    auto parsed = sim_command_of(line, base);
    if (auto* problem = std::get_if<std::string>(&parsed)) return usage(std::move(*problem));
    return std::get<SimCommand>(std::move(parsed));
}

}  // namespace gossip
