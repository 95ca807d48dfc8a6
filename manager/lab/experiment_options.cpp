#include "manager/lab/experiment_options.hpp"

#include "node/config/config_file.hpp"
#include "node/config/settings.hpp"

#include <optional>

namespace gossip {
namespace {

struct Divided {
    std::optional<std::string> config;
    std::vector<std::string> sets;
    std::vector<std::string> rest;
};

Failure usage(std::string text) { return {ErrorKind::usage, std::move(text)}; }

// --name VALUE or --name=VALUE at `at`, which moves behind it; nothing when it is another argument.
std::optional<std::string> value_of(std::string_view name, const std::vector<std::string>& arguments, std::size_t& at) {
    const std::string& argument = arguments[at];
    const std::string with_equals = std::string(name) + "=";
    if (argument.starts_with(with_equals)) return ++at, argument.substr(with_equals.size());
    if (argument != name || at + 1 == arguments.size()) return std::nullopt;
    at += 2;
    return arguments[at - 1];
}

std::variant<Divided, Failure> divide(const std::vector<std::string>& arguments) {
    Divided divided;
    for (std::size_t at = 0; at < arguments.size();) {
        const bool last = at + 1 == arguments.size();
        if (last && (arguments[at] == "--config" || arguments[at] == "--set")) {
            return usage(arguments[at] + " needs a value: " + (arguments[at] == "--set" ? "KEY=VALUE" : "FILE"));
        }
        if (auto file = value_of("--config", arguments, at)) {
            divided.config = std::move(file);
        } else if (auto set = value_of("--set", arguments, at)) {
            divided.sets.push_back(std::move(*set));
        } else {
            divided.rest.push_back(arguments[at++]);
        }
    }
    return divided;
}

}  // namespace

std::variant<SimCommand, Failure> parse_on_config(const std::vector<std::string>& arguments) {
    auto divided = divide(arguments);
    if (auto* failure = std::get_if<Failure>(&divided)) return std::move(*failure);
    const auto& parts = std::get<Divided>(divided);
    ConfigSources sources = standard_sources(parts.config);
    sources.overrides = parts.sets;
    auto loaded = load_config(sources);
    if (auto* problem = std::get_if<std::string>(&loaded)) return Failure{ErrorKind::config, std::move(*problem)};
    const auto& config = std::get<LoadedConfig>(loaded);
    sim::ExperimentOptions base;
    base.config = config.config;
    base.peers = config.node.initial_peers;
    if (!config.config.seeds.empty()) base.seeds = static_cast<std::uint32_t>(config.config.seeds.size());
    auto parsed = parse_sim_options(parts.rest, base);
    if (auto* problem = std::get_if<std::string>(&parsed)) return usage(std::move(*problem));
    return std::get<SimCommand>(std::move(parsed));
}

}  // namespace gossip
