#include "manager/remote/remote_options.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/variables.hpp"
#include "node/base/value_text.hpp"

#include <unistd.h>

#include <cstdlib>

namespace gossip {
namespace {

constexpr OptionOf<RemoteOptions> remote_options[] = {
    {{"--network", "", "PORT", ""},
     [](RemoteOptions& o, const std::string& v) -> std::string {
         const auto port = parse_count(v);
         if (!port || *port == 0 || *port > 65535) return "is not a seed's port";
         return o.network = static_cast<std::uint16_t>(*port), "";
     }},
    {{"--output", "-o", "table|json|tsv", ""}, set_format<RemoteOptions>},
    {{"--color", "", "auto|always|never", ""},
     [](RemoteOptions& o, const std::string& v) -> std::string {
         const auto mode = parse_color_mode(v);
         if (mode) o.color = *mode;
         return mode ? "" : "is not auto, always or never";
     }},
};

std::string from_environment(RemoteOptions& options) {
    for (const auto& [text, apply] : remote_options) {
        const std::string variable = variable_name(text.name);
        const char* value = std::getenv(variable.c_str());
        if (value == nullptr || *value == '\0') continue;
        const std::string problem = apply(options, value);
        if (!problem.empty()) return variable + ": \"" + value + "\" " + problem;
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
    const auto texts = texts_of<RemoteOptions>(remote_options);
    const auto read = read_command_line(texts, arguments, "--help", WordsStand::behind_options);
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    options.help = line.help;
    if (std::string problem = apply_options<RemoteOptions>(remote_options, line, options); !problem.empty()) {
        return problem;
    }
    for (const std::string& word : line.words) options.command += (options.command.empty() ? "" : " ") + word;
    return options;
}

}  // namespace gossip
