#include "manager/lab/advise_command.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/failure.hpp"
#include "manager/runs/run_figures.hpp"
#include "node/base/value_text.hpp"
#include "sim/study/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

struct Request {
    sim::ExperimentOptions circumstances;
    double loss{0};                                     // of a message, each way
    Duration stall{};                                   // a live peer that pauses this long must not be removed
    Duration latency = std::chrono::milliseconds(500);  // half of the deliveries
    double false_removals{1e-3};                        // per node-hour
    bool check{true};
    bool help{false};
};

using Problem = std::string;

Problem store_time(Duration& out, const std::string& text) {
    const auto time = parse_duration(text);
    if (time) out = *time;
    return time ? "" : "is not a time such as 5ms or 20s";
}

Problem store_share(double& out, std::string text) {
    const bool percent = text.ends_with('%');
    if (percent) text.pop_back();
    const auto number = parse_number(text);
    const double share = number ? *number / (percent ? 100 : 1) : -1;
    if (!(share >= 0 && share < 1)) return "is not a share below 100%";
    out = share;
    return {};
}

const OptionOf<Request> options[] = {
    {{"--peers", "", "N", "how many peers (default 100)"},
     [](Request& r, const std::string& v) -> Problem {
         const auto count = parse_count(v);
         if (!count || *count < 4 || *count > 1'000'000) return "is not a number from 4 to 1000000";
         r.circumstances.peers = static_cast<std::uint32_t>(*count);
         return {};
     }},
    {{"--loss", "", "SHARE", "of the messages, each way (default 0%)"},
     [](Request& r, const std::string& v) { return store_share(r.loss, v); }},
    {{"--link-delay", "", "TIME", "one way, the mean (default 1ms)"},
     [](Request& r, const std::string& v) {
         Duration delay{};
         const Problem problem = store_time(delay, v);
         r.circumstances.network.link.delay_min = std::max<Duration>(delay / 2, std::chrono::microseconds(1));
         r.circumstances.network.link.delay_max = std::max<Duration>(delay * 3 / 2, std::chrono::microseconds(1));
         return problem;
     }},
    {{"--stall", "", "TIME", "how long a live peer may stand still without being removed (default 0s)"},
     [](Request& r, const std::string& v) { return store_time(r.stall, v); }},
    {{"--latency", "", "TIME", "wanted for half of the deliveries (default 500ms)"},
     [](Request& r, const std::string& v) { return store_time(r.latency, v); }},
    {{"--false-removals", "", "X", "live peers removed per node-hour at the most (default 0.001)"},
     [](Request& r, const std::string& v) -> Problem {
         const auto number = parse_number(v);
         if (!number || !(*number >= 0)) return "is not a number from 0 on";
         return r.false_removals = *number, "";
     }},
    {{"--no-check", "", "", "do not try the answer in the simulator"},
     [](Request& r, const std::string&) -> Problem { return r.check = false, ""; }},
};

std::variant<Request, std::string> parse(const std::vector<std::string>& arguments) {
    Request request;
    request.circumstances.network.link.delay_min = std::chrono::microseconds(500);
    request.circumstances.network.link.delay_max = std::chrono::microseconds(1500);
    request.circumstances.config.gossip.max_messages = 0;
    const auto read = read_command_line(texts_of<Request>(options), arguments, "gossipctl advise --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    request.help = line.help;
    if (!line.words.empty()) return "\"" + line.words.front() + "\" is too much; see gossipctl advise --help";
    if (Problem problem = apply_options<Request>(options, line, request); !problem.empty()) return problem;
    return request;
}

std::string usage_of() {
    std::string out =
        "Examples:\n"
        "  gossipctl advise --peers 500 --loss 2% --stall 20s --latency 200ms --link-delay 10ms > advice.toml\n"
        "\n"
        "Prints keys of a configuration for these circumstances, each with its reason, by the formulas of gossipctl\n"
        "predict, and tries them with up to 300 peers in the simulator: exit code 1 when what was wanted could not be\n"
        "had there.\n"
        "\n"
        "Options:\n";
    for (const auto& [text, apply] : options) {
        out += option_line(std::string(text.name) + " " + std::string(text.value), text.help, 30);
    }
    return out;
}

// ---------------------------------------------------------------- advice

struct Advice {
    sim::ExperimentOptions network;
    std::vector<std::pair<std::string, std::string>> keys;  // "liveness.misses = 3", why
};

double predicted(const sim::ExperimentOptions& network, std::string_view name) {
    for (const sim::Predicted& p : sim::predict(network)) {
        if (p.name == name) return p.value;
    }
    return 0;  // no formula covers this case: it is accepted
}

// As few links as the latency allows.
void choose_links(const Request& r, Advice& advice) {
    OverlayConfig& overlay = advice.network.config.overlay;
    const auto latency = [&] { return predicted(advice.network, "latency_p50_ms"); };
    overlay.links = 3;
    while (overlay.links < 8 && latency() > 1e3 * in_seconds(r.latency)) ++overlay.links;
    advice.keys.emplace_back("overlay.links = " + std::to_string(overlay.links),
                             "half of the deliveries within " + figure_text(latency()) + " ms");
}

// The length of a cycle follows from the stall, the number of cycles from the loss.
void choose_detection(const Request& r, Advice& advice) {
    LivenessConfig& liveness = advice.network.config.liveness;
    liveness.misses = 3;
    // A stall that ends within the third cycle leaves fewer than three silent cycles.
    const Duration least = r.stall / liveness.misses + std::chrono::milliseconds(500);
    liveness.interval = std::max<Duration>(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(least));
    const Duration usual = std::chrono::seconds(5);
    liveness.refute = std::min(liveness.interval, usual);
    const auto rate = [&] { return sim::false_removal_rate(advice.network, r.loss); };
    while (rate() > r.false_removals && liveness.misses < 20) ++liveness.misses;
    const sim::SilenceTimes times = sim::silence_times(advice.network);
    advice.keys.emplace_back("liveness.interval = \"" + duration_text(liveness.interval) + "\"",
                             "silence of " + figure_text(times.forgiven) + " s is forgiven");
    char text[64];
    std::snprintf(text, sizeof text, "%.2g live peers removed per node-hour at this loss", rate());
    advice.keys.emplace_back("liveness.misses = " + std::to_string(liveness.misses), text);
    advice.keys.emplace_back("liveness.refute = \"" + duration_text(liveness.refute) + "\"",
                             "a silent peer is removed after " + figure_text(times.removed) + " s");
}

void print(const Advice& advice) {
    std::string section;
    for (const auto& [key, why] : advice.keys) {
        const std::string in = key.substr(0, key.find('.'));
        if (in != section) std::printf("[%s]\n", in.c_str());
        section = in;
        std::printf("%-24s # %s\n", key.substr(key.find('.') + 1).c_str(), why.c_str());
    }
}

std::optional<double> metric(const std::vector<sim::Metric>& metrics, std::string_view name) {
    const auto at = std::find_if(metrics.begin(), metrics.end(), [&](const sim::Metric& m) { return m.name == name; });
    return at == metrics.end() ? std::nullopt : at->value;
}

// Simulates the machines with this loss, delay and stall; returns the goals that were missed.
std::vector<std::string> check_by_simulation(const Request& r, sim::ExperimentOptions tried) {
    tried.peers = std::min<std::uint32_t>(tried.peers, 300);
    tried.messages = 20;
    const LivenessConfig& liveness = tried.config.liveness;
    tried.duration = std::max<Duration>(10 * (liveness.interval * liveness.misses), 10 * r.stall);
    tried.network.link.drop_per_million = static_cast<std::uint32_t>(r.loss * 1e6);
    if (r.stall > Duration::zero()) tried.faults.pause_per_million = 200'000;  // each for a tenth of the time
    sim::Experiment experiment(tried);
    while (experiment.advance(100'000)) {
    }
    const auto metrics = experiment.metrics();
    const auto p50 = metric(metrics, "latency_p50_ms");
    const double removed = metric(metrics, "removed_alive").value_or(0);
    const auto coverage = metric(metrics, "coverage_min");
    const auto shown = [](const std::optional<double>& value) { return value ? figure_text(*value) : "–"; };
    std::printf(
        "# simulated %u peers for %s: half of the deliveries within %s ms, coverage %s, live peers removed %s\n",
        tried.peers, duration_text(std::chrono::ceil<std::chrono::seconds>(tried.duration)).c_str(), shown(p50).c_str(),
        shown(coverage).c_str(), figure_text(removed).c_str());
    std::vector<std::string> wrong;
    if (experiment.phase() == sim::Experiment::Phase::stuck) wrong.emplace_back("the network did not come up");
    if (!p50) wrong.emplace_back("no message was delivered");
    if (p50 && *p50 > 1e3 * in_seconds(r.latency))
        wrong.push_back("half of the deliveries took up to " + figure_text(*p50) + " ms");
    if (coverage && *coverage < 1)
        wrong.push_back("a message reached only " + figure_text(100 * *coverage) + " % of the peers");
    const double hours = tried.peers * in_seconds(tried.duration) / 3600;
    if (removed > 0 && removed / hours > r.false_removals) {
        wrong.push_back(figure_text(removed) + " live peers were removed in " + figure_text(hours) + " node-hours");
    }
    return wrong;
}

}  // namespace

int advise_command(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain("advise", ErrorKind::usage, *problem);
    const Request& request = std::get<Request>(parsed);
    if (request.help) {
        std::fputs(usage_of().c_str(), stdout);
        return 0;
    }
    Advice advice{request.circumstances, {}};
    choose_links(request, advice);
    choose_detection(request, advice);
    print(advice);
    if (!request.check) return 0;
    const std::vector<std::string> wrong = check_by_simulation(request, advice.network);
    for (const std::string& text : wrong) static_cast<void>(complain("advise", ErrorKind::command, text));
    return wrong.empty() ? 0 : 1;
}

}  // namespace gossip
