#include "manager/base/options.hpp"

#include "manager/app/manual.hpp"
#include "manager/base/strategy_options.hpp"
#include "manager/base/variables.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"

#include <boost/version.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <utility>

namespace gossip {
namespace {

struct OptionSpec {
    std::string_view name;
    std::string_view short_name;
    std::string_view value;  // empty: a flag
    std::string_view help;
    bool (*apply)(Options&, const std::string&);
};

bool set_count(std::optional<std::uint32_t>& out, const std::string& text) {
    const auto count = parse_count(text);
    if (!count || *count > 100'000) return false;
    out = static_cast<std::uint32_t>(*count);
    return true;
}

constexpr std::array specs{
    OptionSpec{"--config", "-c", "FILE", "the network's configuration (default: ./config.toml)",
               [](Options& o, const std::string& v) { return o.config = v, true; }},
    OptionSpec{"--set", "", "KEY=VALUE", "override one key, as in --set liveness.interval=1s; may be repeated",
               [](Options& o, const std::string& v) {
                   if (v.find('=') == std::string::npos) return false;
                   return o.sets.push_back(v), true;
               }},
    OptionSpec{"--seeds", "", "N|FILE", "how many seeds, or a file with one ip:port or ip,port a line",
               [](Options& o, const std::string& v) { return o.seeds = v, !v.empty(); }},
    OptionSpec{"--peers", "", "N", "how many peers to start with",
               [](Options& o, const std::string& v) { return set_count(o.peers, v); }},
    OptionSpec{"--overlay", "", "NAME|file:PATH", "whom joining peers link with (overlay.strategy); see gossipctl man",
               [](Options& o, const std::string& v) {
                   const auto word = parse_overlay(v);
                   if (const auto* good = std::get_if<OverlayWord>(&word)) {
                       const auto settings = settings_of(*good);
                       o.sets.insert(o.sets.end(), settings.begin(), settings.end());
                       return true;
                   }
                   return o.sets.push_back("overlay.strategy=" + v), true;  // the configuration says what is wrong
               }},
    OptionSpec{"--port-offset", "", "N", "add N to every port: a second network beside the first",
               [](Options& o, const std::string& v) {
                   const auto offset = parse_count(v);
                   if (offset && *offset < 65536) o.port_offset = static_cast<std::uint32_t>(*offset);
                   return offset && *offset < 65536;
               }},
    OptionSpec{"--seed", "", "S", "what injected faults, churn and @random are drawn from (default: another each time)",
               [](Options& o, const std::string& v) { return (o.seed = parse_count(v)).has_value(); }},
    OptionSpec{"--execute", "-e", "'CMD; CMD'", "run these commands instead of a shell",
               [](Options& o, const std::string& v) { return o.script_text = v, true; }},
    OptionSpec{"--out", "", "DIR", "this run's folder (default: a new one in runs/, see log.runs)",
               [](Options& o, const std::string& v) { return o.out = v, !v.empty(); }},
    OptionSpec{"--keep-going", "-k", "", "a failing command does not end the script",
               [](Options& o, const std::string&) { return o.keep_going = true; }},
    OptionSpec{"--web", "", "", "serve the page to a script as well; without it, on a terminal only (web.enabled)",
               [](Options& o, const std::string&) { return o.web = true; }},
    OptionSpec{"--output", "-o", "table|json|tsv", "form of lists (default: table on a terminal, tsv when piped)",
               [](Options& o, const std::string& v) { return (o.format = parse_table_format(v)).has_value(); }},
    OptionSpec{"--color", "", "auto|always|never", "colours (NO_COLOR is honoured)",
               [](Options& o, const std::string& v) {
                   const auto mode = parse_color_mode(v);
                   if (mode) o.color = *mode;
                   return mode.has_value();
               }},
};

const OptionSpec* find_option(std::string_view name) {
    const auto it = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& spec) {
        return name == spec.name || (!spec.short_name.empty() && name == spec.short_name);
    });
    return it == specs.end() ? nullptr : &*it;
}

std::string bad_value(std::string_view where, const OptionSpec& spec, const std::string& value) {
    return std::string(where) + ": \"" + value + "\" is not " + std::string(spec.value);
}

class OptionParser {
public:
    explicit OptionParser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

    std::variant<Options, std::string> run() {
        if (!environment()) return error_;
        while (at_ < arguments_.size()) {
            const std::string& argument = arguments_[at_++];
            if (!(argument.starts_with('-') && argument.size() > 1 ? option(argument) : word(argument))) return error_;
        }
        const bool says_only = options_.mode == Mode::version || options_.mode == Mode::build_info;
        if (options_.mode == Mode::help || says_only) return std::move(options_);
        if (options_.script_file && options_.script_text) return std::string("run FILE and -e exclude each other");
        if (want_file_) return std::string("run needs a file, as in: gossipctl run experiment.gsh");
        return std::move(options_);
    }

private:
    bool fail(std::string text) {
        error_ = std::move(text);
        return false;
    }

    bool environment() {
        for (const OptionSpec& spec : specs) {
            const std::string name = variable_name(spec.name);
            const char* value = std::getenv(name.c_str());
            if (value == nullptr || *value == '\0') continue;
            const bool addresses = spec.name == "--seed" && std::string_view(value).find(':') != std::string_view::npos;
            if (addresses) continue;  // those of [[seed]], which the configuration reads
            if (!spec.apply(options_, value)) return fail(bad_value(name, spec, value));
        }
        return true;
    }

    bool option(const std::string& argument) {
        if (argument == "--help" || argument == "-h") return options_.mode = Mode::help, true;
        if (argument == "--version" || argument == "-V") return options_.mode = Mode::version, true;
        if (argument == "--build-info") return options_.mode = Mode::build_info, true;
        const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
        const std::string name = argument.substr(0, equals);
        const OptionSpec* spec = find_option(name);
        if (spec == nullptr) return unknown_option(name);
        std::string value;
        if (equals != std::string::npos) {
            if (spec->value.empty()) return fail(name + " takes no value");
            value = argument.substr(equals + 1);
        } else if (!spec->value.empty()) {
            if (at_ == arguments_.size()) return fail(name + " needs a value: " + std::string(spec->value));
            value = arguments_[at_++];
        }
        return spec->apply(options_, value) || fail(bad_value(name, *spec, value));
    }

    bool unknown_option(const std::string& name) {
        std::vector<std::string> names{"--help", "--version", "--build-info"};
        for (const OptionSpec& spec : specs) names.emplace_back(spec.name);
        const std::string near = closest(name, names);
        return fail("unknown option " + name +
                    (near.empty() ? "; see gossipctl --help" : "; did you mean " + near + "?"));
    }

    bool word(const std::string& argument) {
        if (want_file_) {
            options_.script_file = argument;
            want_file_ = false;
            return true;
        }
        if (options_.mode == Mode::help && options_.help_topic == "help") return options_.help_topic = argument, true;
        if (options_.mode == Mode::check && !options_.config) return options_.config = argument, true;
        if (subcommand_) return fail("\"" + argument + "\" is too much; see gossipctl --help");
        return subcommand(argument);
    }

    bool subcommand(const std::string& name) {
        subcommand_ = true;
        options_.help_topic = name;
        if (name == "run") return want_file_ = true;
        if (name == "check") return options_.mode = Mode::check, true;
        if (name == "doctor") return options_.mode = Mode::doctor, true;
        if (name == "help") return options_.mode = Mode::help, true;
        const std::string near = closest(name, subcommand_names());
        return fail("unknown command \"" + name + "\"" +
                    (near.empty() ? "; see gossipctl --help" : "; did you mean " + near + "?"));
    }

    const std::vector<std::string>& arguments_;
    std::size_t at_{0};
    bool subcommand_{false};
    bool want_file_{false};
    Options options_;
    std::string error_;
};

std::string option_lines() {
    std::string out;
    for (const OptionSpec& spec : specs) {
        std::string left = "  " + std::string(spec.short_name.empty() ? "    " : std::string(spec.short_name) + ", ");
        left += std::string(spec.name) + (spec.value.empty() ? "" : " " + std::string(spec.value));
        left.resize(std::max<std::size_t>(left.size() + 2, 34), ' ');
        out += left + std::string(spec.help) + "\n";
    }
    return out +
           "  -h, --help, -V, --version, --build-info\nEvery option has a variable: GOSSIPCTL_CONFIG, GOSSIPCTL_PEERS, "
           "…\n";
}

constexpr std::string_view check_usage =
    "Examples:\n"
    "  gossipctl check                  is ./config.toml right?\n"
    "  gossipctl check lab.toml         is lab.toml right?\n"
    "  gossipctl check --peers 50 --set gossip.interval=1s > lab.toml    the same as a file\n"
    "\n"
    "Reads a configuration, says where it is wrong (exit code 2), or prints every key with the value in force\n"
    "and, as a last line, what it would start (0). Starts nothing.\n";

constexpr std::string_view doctor_usage =
    "Examples:\n"
    "  gossipctl doctor                 can the network of ./config.toml run here?\n"
    "  gossipctl doctor --peers 200     can one of 200 peers?\n"
    "\n"
    "Looks at the configuration, ports, folders, limits and programs that a network uses, and says what to do. Starts\n"
    "nothing. Exit code 1 when a network could not start.\n";

constexpr std::string_view main_usage =
    "Examples:\n"
    "  gossipctl                                     a network from ./config.toml, and a shell on it\n"
    "  gossipctl --seeds 5 --peers 50                another size\n"
    "  gossipctl -e 'wait registered == 5; list'     a few commands, then the network ends\n"
    "  gossipctl run experiment.gsh                  a script from a file\n"
    "  echo 'kill 7003; wait removed 7003 10s' | gossipctl\n"
    "  gossipctl ctl list                            a command in the network that another terminal runs\n"
    "  gossipctl attach                              a second prompt on it\n"
    "  gossipctl demo                                six phases of a network's life, step by step, in a browser\n"
    "  gossipctl help wait                           one command of the shell, with examples\n"
    "  gossipctl stats; gossipctl replay             the figures of the newest run; see it again in a browser\n"
    "  gossipctl export html|perfetto|dot|graphml|csv    the newest run for others; compare RUN RUN\n"
    "  gossipctl topology --peers 10000              overlay strategies side by side: degree law, losses, cost\n"
    "  gossipctl check lab.toml                      is this configuration right?\n"
    "  gossipctl doctor                              can a network run on this machine?\n"
    "  gossipctl node --role peer --listen 127.0.0.1:7100    one node by itself; see gossipctl node --help\n"
    "  gossipctl sim --peers 1000 --messages 20      the same protocol in virtual time; see gossipctl sim --help\n"
    "  gossipctl predict --peers 1000                what theory says of it; see gossipctl predict --help\n"
    "  gossipctl sweep study.toml --jobs 2           parameters against figures, each with several seeds\n"
    "  gossipctl advise --peers 500 --stall 20s      which parameters to take, tried in the simulator\n"
    "\n"
    "Starts seeds (who agree by quorum on who is a member) and peers (who gossip and watch each other), each a\n"
    "process of its own, and takes commands: from the terminal, a pipe, a file or -e. The network ends with it.\n"
    "\n"
    "Options:\n";

constexpr std::string_view exit_codes =
    "\nExit codes: 0 all well · 1 a command failed · 2 usage or configuration · 3 an expect was false\n"
    "  4 a wait ran out of time · 5 a node could not be started · 6 a node died that nobody killed\n"
    "  130 interrupted · 143 terminated\n";

}  // namespace

std::variant<Options, std::string> parse_options(const std::vector<std::string>& arguments) {
    return OptionParser(arguments).run();
}

std::string usage_text(const std::string& topic) {
    if (topic == "check") return std::string(check_usage);
    if (topic == "doctor") return std::string(doctor_usage);
    if (std::string verb = command_help(topic); !verb.empty()) return verb;
    return std::string(main_usage) + option_lines() + "\nCommands:\n" + command_summary() + std::string(exit_codes);
}

std::vector<OptionText> option_texts() {
    std::vector<OptionText> texts;
    for (const OptionSpec& spec : specs) texts.push_back({spec.name, spec.short_name, spec.value, spec.help});
    return texts;
}

std::string version_number() { return GOSSIPCTL_VERSION; }

std::string version_text() {
    return "gossipctl " GOSSIPCTL_VERSION " (g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) +
           ", " + GOSSIPCTL_BUILD_TYPE ")";
}

std::string build_info_text() {
    std::string text = "version:    " GOSSIPCTL_VERSION "\n";
    text += "compiler:   g++ " __VERSION__ ", C++" + std::to_string(__cplusplus / 100 % 100) + "\n";
    text += "build type: " GOSSIPCTL_BUILD_TYPE "\n";
    text += "flags:      " GOSSIPCTL_BUILD_FLAGS "\n";
    return text + "boost:      " BOOST_LIB_VERSION "\nopenssl:    " GOSSIPCTL_OPENSSL_VERSION "\n";
}

}  // namespace gossip
