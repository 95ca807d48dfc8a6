#include "manager/lab/sim_script.hpp"

#include "manager/lab/progress_line.hpp"
#include "manager/network/sim_network.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/known_script.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/recording.hpp"
#include "manager/shell/report.hpp"
#include "manager/shell/script_runner.hpp"
#include "manager/shell/transcript_run.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace gossip {
namespace {

std::string make_folder(const std::string& folder) {
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    return error ? "--logs: cannot make the folder " + folder + ": " + error.message() : "";
}

// The commands of a script or a transcript.
struct Play {
    std::function<Result(Session&)> commands;
    std::optional<KnownScript> known;  // a script
};

// Its figures and exports come from the event log.
bool asks_of_its_run(const CompiledScript& script) {
    return std::ranges::any_of(script.commands, [](const CompiledCommand& compiled) {
        const std::string& verb = compiled.command.verb();
        return verb == "stats" || verb == "export" || (compiled.body && asks_of_its_run(*compiled.body));
    });
}

class SimulatedRuns {
public:
    SimulatedRuns(const SimCommand& command, Play play, NetworkPlan plan, Console& console)
        : command_(command), play_(std::move(play)), plan_(std::move(plan)), console_(console) {}

    int run() {
        for (std::uint32_t number = 0; number < command_.runs; ++number) {
            const int code = run_one(number);
            if (first_ == 0) first_ = code;
            const bool goes_on = code == 0 || (command_.script->keep_going && code < 128);
            if (!goes_on) break;
        }
        return first_;
    }

private:
    int run_one(std::uint32_t number) {
        NetworkPlan plan = plan_;
        plan.seed = sim_seed(command_.seed_text, number);
        const bool asks = play_.known && asks_of_its_run(play_.known->script);
        if (!asks) plan.runs_dir.clear();  // a study has thousands of runs: too many to record
        if (command_.runs > 1 && !plan.run_out.empty()) plan.run_out += "/" + std::to_string(number + 1);
        const auto began = std::chrono::steady_clock::now();
        progress_.begin();
        SimNetwork* network = nullptr;
        const auto simulated = [&](ManagedNetwork::Observers observers) -> std::unique_ptr<ManagedNetwork> {
            SimNetworkOptions options{command_.experiment.network, command_.log_folder, command_.check.value_or(true),
                                      command_.experiment.canary};
            options.progress = [this, number](const sim::Simulator& s, bool on) { show(number, s, on); };
            auto made = std::make_unique<SimNetwork>(loop_, options, plan, std::move(observers));
            network = made.get();
            return made;
        };
        Settings settings;
        settings.keep_going = command_.script->keep_going;
        Session session(loop_, console_, simulated, settings);
        Result result = begin_record(session, play_.known ? &*play_.known : nullptr);
        if (!result) result = session.start();
        if (!result) result = play_.commands(session);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        const std::string words = summary(number, plan.seed, *network, took.count());
        const std::string trace = hex_text(network->cluster().sim().trace_hash());
        if (!result) result = session.await_convergence();
        session.finish();
        console_.remark(words);
        const int code = result ? report(console_, *result, &loop_) : 0;
        if (code != 0 && code < 128 && play_.known) console_.remark("replay: " + replay_command(command_, plan.seed));
        session.close_record(code, trace);
        return code;
    }

    void show(std::uint32_t number, const sim::Simulator& sim, bool simulating) {
        if (!simulating) return progress_.clear();
        const std::string what = "run " + std::to_string(number + 1) + "/" + std::to_string(command_.runs);
        progress_.show(what, in_seconds(sim.now().time_since_epoch()), sim.events(), {});
    }

    [[nodiscard]] std::string summary(std::uint32_t number, std::uint64_t seed, const SimNetwork& network,
                                      double wall) const {
        const sim::Simulator& sim = network.cluster().sim();
        const double passed = in_seconds(sim.now().time_since_epoch());
        char text[256];
        std::snprintf(text, sizeof text, "simulated %.3f s in %.2f s (%llu events); seed %llu, trace %s", passed, wall,
                      static_cast<unsigned long long>(sim.events()), static_cast<unsigned long long>(seed),
                      hex_text(sim.trace_hash()).c_str());
        const std::string runs = std::to_string(command_.runs);
        return (command_.runs == 1 ? "" : "run " + std::to_string(number + 1) + "/" + runs + ": ") + text;
    }

    const SimCommand& command_;
    Play play_;
    NetworkPlan plan_;
    Console& console_;
    EventLoop loop_;
    ProgressLine progress_;
    int first_{0};
};

std::variant<Play, Failure> read_play(const SimCommand& command) {
    const Options& options = *command.script;
    const std::string file = options.script_file.value_or("");
    if (is_transcript(file)) {
        auto read = read_transcript(file);
        if (auto* failure = std::get_if<Failure>(&read)) return std::move(*failure);
        const auto commands = [file, rewrite = command.rewrite, transcript = std::get<Transcript>(std::move(read))](
                                  Session& session) { return play_transcript(session, file, transcript, rewrite); };
        return Play{commands, std::nullopt};
    }
    if (command.rewrite)
        return Failure{ErrorKind::usage, "--rewrite: only a transcript (FILE.transcript) is rewritten"};
    auto read = read_known_script(options);
    if (auto* failure = std::get_if<Failure>(&read)) return std::move(*failure);
    const auto& known = std::get<KnownScript>(read);
    return Play{[known](Session& session) { return run_script(session, known.script, known.name); }, known};
}

}  // namespace

std::variant<std::vector<std::string>, Failure> with_transcript_options(const std::vector<std::string>& arguments) {
    const auto file = std::ranges::find_if(arguments, is_transcript);
    if (file == arguments.end()) return arguments;
    auto read = read_transcript(*file);
    if (auto* failure = std::get_if<Failure>(&read)) return std::move(*failure);
    std::vector<std::string> all = std::get<Transcript>(std::move(read)).options;
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

int run_simulated(const SimCommand& command) {
    ::setenv("TZ", "UTC", 1);  // virtual time has no time zone
    ::tzset();
    const Options& options = *command.script;
    const bool transcript = is_transcript(options.script_file.value_or(""));
    Console console(false, options.color, transcript ? options.format.value_or(TableFormat::table) : options.format);
    auto play = read_play(command);
    if (const auto* failure = std::get_if<Failure>(&play)) return report(console, *failure);
    auto plan = plan_network(options);
    if (const auto* problem = std::get_if<std::string>(&plan)) return report(console, {ErrorKind::config, *problem});
    if (const std::string problem = make_folder(command.log_folder); !problem.empty()) {
        return report(console, {ErrorKind::usage, problem});
    }
    return SimulatedRuns(command, std::get<Play>(std::move(play)), std::get<NetworkPlan>(std::move(plan)), console)
        .run();
}

}  // namespace gossip
