#include "manager/base/options.hpp"

#include "manager/base/strategy_options.hpp"
#include "manager/base/subcommands.hpp"
#include "manager/base/variables.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <utility>

namespace gossip {
namespace {

struct OptionSpec {
    OptionText text;
    bool (*apply)(Options&, const std::string&);
};

bool set_count(std::optional<std::uint32_t>& out, const std::string& text) {
    const auto count = parse_count(text);
    if (!count || *count > 100'000) return false;
    out = static_cast<std::uint32_t>(*count);
    return true;
}

constexpr std::array specs{
    OptionSpec{{"--config", "-c", "FILE", "the network's configuration (default: ./config.toml)"},
               [](Options& o, const std::string& v) { return o.config = v, true; }},
    OptionSpec{{"--set", "", "KEY=VALUE", "override one key, as in --set liveness.interval=1s; may be repeated"},
               [](Options& o, const std::string& v) {
                   if (v.find('=') == std::string::npos) return false;
                   return o.sets.push_back(v), true;
               }},
    OptionSpec{{"--seeds", "", "N|FILE", "how many seeds, or a file with one ip:port or ip,port a line"},
               [](Options& o, const std::string& v) { return o.seeds = v, !v.empty(); }},
    OptionSpec{{"--peers", "", "N", "how many peers to start with"},
               [](Options& o, const std::string& v) { return set_count(o.peers, v); }},
    OptionSpec{
        {"--overlay", "", "NAME|file:PATH", "whom joining peers link with (overlay.strategy); see gossipctl man"},
        [](Options& o, const std::string& v) {
            const auto word = parse_overlay(v);
            if (const auto* good = std::get_if<OverlayWord>(&word)) {
                const auto settings = settings_of(*good);
                o.sets.insert(o.sets.end(), settings.begin(), settings.end());
                return true;
            }
            return o.sets.push_back("overlay.strategy=" + v), true;  // the configuration says what is wrong
        }},
    OptionSpec{{"--port-offset", "", "N", "add N to every port: a second network beside the first"},
               [](Options& o, const std::string& v) {
                   const auto offset = parse_count(v);
                   if (offset && *offset < 65536) o.port_offset = static_cast<std::uint32_t>(*offset);
                   return offset && *offset < 65536;
               }},
    OptionSpec{
        {"--seed", "", "S", "what injected faults, churn and @random are drawn from (default: another each time)"},
        [](Options& o, const std::string& v) { return (o.seed = parse_count(v)).has_value(); }},
    OptionSpec{{"--execute", "-e", "'CMD; CMD'", "run these commands instead of a shell"},
               [](Options& o, const std::string& v) { return o.script_text = v, true; }},
    OptionSpec{{"--out", "", "DIR", "this run's folder (default: a new one in runs/, see log.runs)"},
               [](Options& o, const std::string& v) { return o.out = v, !v.empty(); }},
    OptionSpec{{"--keep-going", "-k", "", "a failing command does not end the script"},
               [](Options& o, const std::string&) { return o.keep_going = true; }},
    OptionSpec{{"--web", "", "", "serve the page to a script as well; without it, on a terminal only (web.enabled)"},
               [](Options& o, const std::string&) { return o.web = true; }},
    OptionSpec{{"--output", "-o", "table|json|tsv", "form of lists (default: table on a terminal, tsv when piped)"},
               [](Options& o, const std::string& v) { return (o.format = parse_table_format(v)).has_value(); }},
    OptionSpec{{"--color", "", "auto|always|never", "colours (NO_COLOR is honoured)"},
               [](Options& o, const std::string& v) {
                   const auto mode = parse_color_mode(v);
                   if (mode) o.color = *mode;
                   return mode.has_value();
               }},
};

constexpr OptionText version_option{"--version", "-V", "", ""};
constexpr OptionText build_info_option{"--build-info", "", "", ""};

std::string bad_value(std::string_view where, const OptionSpec& spec, const std::string& value) {
    return std::string(where) + ": \"" + value + "\" is not " + std::string(spec.text.value);
}

class OptionParser {
public:
    explicit OptionParser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

    std::variant<Options, std::string> run() {
        if (!environment()) return error_;
        std::vector<OptionText> texts = option_texts();
        texts.insert(texts.end(), {version_option, build_info_option});
        const auto read = read_command_line(texts, arguments_, "gossipctl --help");
        if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
        const auto& line = std::get<CommandLine>(read);
        for (const GivenOption& given : line.options) {
            if (!option(given)) return error_;
        }
        for (const std::string& given : line.words) {
            if (!word(given)) return error_;
        }
        if (line.help) options_.mode = Mode::help;
        if (says_only_) options_.mode = *says_only_;
        if (line.help || options_.mode == Mode::help || says_only_) return std::move(options_);
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
            const std::string name = variable_name(spec.text.name);
            const char* value = std::getenv(name.c_str());
            if (value == nullptr || *value == '\0') continue;
            const bool addresses =
                spec.text.name == "--seed" && std::string_view(value).find(':') != std::string_view::npos;
            if (addresses) continue;  // those of [[seed]], which the configuration reads
            if (!spec.apply(options_, value)) return fail(bad_value(name, spec, value));
        }
        return true;
    }

    bool option(const GivenOption& given) {
        if (given.name == version_option.name) says_only_ = Mode::version;
        if (given.name == build_info_option.name) says_only_ = Mode::build_info;
        for (const OptionSpec& spec : specs) {
            if (spec.text.name != given.name) continue;
            return spec.apply(options_, given.value) || fail(bad_value(given.name, spec, given.value));
        }
        return true;
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
    bool subcommand_{false};
    bool want_file_{false};
    std::optional<Mode> says_only_;  // --version, --build-info
    Options options_;
    std::string error_;
};

}  // namespace

std::variant<Options, std::string> parse_options(const std::vector<std::string>& arguments) {
    return OptionParser(arguments).run();
}

std::vector<OptionText> option_texts() {
    std::vector<OptionText> texts;
    for (const OptionSpec& spec : specs) texts.push_back(spec.text);
    return texts;
}

}  // namespace gossip
