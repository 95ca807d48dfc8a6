#include "manager/remote/remote_options.hpp"

#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <unistd.h>

#include <cstdlib>

namespace gossip {
namespace {

std::string set_option(RemoteOptions& options, const std::string& name, const std::string& value) {
    if (name == "--network") {
        const auto port = parse_count(value);
        if (!port || *port == 0 || *port > 65535) return "--network: \"" + value + "\" is not a seed's port";
        options.network = static_cast<std::uint16_t>(*port);
    } else if (name == "-o" || name == "--output") {
        options.format = parse_table_format(value);
        if (!options.format) return name + ": \"" + value + "\" is not table, json or tsv";
    } else {
        const auto mode = parse_color_mode(value);
        if (!mode) return name + ": \"" + value + "\" is not auto, always or never";
        options.color = *mode;
    }
    return {};
}

bool takes_value(const std::string& name) {
    return name == "--network" || name == "-o" || name == "--output" || name == "--color";
}

std::string from_environment(RemoteOptions& options) {
    constexpr std::pair<const char*, const char*> variables[] = {
        {"GOSSIPCTL_NETWORK", "--network"}, {"GOSSIPCTL_OUTPUT", "--output"}, {"GOSSIPCTL_COLOR", "--color"}};
    for (const auto& [variable, option] : variables) {
        const char* value = std::getenv(variable);
        if (value == nullptr || *value == '\0') continue;
        if (std::string problem = set_option(options, option, value); !problem.empty()) {
            return std::string(variable) + problem.substr(problem.find(':'));
        }
    }
    return {};
}

}  // namespace

const std::string_view ctl_usage =
    "Examples:\n"
    "  gossipctl ctl list                              in the network that runs in another terminal\n"
    "  gossipctl ctl 'kill 7003; wait removed 7003'    several commands; the first failing one ends them\n"
    "  gossipctl ctl -o json members                   as JSON\n"
    "  gossipctl ctl --network 26000 seeds             of several networks, the one whose first seed has this port\n"
    "  gossipctl ctl < experiment.gsh                  a script\n"
    "\n"
    "Runs commands of the shell (gossipctl --help lists them) in a running network, with the shell's exit codes.\n"
    "\n"
    "  --network PORT, -o table|json|tsv, --color auto|always|never; GOSSIPCTL_NETWORK, _OUTPUT, _COLOR\n";

const std::string_view attach_usage =
    "Examples:\n"
    "  gossipctl attach                                a second prompt on the network that runs already\n"
    "  gossipctl attach --network 26000                of several, the one whose first seed has this port\n"
    "\n"
    "Ctrl-D leaves the network running; exit ends it for all.\n"
    "\n"
    "  --network PORT, -o table|json|tsv, --color auto|always|never; GOSSIPCTL_NETWORK, _OUTPUT, _COLOR\n";

std::string RemoteOptions::format_name() const {
    constexpr const char* names[] = {"table", "tsv", "json"};
    const auto fallback = ::isatty(STDOUT_FILENO) == 1 ? TableFormat::table : TableFormat::tsv;
    return names[static_cast<std::size_t>(format.value_or(fallback))];
}

bool RemoteOptions::colored() const { return use_color(color, STDOUT_FILENO); }

std::variant<RemoteOptions, std::string> parse_remote_options(const std::vector<std::string>& arguments) {
    RemoteOptions options;
    if (std::string problem = from_environment(options); !problem.empty()) return problem;
    std::size_t at = 0;
    for (; at < arguments.size() && arguments[at].starts_with('-') && arguments[at].size() > 1; ++at) {
        std::string name = arguments[at];
        if (name == "--") {
            ++at;
            break;
        }
        if (name.find(' ') != std::string::npos && !name.starts_with("--")) break;  // "-kill 1; list": a command
        if (name == "--help" || name == "-h") {
            options.help = true;
            return options;
        }
        const std::size_t equals = name.starts_with("--") ? name.find('=') : std::string::npos;
        std::string value = equals == std::string::npos ? "" : name.substr(equals + 1);
        name = name.substr(0, equals);
        if (!takes_value(name)) {
            const std::string near = closest(name, {"--network", "--output", "--color", "--help"});
            return "unknown option " + name + (near.empty() ? "; see --help" : "; did you mean " + near + "?");
        }
        if (equals == std::string::npos && at + 1 == arguments.size()) return name + " needs a value";
        if (equals == std::string::npos) value = arguments[++at];
        if (std::string problem = set_option(options, name, value); !problem.empty()) return problem;
    }
    for (; at < arguments.size(); ++at) options.command += (options.command.empty() ? "" : " ") + arguments[at];
    return options;
}

}  // namespace gossip
