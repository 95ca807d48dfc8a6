#include "manager/lab/sim_options.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/strategy_options.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"
#include "protocol/names.hpp"
#include "protocol/overlay/given_links.hpp"
#include "sim/cluster/grown_overlay.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace gossip {
namespace {

using Problem = std::string;  // empty: none

enum class Scope : std::uint8_t { runs, scripts, both };

struct SimOption {
    Scope scope;
    OptionText text;
    Problem (*apply)(SimCommand&, const std::string&);
};

constexpr std::uint64_t most_peers = 10'000'000;
constexpr std::uint64_t most_seeds = 32;
constexpr std::uint64_t most_messages = 100'000;
constexpr std::uint64_t most_runs = 10'000;
constexpr std::size_t most_split = 1'000;     // a partition is a list of pairs of nodes
constexpr std::uint32_t checked_up_to = 500;  // peers: more make a run take twice as long
constexpr std::uint32_t grown_from = 2'001;   // peers: registering more would take too long
constexpr Duration longest = std::chrono::hours(24);

Problem store_count(std::uint32_t& out, const std::string& text, std::uint64_t least, std::uint64_t most) {
    const auto count = parse_count(text);
    if (!count || *count < least || *count > most) {
        return "is not a number from " + std::to_string(least) + " to " + std::to_string(most);
    }
    out = static_cast<std::uint32_t>(*count);
    return {};
}

Problem store_duration(Duration& out, const std::string& text, Duration least, Duration most) {
    const auto time = parse_duration(text);
    if (!time || *time < least || *time > most) {
        return "is not a time from " + format_time(least) + " to " + format_time(most) + ", such as 500ms, 20s or 2m";
    }
    out = *time;
    return {};
}

// "1%" or "0.01".
Problem store_share(std::uint32_t& per_million, std::string text) {
    const bool percent = !text.empty() && text.back() == '%';
    if (percent) text.pop_back();
    const auto number = parse_number(text);
    const double share = number ? *number / (percent ? 100 : 1) : -1;
    if (!(share >= 0 && share <= 1)) return "is not a share from 0% to 100%";
    per_million = static_cast<std::uint32_t>(std::lround(share * 1e6));
    return {};
}

Problem store_overlay(SimCommand& c, const std::string& text) {
    const auto word = parse_overlay(text);
    if (const auto* problem = std::get_if<std::string>(&word)) return *problem;
    if (Problem p = apply(std::get<OverlayWord>(word), c.experiment.config.overlay); !p.empty()) {
        return "cannot be used: " + p;
    }
    return {};
}

Problem store_gossip(SimCommand& c, const std::string& text) {
    const std::size_t colon = text.find(':');
    const SpreadMode* mode = find_spread(text.substr(0, colon));
    if (mode == nullptr) return "is not " + spread_names();
    GossipConfig& gossip = c.experiment.config.gossip;
    gossip.mode = mode;
    if (colon == std::string::npos) return {};
    if (mode->facts().number == nullptr) return "has a number, and " + std::string(mode->name()) + " takes none";
    return store_count(gossip.*mode->facts().number, text.substr(colon + 1), 1, 64);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char letter : text) {
        if (letter == separator) {
            parts.emplace_back();
        } else {
            parts.back() += letter;
        }
    }
    return parts;
}

// constant:1ms, uniform:1ms-20ms, regions:4:1ms-80ms
Problem store_latency(SimCommand& c, const std::string& text) {
    constexpr std::string_view form = "is not constant:TIME, uniform:TIME-TIME or regions:N:TIME-TIME";
    sim::LinkProfile& link = c.experiment.network.link;
    auto parts = split(text, ':');
    const bool regions = parts.front() == "regions" && parts.size() == 3;
    link.regions = 0;
    if (regions && !store_count(link.regions, parts[1], 2, 1000).empty()) return "needs 2 to 1000 regions";
    const auto times = split(parts.back(), '-');
    const bool range = (regions || (parts.front() == "uniform" && parts.size() == 2)) && times.size() == 2;
    const bool constant = parts.front() == "constant" && parts.size() == 2 && times.size() == 1;
    if (!range && !constant) return std::string(form);
    constexpr Duration least = std::chrono::microseconds(1);
    for (auto& [out, value] : {std::pair{&link.delay_min, times.front()}, {&link.delay_max, times.back()}}) {
        if (Problem p = store_duration(*out, value, least, std::chrono::seconds(10)); !p.empty()) return p;
    }
    if (constant) link.jitter_percent = 0;
    return link.delay_max < link.delay_min ? "has its longer time first" : "";
}

Problem store_fault(SimCommand& c, const std::string& name, const std::string& value) {
    sim::LinkProfile& link = c.experiment.network.link;
    if (name == "drop") return store_share(link.drop_per_million, value);
    if (name == "duplicate") return store_share(link.duplicate_per_million, value);
    if (name == "reset") return store_share(link.reset_per_million, value);
    if (name == "tail") return store_share(link.tail_per_million, value);
    if (name == "crash") return store_share(c.experiment.faults.crash_per_million, value);
    if (name == "pause") return store_share(c.experiment.faults.pause_per_million, value);
    if (name == "partition") return store_duration(c.experiment.faults.partition, value, Duration(1), longest);
    const std::string near = closest(name, {"drop", "duplicate", "reset", "tail", "crash", "pause", "partition"});
    return "names an unknown fault" +
           (near.empty() ? std::string("; see gossipctl sim --help") : "; did you mean " + near + "?");
}

Problem store_faults(SimCommand& c, const std::string& text) {
    for (const std::string& part : split(text, ',')) {
        const auto pair = split(part, '=');
        if (pair.size() != 2) return "is not NAME=VALUE,…, as in drop=1%,crash=10%";
        if (Problem p = store_fault(c, pair[0], pair[1]); !p.empty()) return p;
    }
    return {};
}

// "canary" is for tests: the checkers get a journal that is never synced and must report it.
Problem store_check(SimCommand& c, const std::string& text) {
    if (text != "on" && text != "off" && text != "canary") return "is not on or off";
    c.check = text != "off";
    c.experiment.canary = text == "canary";
    return {};
}

constexpr std::array options{
    SimOption{Scope::runs,
              {"--peers", "", "N", "how many peers (default 100)"},
              [](SimCommand& c, const std::string& v) { return store_count(c.experiment.peers, v, 1, most_peers); }},
    SimOption{Scope::runs,
              {"--seeds", "", "N", "how many seeds (default 3)"},
              [](SimCommand& c, const std::string& v) { return store_count(c.experiment.seeds, v, 1, most_seeds); }},
    SimOption{
        Scope::both,
        {"--seed", "", "TEXT", "what all draws follow from: a number, or any text such as a commit hash (default 1)"},
        [](SimCommand& c, const std::string& v) -> Problem { return c.seed_text = v, v.empty() ? "is empty" : ""; }},
    SimOption{Scope::both,
              {"--runs", "", "N", "so many runs, each of another seed, and their mean, deviation and 95 % interval"},
              [](SimCommand& c, const std::string& v) { return store_count(c.runs, v, 1, most_runs); }},
    SimOption{
        Scope::runs,
        {"--messages", "", "N", "messages said at random peers in the first half (default 10)"},
        [](SimCommand& c, const std::string& v) { return store_count(c.experiment.messages, v, 0, most_messages); }},
    SimOption{Scope::runs,
              {"--duration", "", "TIME", "virtual time after the bring-up (default 20s)"},
              [](SimCommand& c, const std::string& v) {
                  return store_duration(c.experiment.duration, v, std::chrono::milliseconds(1), longest);
              }},
    SimOption{Scope::runs,
              {"--arrival", "", "TIME", "between two peers' starts (default 0s: all at once)"},
              [](SimCommand& c, const std::string& v) {
                  return store_duration(c.experiment.arrival, v, Duration::zero(), std::chrono::minutes(10));
              }},
    SimOption{Scope::runs,
              {"--bring-up", "", "HOW",
               "register: each peer asks the seeds; grown: stands from the start (from 2001 peers on)"},
              [](SimCommand& c, const std::string& v) -> Problem {
                  if (v != "register" && v != "grown") return "is not register or grown";
                  c.grown = v == "grown";
                  return {};
              }},
    SimOption{Scope::both,
              {"--overlay", "", "NAME|file:PATH", "whom joining peers link with: see below (default pa-ring)"},
              store_overlay},
    SimOption{
        Scope::both,
        {"--links", "", "N", "links a joiner opens (default 3)"},
        [](SimCommand& c, const std::string& v) { return store_count(c.experiment.config.overlay.links, v, 1, 64); }},
    SimOption{Scope::both,
              {"--gossip", "", "MODE",
               "how messages spread: see below (default flood); tree:1 for one copy a peer instead of two"},
              store_gossip},
    SimOption{
        Scope::both,
        {"--latency", "", "MODEL", "constant:1ms, uniform:1ms-20ms or regions:4:1ms-80ms (default uniform:0.1ms-2ms)"},
        store_latency},
    SimOption{
        Scope::both,
        {"--faults", "", "LIST",
         "drop=1%,duplicate=1%,reset=0.1%,tail=1% of the messages; crash=10%,pause=10% of the peers; partition=5s"},
        store_faults},
    SimOption{Scope::runs,
              {"--output", "-o", "table|json|tsv", "form of the result (default: table on a terminal, tsv when piped)"},
              set_format<SimCommand>},
    SimOption{Scope::both,
              {"--check", "", "on|off",
               "the protocol's invariants at every step (default on; off above 500 peers and for grown networks)"},
              store_check},
    SimOption{
        Scope::runs,
        {"--out", "", "DIR", "write runs.jsonl, runs.csv and summary.json; see gossipctl sim compare"},
        [](SimCommand& c, const std::string& v) -> Problem { return c.results = v, v.empty() ? "is empty" : ""; }},
    SimOption{Scope::runs,
              {"--swarm", "", "N",
               "N networks of drawn shape under drawn faults, each then healed; the first that fails is kept"},
              [](SimCommand& c, const std::string& v) { return store_count(c.swarm.emplace(), v, 1, 100'000'000); }},
    SimOption{
        Scope::runs,
        {"--repro", "", "FILE", "where a failing run is kept (default repro.json)"},
        [](SimCommand& c, const std::string& v) -> Problem { return c.repro_path = v, v.empty() ? "is empty" : ""; }},
    SimOption{Scope::runs,
              {"--replay", "", "FILE", "a kept run again"},
              [](SimCommand& c, const std::string& v) -> Problem { return c.replay = v, Problem{}; }},
    SimOption{
        Scope::runs,
        {"--shrink", "", "FILE", "a kept failure with fewer faults, nodes and kinds of trouble, as FILE.min.json"},
        [](SimCommand& c, const std::string& v) -> Problem { return c.shrink = v, Problem{}; }},
    SimOption{Scope::runs,
              {"--budget", "", "TIME", "how long --shrink may take (default 60s)"},
              [](SimCommand& c, const std::string& v) {
                  return store_duration(c.budget, v, std::chrono::milliseconds(1), longest);
              }},
    SimOption{Scope::scripts,
              {"--rewrite", "", "", "a transcript is given the output that its commands have now"},
              [](SimCommand& c, const std::string&) -> Problem { return c.rewrite = true, Problem{}; }},
    SimOption{
        Scope::scripts,
        {"--logs", "", "DIR", "keep the nodes' logs in this folder"},
        [](SimCommand& c, const std::string& v) -> Problem { return c.log_folder = v, v.empty() ? "is empty" : ""; }},
};

const SimOption* find_option(const std::string& name) {
    const auto at =
        std::find_if(options.begin(), options.end(), [&](const SimOption& o) { return name == o.text.name; });
    return at == options.end() ? nullptr : &*at;
}

// Those of gossipctl run apply to scripts.
std::vector<OptionText> all_texts() {
    std::vector<OptionText> texts;
    for (const SimOption& option : options) texts.push_back(option.text);
    for (const OptionText& text : option_texts()) {
        if (find_option(std::string(text.name)) == nullptr) texts.push_back(text);
    }
    return texts;
}

// Checks that need all options.
Problem impossible(const SimCommand& c) {
    const sim::ExperimentOptions& e = c.experiment;
    const OverlayConfig& overlay = e.config.overlay;
    const auto problem = e.grown ? sim::GrownOverlay::problem(overlay, e.peers) : overlay.strategy->problem(overlay);
    if (problem) return "--overlay: " + *problem;
    if (e.faults.partition > e.duration * 9 / 10) return "--faults: partition does not end within --duration";
    if (e.faults.partition > Duration::zero() && e.peers > most_split) {
        return "--faults: partition is for at most " + std::to_string(most_split) + " peers";
    }
    if (e.grown && e.arrival > Duration::zero()) return "--arrival: peers arrive only with --bring-up register";
    if (c.swarm.has_value() + c.replay.has_value() + c.shrink.has_value() > 1) {
        return "--swarm, --replay and --shrink exclude each other";
    }
    if (c.runs > 1 && e.peers > 100'000) return "--runs: several runs are for at most 100000 peers";
    return {};
}

std::optional<OptionText> network_option(const std::string& name) {
    const auto texts = option_texts();
    const auto at = std::find_if(texts.begin(), texts.end(), [&](const OptionText& text) { return name == text.name; });
    return at == texts.end() ? std::nullopt : std::optional(*at);
}

class SimParser {
public:
    SimParser(const CommandLine& line, const sim::ExperimentOptions& base) : line_(line) { command_.experiment = base; }

    std::variant<SimCommand, std::string> run() {
        command_.experiment.config.gossip.max_messages = 0;
        if (line_.help) return command_.help = true, std::move(command_);
        scripted_ = has_script();
        for (const std::string& word : line_.words) {
            if (Problem problem = add_word(word); !problem.empty()) return problem;
        }
        for (const GivenOption& given : line_.options) {
            if (Problem problem = take(given); !problem.empty()) return problem;
        }
        Problem problem = scripted_ ? finish_script() : finish_runs();
        if (!problem.empty()) return problem;
        return std::move(command_);
    }

private:
    [[nodiscard]] bool has_script() const {
        return !line_.words.empty() || std::any_of(line_.options.begin(), line_.options.end(),
                                                   [](const GivenOption& given) { return given.name == "--execute"; });
    }

    Problem take(const GivenOption& given) {
        const SimOption* option = find_option(given.name);
        const bool ours = option != nullptr && option->scope != (scripted_ ? Scope::runs : Scope::scripts);
        if (!ours && !(scripted_ && network_option(given.name))) return out_of_place(given.name);
        if (!ours) return pass_on(given);
        if (const Problem problem = option->apply(command_, given.value); !problem.empty()) {
            return given.name + ": \"" + given.value + "\" " + problem;
        }
        if (given.name == "--overlay") pass_on(given);
        if (given.name == "--peers") peers_given_ = true;
        if (given.name == "--gossip") {
            const GossipConfig& gossip = command_.experiment.config.gossip;
            const SpreadFacts& facts = gossip.mode->facts();
            pass_on({"--set", "gossip.mode=" + std::string(facts.name)});
            if (facts.number != nullptr) {
                pass_on({"--set", std::string(facts.number_key) + "=" + std::to_string(gossip.*facts.number)});
            }
        }
        if (given.name == "--links") pass_on({"--set", "overlay.links=" + given.value});
        return {};
    }

    Problem add_word(const std::string& word) {
        if (!file_.empty()) return "\"" + word + "\" is too much: one script at a time";
        file_ = word;
        return {};
    }

    [[nodiscard]] Problem out_of_place(const std::string& name) const {
        if (scripted_) return name + " is for runs without a script: there the commands say what happens";
        return name + " is for runs of a script, as in: gossipctl sim experiment.gsh " + name + " …";
    }

    Problem pass_on(const GivenOption& given) {
        for_network_.push_back(given.name);
        if (!network_option(given.name)->value.empty()) for_network_.push_back(given.value);
        return {};
    }

    Problem finish_script() {
        std::vector<std::string> as_run = std::move(for_network_);
        if (!file_.empty()) as_run.insert(as_run.begin(), {"run", file_});
        auto parsed = parse_options(as_run);
        if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
        command_.script = std::get<Options>(std::move(parsed));
        if (command_.script->web) return "--web: a simulated network has no page";
        const sim::FaultRates& t = command_.experiment.faults;
        const bool troubled = t.crash_per_million + t.pause_per_million > 0 || t.partition > Duration::zero();
        if (troubled) return "--faults: in a script the commands kill, pause and partition do that";
        return {};
    }

    Problem finish_runs() {
        sim::ExperimentOptions& e = command_.experiment;
        const OverlayConfig& overlay = e.config.overlay;
        if (overlay.strategy->follows_given() && overlay.given && !peers_given_) e.peers = overlay.given->vertices();
        e.grown = command_.grown.value_or(e.peers >= grown_from && e.arrival == Duration::zero());
        if (e.grown && command_.check.value_or(false)) return "--check: a grown network has no past to be judged by";
        e.check = command_.check.value_or(!e.grown && e.peers <= checked_up_to);
        return impossible(command_);
    }

    const CommandLine& line_;
    bool scripted_{false};
    bool peers_given_{false};
    std::string file_;
    std::vector<std::string> for_network_;
    SimCommand command_;
};

}  // namespace

std::variant<CommandLine, std::string> read_sim_line(const std::vector<std::string>& arguments) {
    return read_command_line(all_texts(), arguments, "gossipctl sim --help");
}

std::variant<SimCommand, std::string> sim_command_of(const CommandLine& line, const sim::ExperimentOptions& base) {
    return SimParser(line, base).run();
}

std::variant<SimCommand, std::string> parse_sim_options(const std::vector<std::string>& arguments) {
    auto line = read_sim_line(arguments);
    if (auto* problem = std::get_if<std::string>(&line)) return std::move(*problem);
    auto command = sim_command_of(std::get<CommandLine>(line), {});
    if (auto* good = std::get_if<SimCommand>(&command)) good->arguments = arguments;
    return command;
}

std::string sim_usage() {
    std::string out =
        "Examples:\n"
        "  gossipctl sim --peers 200 --messages 20           a network of 3 seeds and 200 peers in virtual time\n"
        "  gossipctl sim --peers 100 --faults drop=2%,crash=10% --duration 2m\n"
        "  gossipctl sim --peers 50 --runs 20 -o json        one line a run, then mean, sd and 95 % interval\n"
        "  gossipctl sim --seed $(git rev-parse HEAD)        any text is a seed; the same seed gives the same run\n"
        "  gossipctl sim --runs 20 --out after && gossipctl sim compare before after    what has changed?\n"
        "  gossipctl sim experiment.gsh --seed 7             the script that gossipctl run takes, in virtual time\n"
        "  gossipctl sim session.transcript --rewrite        commands with their output beside: a test, or its "
        "renewal\n"
        "  gossipctl sim --swarm 1000                        drawn faults; gossipctl sim --shrink repro.json\n"
        "  gossipctl sim -e 'wait registered == 5; kill 7003; wait removed 7003; votes 7003'\n"
        "\n"
        "Runs the same seeds and peers as a real network, over virtual time: registration by quorum, overlay, gossip,\n"
        "detection, faults. Everything follows from the seed; trace_hash shows that two runs were the same. Ctrl-C "
        "ends\n"
        "a run with the results so far (exit code 130).\n"
        "\n"
        "With a script the shell's commands say what happens, to the network that gossipctl run would start; wait and\n"
        "sleep take virtual time, lists and traces show it as a clock that begins at 00:00:00. The options of "
        "gossipctl\n"
        "run apply (--config, --set, --peers, --seeds, -o, -k, …; gossipctl --help), and so do its exit codes.\n"
        "\n"
        "Options:\n";
    for (const SimOption& o : options) {
        const OptionText& text = o.text;
        std::string typed = text.short_name.empty() ? "    " : std::string(text.short_name) + ", ";
        typed += std::string(text.name) + " " + std::string(text.value);
        const bool scripts = o.scope == Scope::scripts;
        out += option_line(typed, std::string(text.help) + (scripts ? " (with a script)" : ""), 30);
    }
    return out + "  -h, --help\n\nOverlay strategies:\n" + overlay_table() + "\nWays to spread:\n" + spread_table();
}

// The complement keeps this hash apart from that of a text, in which a letter stands where the run does here.
std::uint64_t run_seed(std::uint64_t seed, std::uint32_t run) { return run == 0 ? seed : mix64(mix64(~seed) ^ run); }

std::uint64_t sim_seed(const std::string& text, std::uint32_t run) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc{} || end != text.data() + text.size()) {
        seed = mix64(text.size());
        for (const char letter : text) seed = mix64(seed ^ static_cast<unsigned char>(letter));
    }
    return run_seed(seed, run);
}

std::string replay_command(const SimCommand& command, std::uint64_t seed) {
    std::string text = "gossipctl sim";
    for (const std::string& argument : command.arguments) {
        const bool plain = argument.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_=+./:,@%") == std::string::npos;
        text += " ";
        if (plain && !argument.empty()) {
            text += argument;
            continue;
        }
        text += "'";
        for (const char letter : argument) text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
        text += "'";
    }
    return text + " --seed " + std::to_string(seed) + (command.runs > 1 ? " --runs 1" : "");
}

std::uint64_t sim_memory(const sim::ExperimentOptions& o) {
    constexpr std::uint64_t base = 20'000'000;
    // A peer's machine, links and connections; peers that registered keep more than grown ones.
    const std::uint64_t peer = o.grown ? 800 : 18'000;
    constexpr std::uint64_t member = 250;  // of a seed's list
    constexpr std::uint64_t copy = 180;    // of a message that a peer keeps, with its share of the queue
    const std::uint64_t held = std::min<std::uint64_t>(o.messages, o.config.gossip.store_limit);
    return base + o.peers * (peer + member * o.seeds + copy * held) + std::uint64_t{o.messages} * o.peers / 8;
}

}  // namespace gossip
