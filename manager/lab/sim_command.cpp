#include "manager/lab/sim_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/terminal.hpp"
#include "manager/lab/progress_line.hpp"
#include "manager/lab/sim_options.hpp"
#include "manager/lab/sim_results.hpp"
#include "manager/lab/sim_script.hpp"
#include "manager/lab/swarm_command.hpp"
#include "manager/runs/sim_report.hpp"
#include "node/base/signals.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>

namespace gossip {
namespace {

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int signal) { interrupted = signal; }

// The line of MemAvailable in /proc/meminfo; 0 when unknown.
std::uint64_t memory_available() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    std::uint64_t kilobytes = 0;
    std::string unit;
    while (file >> key >> kilobytes >> unit) {
        if (key == "MemAvailable:") return kilobytes * 1024;
    }
    return 0;
}

std::string gigabytes(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
    return text;
}

void show(ProgressLine& line, const sim::Experiment& e, std::uint32_t run, std::uint32_t runs) {
    const bool bringing_up = e.phase() == sim::Experiment::Phase::bringing_up;
    const std::string what =
        "run " + std::to_string(run + 1) + "/" + std::to_string(runs) + (bringing_up ? " bringing up" : " running");
    const double virtual_s = in_seconds(e.now().time_since_epoch());
    line.show(what, virtual_s, e.events(), bringing_up ? std::nullopt : std::optional(e.progress()));
}

SimRun run_once(const SimCommand& command, std::uint32_t number, ProgressLine& line) {
    constexpr std::uint64_t slice = 20'000;  // events between two looks at the clock and at Ctrl-C
    sim::ExperimentOptions options = command.experiment;
    options.seed = sim_seed(command.seed_text, number);
    line.begin();
    sim::Experiment experiment(options);
    while (interrupted == 0 && experiment.advance(slice)) show(line, experiment, number, command.runs);
    SimRun run{options.seed, experiment.trace_hash(), "interrupted", experiment.metrics()};
    if (experiment.phase() == sim::Experiment::Phase::over) {
        run.outcome = "complete";
        if (options.peers > 1) run.predicted = sim::predict(options);
    }
    if (experiment.phase() == sim::Experiment::Phase::stuck) run.outcome = "bring-up failed";
    if (experiment.violation()) {
        run.outcome = "violation";
        run.violation = to_string(*experiment.violation());
    }
    return run;
}

std::vector<SimRun> run_all(const SimCommand& command) {
    std::vector<SimRun> runs;
    ProgressLine line;
    while (interrupted == 0 && runs.size() < command.runs && (runs.empty() || runs.back().violation.empty())) {
        runs.push_back(run_once(command, static_cast<std::uint32_t>(runs.size()), line));
    }
    return runs;
}

int result_of(const SimCommand& command, const std::vector<SimRun>& runs) {
    if (interrupted != 0) return 128 + interrupted;
    const auto failed = std::ranges::find_if(runs, [](const SimRun& run) { return run.outcome != "complete"; });
    if (failed == runs.end()) return 0;
    const std::string seed = "seed " + std::to_string(failed->seed) + ": ";
    const bool broken = !failed->violation.empty();
    const int code = broken
                         ? complain("sim", ErrorKind::expect, seed + "invariant " + failed->violation)
                         : complain("sim", ErrorKind::wait, seed + "the network was not up after 10 virtual minutes");
    std::fprintf(stderr, "replay: %s\n", replay_command(command, failed->seed).c_str());
    return code;
}

// After Ctrl-C the report is of the runs completed so far.
int run_experiments(const SimCommand& command) {
    if (!command.results.empty()) {
        // Before the runs: an unusable folder must not cost an hour of work.
        const std::string problem = write_results(command.results, {}, command.arguments);
        if (!problem.empty()) return complain("sim", ErrorKind::usage, "--out: " + problem);
    }
    handle_termination(on_signal);
    const OverlayConfig& overlay = command.experiment.config.overlay;
    if (const auto warning = overlay.strategy->warning(overlay, command.experiment.peers)) {
        std::fprintf(stderr, "note: %s\n", warning->c_str());
    }
    const std::vector<SimRun> runs = run_all(command);
    const TableFormat piped = isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    std::fputs(sim_report(runs, command.format.value_or(piped), colored).c_str(), stdout);
    if (!command.results.empty()) {
        const std::string problem = write_results(command.results, runs, command.arguments);
        if (!problem.empty()) return complain("sim", ErrorKind::command, "--out: " + problem);
    }
    return result_of(command, runs);
}

}  // namespace

int sim_command(const std::vector<std::string>& arguments) {
    if (!arguments.empty() && arguments.front() == "compare") {
        return compare_command({arguments.begin() + 1, arguments.end()});
    }
    const auto all = with_transcript_options(arguments);
    if (const auto* failure = std::get_if<Failure>(&all)) {
        return complain("sim", failure->kind, (failure->where.empty() ? "" : failure->where + ": ") + failure->text);
    }
    const auto parsed = parse_sim_options(std::get<std::vector<std::string>>(all));
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain("sim", ErrorKind::usage, *problem);
    const auto& command = std::get<SimCommand>(parsed);
    if (command.help) {
        std::fputs(sim_usage().c_str(), stdout);
        return 0;
    }
    if (command.script) return run_simulated(command);
    if (command.swarm) return run_swarms(command);
    if (command.replay) return replay_repro(command);
    if (command.shrink) return shrink_repro(command);
    const std::uint64_t needed = sim_memory(command.experiment);
    const std::uint64_t there = memory_available();
    if (there > 0 && needed > there) {
        return complain("sim", ErrorKind::usage,
                        std::to_string(command.experiment.peers) + " peers need about " + gigabytes(needed) +
                            " of memory, and " + gigabytes(there) + " are free: fewer --peers or --messages");
    }
    return run_experiments(command);
}

}  // namespace gossip
