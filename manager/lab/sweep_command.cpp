#include "manager/lab/sweep_command.hpp"

#include "manager/base/boost_process.hpp"
#include "manager/base/command_line.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/program.hpp"
#include "manager/lab/sweep_results.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/file_lock.hpp"
#include "node/base/signals.hpp"
#include "node/base/value_text.hpp"
#include "node/base/written_files.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

namespace gossip {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace process = boost::process::v2;

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int signal) { interrupted = signal; }

struct Request {
    std::string file;
    std::string out;  // empty: the file's name without its ending
    std::uint32_t jobs{1};
    bool print_commands{false};
    bool mix{false};  // take results of several executables together
    std::optional<TableFormat> format;
    bool help{false};
};

constexpr OptionOf<Request> options[] = {
    {{"--jobs", "", "N", ""},
     [](Request& r, const std::string& v) -> std::string {
         const auto count = parse_count(v);
         if (!count || *count == 0 || *count > 256) return "is not a number from 1 to 256";
         return r.jobs = static_cast<std::uint32_t>(*count), "";
     }},
    {{"--out", "", "FOLDER", ""}, [](Request& r, const std::string& v) -> std::string { return r.out = v, ""; }},
    {{"--print-commands", "", "", ""},
     [](Request& r, const std::string&) -> std::string { return r.print_commands = true, ""; }},
    {{"--mix", "", "", ""}, [](Request& r, const std::string&) -> std::string { return r.mix = true, ""; }},
    {{"--output", "-o", "table|json|tsv", ""}, set_format<Request>},
};

std::variant<Request, std::string> parse(const std::vector<std::string>& arguments) {
    Request r;
    const auto read = read_command_line(texts_of<Request>(options), arguments, "gossipctl sweep --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    if (line.help) return r.help = true, r;
    if (std::string problem = apply_options<Request>(options, line, r); !problem.empty()) return problem;
    if (line.words.empty()) return std::string("a file is needed, as in: gossipctl sweep study.toml");
    if (line.words.size() > 1) return "\"" + line.words[1] + "\" is too much: one file at a time";
    r.file = line.words.front();
    if (r.out.empty()) r.out = fs::path(r.file).stem().string() + "-results";
    return r;
}

// ---------------------------------------------------------------- jobs

std::vector<std::string> command_of(const SweepPlan& plan, const std::vector<Setting>& settings,
                                    const std::string& seed, const std::string& folder) {
    std::vector<std::string> words{plan.processes ? "run" : "sim"};
    if (!plan.script.empty()) words.push_back(plan.script);
    for (const auto& [name, value] : settings) {
        const bool key = name.find('.') != std::string::npos;
        words.push_back(key ? "--set" : "--" + name);
        words.push_back(key ? name + "=" + value : value);
    }
    words.insert(words.end(), {"--seed", seed});
    if (plan.script.empty()) {
        words.insert(words.end(), {"-o", "tsv"});
    } else {
        words.insert(words.end(), {"--out", folder});
    }
    // Each run has a log folder of its own, because the start of a network clears its folder.
    if (plan.processes) words.insert(words.end(), {"--set", "log.dir=" + folder + ".logs"});
    return words;
}

std::vector<SweepJob> jobs_of(const SweepPlan& plan, const std::string& out) {
    std::vector<SweepJob> jobs;
    const auto all = combinations(plan);
    for (std::size_t c = 0; c < all.size(); ++c) {
        for (const std::string& seed : plan.seeds) {
            std::string name;
            for (const auto& [key, value] : all[c]) name += key + "=" + value + ",";
            name += "seed=" + seed;
            std::replace(name.begin(), name.end(), '/', '_');
            const std::string path = out + "/" + name;
            const bool scripted = !plan.script.empty();
            jobs.push_back(
                {c, seed, command_of(plan, all[c], seed, path), path + (scripted ? "/manifest.json" : ".tsv")});
        }
    }
    return jobs;
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

// What all runs share and their file names do not say.
std::string inputs_of(const SweepPlan& plan) {
    std::string text = "# What these results were made from. Others are kept in another folder: --out FOLDER\n";
    text += plan.script.empty() ? "gossipctl sim" : plan.processes ? "gossipctl run" : "gossipctl sim FILE";
    if (plan.script.empty()) return text + "\n";
    return text + "\n\n# the script\n" + read_text(plan.script) + "\n# config.toml\n" + read_text("config.toml");
}

// The results in one folder must be comparable: all are of the script and configuration it was created for.
std::string claim_folder(const SweepPlan& plan, const std::string& out) {
    const std::string path = out + "/inputs.txt";
    const std::string inputs = inputs_of(plan);
    const std::string before = read_text(path);
    if (before.empty()) return WrittenFiles(out).write("inputs.txt", inputs, "--out");
    if (before == inputs) return {};
    return out + " holds results of another script or configuration (" + path +
           " has them): choose another folder with --out, or remove it";
}

std::string errors_of(const SweepJob& job) {
    return (has_table(job) ? job.result : fs::path(job.result).parent_path().string()) + ".err";
}

// Each result has a name of its own in the folder; none may be that of somebody else's file.
std::string claim_names(const std::vector<SweepJob>& jobs, const std::string& out) {
    WrittenFiles written(out);
    WrittenFiles::Names files{"results.csv"};
    WrittenFiles::Names folders;
    for (const SweepJob& job : jobs) {
        if (is_done(job)) continue;
        files.push_back(fs::path(errors_of(job)).filename().string());
        const fs::path result(job.result);
        if (!has_table(job)) {
            folders.push_back(result.parent_path().filename().string());
            continue;
        }
        files.push_back(result.filename().string());
        files.push_back(result.filename().string() + ".part");
    }
    std::string problem = written.in_the_way(files, "--out");
    if (problem.empty()) problem = written.in_the_way(folders, "--out");
    if (problem.empty()) problem = written.add(WrittenFiles::Kind::file, files);
    return problem.empty() ? written.add(WrittenFiles::Kind::folder, folders) : problem;
}

std::string own_path() { return fs::read_symlink("/proc/self/exe").string(); }

// The command by which a shell starts this executable.
std::string own_name() {
    std::error_code error;
    const auto found = find_program("gossipctl");
    return found && fs::equivalent(*found, own_path(), error) ? "gossipctl" : own_path();
}

std::string shell_line(const SweepJob& job) {
    std::string line = shell_word(own_name());
    for (const std::string& word : job.words) line += " " + shell_word(word);
    if (!has_table(job)) return line;
    return line + " > " + shell_word(job.result + ".part") + " && mv " + shell_word(job.result + ".part") + " " +
           shell_word(job.result);
}

FileDescriptor open_emptied(const std::string& path) {
    return FileDescriptor{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
}

// Not open when it could not be started.
process::process start(asio::io_context& io, const SweepJob& job) {
    const FileDescriptor output = open_emptied(has_table(job) ? job.result + ".part" : "/dev/null");
    const FileDescriptor errors = open_emptied(errors_of(job));
    if (!has_table(job))
        WrittenFiles(fs::path(job.result).parent_path().string()).remove_all();  // of an interrupted run
    process::error_code failed;
    return process::posix::default_launcher()(io.get_executor(), failed, own_path(), job.words,
                                              process::process_stdio{nullptr, output.get(), errors.get()});
}

class Runner {
public:
    Runner(const std::vector<SweepJob>& jobs, std::uint32_t most) : jobs_(jobs), most_(most) {}

    [[nodiscard]] std::size_t left() const { return total_ - good_; }

    // How many failed; the first error is kept.
    std::size_t run() {
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            if (is_done(jobs_[i])) continue;
            waiting_.push_back(i);
        }
        total_ = waiting_.size();
        std::reverse(waiting_.begin(), waiting_.end());
        while (!running_.empty() || (!waiting_.empty() && interrupted == 0)) {
            while (running_.size() < most_ && !waiting_.empty() && interrupted == 0) begin_one();
            io_.restart();
            io_.run_one_for(look_at_signals);
            if (interrupted != 0) stop_all();
        }
        if (shown_) std::fputs("\r\033[K", stderr);
        return failed_;
    }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

private:
    void begin_one() {
        const std::size_t index = waiting_.back();
        waiting_.pop_back();
        process::process started = start(io_, jobs_[index]);
        if (!started.is_open()) return fail(index);
        process::process& running = running_.emplace(index, std::move(started)).first->second;
        running.async_wait([this, index](const process::error_code&, int code) { end_one(index, code == 0); });
    }

    // Each stops its network in order.
    void stop_all() {
        if (std::exchange(stopped_, true)) return;
        process::error_code gone;
        for (auto& [index, running] : running_) running.request_exit(gone);
    }

    void end_one(std::size_t index, bool good) {
        running_.at(index).detach();
        running_.erase(index);
        ++ended_;
        if (good) ++good_;
        const std::string& result = jobs_[index].result;
        std::error_code error;
        if (good && has_table(jobs_[index])) fs::rename(result + ".part", result, error);
        if (!good && interrupted == 0) fail(index);
        show();
    }

    void fail(std::size_t index) {
        if (failed_++ > 0) return;
        std::istringstream said(read_text(errors_of(jobs_[index])));
        std::getline(said, complaint_);
        complaint_ = shell_line(jobs_[index]) + ": " + complaint_;
    }

    void show() {
        if (::isatty(STDERR_FILENO) == 0) return;
        const double spent = in_seconds(std::chrono::steady_clock::now() - begin_);
        const double left = spent / static_cast<double>(ended_) * static_cast<double>(total_ - ended_);
        std::fprintf(stderr, "\r\033[K%zu of %zu runs, %.0f s left", ended_, total_, left);
        std::fflush(stderr);
        shown_ = true;
    }

    static constexpr std::chrono::milliseconds look_at_signals{50};

    const std::vector<SweepJob>& jobs_;
    std::uint32_t most_;
    asio::io_context io_;
    std::vector<std::size_t> waiting_;
    std::map<std::size_t, process::process> running_;  // by job
    std::size_t total_{0};
    std::size_t ended_{0};
    std::size_t good_{0};
    std::size_t failed_{0};
    std::string complaint_;
    bool shown_{false};
    bool stopped_{false};
    std::chrono::steady_clock::time_point begin_{std::chrono::steady_clock::now()};
};

// ---------------------------------------------------------------- the whole sweep

constexpr std::string_view usage =
    "Examples:\n"
    "  gossipctl sweep study.toml --jobs 2              run what is missing, then show the results\n"
    "  gossipctl sweep study.toml --print-commands | parallel\n"
    "  gossipctl sweep study.toml --print-commands | sed -n \"${SLURM_ARRAY_TASK_ID}p\" | sh\n"
    "\n"
    "  # study.toml\n"
    "  seeds = [\"1:10\"]                 # each combination with each of these\n"
    "  metrics = [\"latency_p50_ms\"]     # shown; all are in results.csv\n"
    "  # script = \"experiment.gsh\"      # instead of messages at random\n"
    "  # mode = \"run\"                   # processes instead of virtual time; needs a script\n"
    "  [parameters]\n"
    "  peers = \"16:1024|*2\"             # options of gossipctl sim; with a script also overlay.links = [2, 3]\n"
    "  links = [2, 3, 4]\n"
    "\n"
    "sweep FILE.toml [--jobs N] [--out FOLDER] [--print-commands] [--mix] [-o table|json|tsv]\n"
    "Results are kept run by run: what is there is not run again, so a sweep that was interrupted goes on. The unit "
    "is\n"
    "the run: the table has the mean over n runs that measured the metric and its 95 % interval (Student);\n"
    "against_first is the paired difference to the first combination, p its own probability, and * stands where "
    "Holm's\n"
    "procedure over all differences of the table finds it below 0.05. A folder's inputs.txt has the script and\n"
    "configuration that its results belong to; results of another executable are refused unless --mix is given. Runs "
    "of\n"
    "processes (mode \"run\") go one at a time, whatever --jobs says: parallel -j1 for their printed commands as "
    "well.\n";

constexpr std::string_view one_at_a_time =
    "gossipctl: sweep: runs of processes go one at a time: the ports that the script names would be another's\n";

// Results of two executables differ by more than their parameters. What is missing is run by this one.
std::string refused(const Request& request, const SweepResults& results, bool missing) {
    if (request.mix) return {};
    const std::string executables = mixture(results, missing ? std::optional(provenance()) : std::nullopt);
    if (executables.empty()) return {};
    return request.out + " would hold results of several executables: " + executables +
           ". Choose another folder with --out, remove it, or take them together with --mix";
}

int sweep(const Request& request, const SweepPlan& plan) {
    // Options of the sweep itself, not of its runs.
    for (const char* own : {"GOSSIPCTL_OUT", "GOSSIPCTL_OUTPUT", "GOSSIPCTL_JOBS"}) ::unsetenv(own);
    const std::vector<SweepJob> jobs = jobs_of(plan, request.out);
    std::error_code error;
    fs::create_directories(request.out, error);
    if (error)
        return complain("sweep", ErrorKind::command, "cannot make the folder " + request.out + ": " + error.message());
    const auto lock = FileLock::take(request.out + "/" + std::string(FileLock::in_folder));
    if (const auto* taken = std::get_if<FileLock::Taken>(&lock)) {
        return complain("sweep", ErrorKind::config,
                        request.out + " is in use by the sweep of " + taken->by + "; choose another folder with --out");
    }
    std::string problem = std::holds_alternative<std::string>(lock) ? std::get<std::string>(lock) : std::string();
    if (problem.empty()) problem = claim_folder(plan, request.out);
    if (problem.empty()) problem = claim_names(jobs, request.out);
    if (!problem.empty()) return complain("sweep", ErrorKind::config, problem);
    const bool missing = !std::ranges::all_of(jobs, is_done);
    problem = refused(request, results_of(jobs), missing);
    if (!problem.empty()) return complain("sweep", ErrorKind::config, problem);
    if (request.print_commands) {
        for (const SweepJob& job : jobs) {
            if (!is_done(job)) std::printf("%s\n", shell_line(job).c_str());
        }
        return 0;
    }
    if (plan.processes && request.jobs > 1) std::fputs(one_at_a_time.data(), stderr);
    handle_termination(on_signal);
    Runner runner(jobs, plan.processes ? 1 : request.jobs);  // processes of several runs would share ports
    const std::size_t failed = runner.run();
    if (interrupted != 0) {
        std::fprintf(stderr, "gossipctl: sweep: interrupted with %zu runs to go; the same command goes on\n",
                     runner.left());
        return 128 + interrupted;
    }
    const SweepResults results = results_of(jobs);
    problem = replace_file(request.out + "/results.csv", results_csv(plan, jobs, results));
    if (!problem.empty()) return complain("sweep", ErrorKind::command, problem);
    problem = unknown_metric(plan, results);
    if (!problem.empty()) return complain("sweep", ErrorKind::config, request.file + ": " + problem);
    const TableFormat piped = ::isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    std::fputs(results_table(plan, jobs, results).render(request.format.value_or(piped), colored).c_str(), stdout);
    if (failed == 0) return 0;
    return complain("sweep", ErrorKind::command,
                    std::to_string(failed) + " runs failed, the first: " + runner.complaint());
}

}  // namespace

int sweep_command(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain("sweep", ErrorKind::usage, *problem);
    const Request& request = std::get<Request>(parsed);
    if (request.help) {
        std::fputs(std::string(usage).c_str(), stdout);
        return 0;
    }
    const auto plan = read_sweep(request.file);
    if (const auto* problem = std::get_if<std::string>(&plan)) return complain("sweep", ErrorKind::config, *problem);
    return sweep(request, std::get<SweepPlan>(plan));
}

}  // namespace gossip
