#include "manager/lab/swarm_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/lab/progress_line.hpp"
#include "manager/lab/repro_file.hpp"
#include "node/base/signals.hpp"
#include "sim/swarm/shrink.hpp"
#include "sim/swarm/swarm_run.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>

namespace gossip {
namespace {

using WallClock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int signal) { interrupted = signal; }

sim::SwarmResult play(const Repro& repro) {
    sim::SwarmOptions options;
    options.canary = repro.canary;
    return sim::run_swarm(repro.plan, options);
}

std::string size_of(const sim::FaultPlan& plan) {
    return std::to_string(plan.shape.seeds) + " seeds, " + std::to_string(plan.shape.peers) + " peers, " +
           std::to_string(plan.faults.size()) + " faults";
}

void set_violation(Repro& repro, const sim::Violation& violation) {
    repro.invariant = violation.invariant;
    repro.text = to_string(violation);
}

// Saves a failing run as a file and prints the commands that continue with it.
int report_failure(std::uint64_t seed, Repro repro, const sim::Violation& violation, const std::string& path) {
    set_violation(repro, violation);
    const int code = complain("sim", ErrorKind::expect, "seed " + std::to_string(seed) + ": invariant " + repro.text);
    if (const std::string problem = write_repro(path, repro); !problem.empty()) {
        return complain("sim", ErrorKind::command, problem), code;
    }
    std::fprintf(stderr, "replay: gossipctl sim --replay %s\nshrink: gossipctl sim --shrink %s\n", path.c_str(),
                 path.c_str());
    return code;
}

class ShrinkProgress {
public:
    explicit ShrinkProgress(bool shown) : shown_(shown) {}
    void show(const sim::FaultPlan& plan) const {
        if (shown_) std::fprintf(stderr, "\r\033[K%s", size_of(plan).c_str());
    }
    void clear() const {
        if (shown_) std::fputs("\r\033[K", stderr);
    }

private:
    bool shown_;
};

}  // namespace

int run_swarms(const SimCommand& command) {
    handle_termination(on_signal);
    std::uint64_t events = 0;
    std::uint32_t done = 0;
    const auto began = WallClock::now();
    ProgressLine line;
    double simulated = 0;
    for (; done < *command.swarm && interrupted == 0; ++done) {
        Repro repro;
        const std::uint64_t seed = sim_seed(command.seed_text, done);
        repro.plan = sim::draw_plan(sim::draw_shape(seed));
        repro.canary = command.experiment.canary;
        const sim::SwarmResult result = play(repro);
        events += result.events;
        simulated += in_seconds(repro.plan.shape.fault_phase + result.converged_after);
        line.show("run " + std::to_string(done + 1) + "/" + std::to_string(*command.swarm), simulated, events,
                  static_cast<double>(done + 1) / *command.swarm);
        if (result.violation) line.clear();
        if (result.violation) return report_failure(seed, repro, *result.violation, command.repro_path);
    }
    line.clear();
    const double took = in_seconds(WallClock::now() - began);
    std::printf("%u runs good, %.1f M events in %.1f s\n", done, static_cast<double>(events) / 1e6, took);
    return interrupted == 0 ? 0 : 128 + interrupted;
}

int replay_repro(const SimCommand& command) {
    auto read = read_repro(*command.replay);
    if (const auto* problem = std::get_if<std::string>(&read)) return complain("sim", ErrorKind::usage, *problem);
    const auto& repro = std::get<Repro>(read);
    const sim::SwarmResult result = play(repro);
    std::printf("%s; %s\n%llu events, trace 0x%016llx\n", size_of(repro.plan).c_str(), result.shape.c_str(),
                static_cast<unsigned long long>(result.events), static_cast<unsigned long long>(result.trace_hash));
    if (result.violation) return complain("sim", ErrorKind::expect, "invariant " + to_string(*result.violation));
    std::puts("no invariant is broken");
    return 0;
}

int shrink_repro(const SimCommand& command) {
    auto read = read_repro(*command.shrink);
    if (const auto* problem = std::get_if<std::string>(&read)) return complain("sim", ErrorKind::usage, *problem);
    auto& repro = std::get<Repro>(read);
    handle_termination(on_signal);
    const ShrinkProgress progress(isatty(STDERR_FILENO) == 1);
    const auto deadline = WallClock::now() + command.budget;
    sim::ShrinkTask task;
    task.run = [&repro](const sim::FaultPlan& plan) { return play({plan, repro.canary, {}, {}}).violation; };
    task.out_of_time = [deadline] { return interrupted != 0 || WallClock::now() >= deadline; };
    task.progress = [&progress](const sim::FaultPlan& plan) { progress.show(plan); };
    const auto small = sim::shrink(repro.plan, task);
    progress.clear();
    if (!small)
        return complain("sim", ErrorKind::command, *command.shrink + " does not fail any more: nothing to shrink");
    const std::string before = size_of(repro.plan);
    repro.plan = small->plan;
    set_violation(repro, small->violation);
    const std::string path = std::filesystem::path(*command.shrink).replace_extension(".min.json").string();
    if (const std::string problem = write_repro(path, repro); !problem.empty()) {
        return complain("sim", ErrorKind::command, problem);
    }
    std::printf("%s -> %s, by %zu runs%s\n%s\nreplay: gossipctl sim --replay %s\n", before.c_str(),
                size_of(repro.plan).c_str(), small->tried, task.out_of_time() ? " (out of time)" : "",
                repro.text.c_str(), path.c_str());
    return interrupted == 0 ? 0 : 128 + interrupted;
}

}  // namespace gossip
