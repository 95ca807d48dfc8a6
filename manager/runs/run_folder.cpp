#include "manager/runs/run_folder.hpp"

#include "manager/base/json_object.hpp"
#include "manager/base/local_time.hpp"
#include "manager/base/version.hpp"
#include "node/base/clock.hpp"
#include "node/base/file.hpp"
#include "node/base/written_files.hpp"
#include "node/openssl_crypto.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace gossip {
namespace {

namespace fs = std::filesystem;

std::string random_id() {
    char text[16];
    std::snprintf(text, sizeof text, "%04x", std::random_device()() & 0xffffU);
    return text;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// What a run keeps in its folder.
const WrittenFiles::Names run_names{"config.toml", "events.jsonl", "logs", "manifest.json",
                                    "script.gsh",  "seeds.txt",    "state"};

// A link to a folder beside it is what point_latest_at makes.
bool is_free_or_ours(const fs::path& link) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(link, error))) return true;
    return fs::is_symlink(link, error) && !fs::read_symlink(link, error).has_parent_path();
}

// runs/latest is a convenience for people and scripts; the run does not need it.
void point_latest_at(const fs::path& run) {
    const fs::path link = run.parent_path() / "latest";
    const fs::path fresh = run.parent_path() / (".latest-" + run.filename().string());
    std::error_code error;
    if (!is_free_or_ours(link)) return;
    fs::create_directory_symlink(run.filename(), fresh, error);
    if (!error) fs::rename(fresh, link, error);
    if (error) fs::remove(fresh, error);
}

}  // namespace

// A folder that the user names must not hold another run, and nothing that a run would write over.
std::string RunFolder::problem_with(const std::string& exact) {
    std::error_code error;
    const std::string who = "run folder " + exact + ": ";
    if (fs::exists(exact, error) && !fs::is_directory(exact, error)) return who + "it is a file";
    if (fs::exists(exact + "/manifest.json", error)) return who + "it holds a run already; name another folder";
    const std::string foreign = WrittenFiles(exact).in_the_way(run_names, "--out");
    return foreign.empty() ? "" : who + foreign;
}

std::variant<RunFolder, std::string> RunFolder::create(const RunPlan& plan) {
    RunFolder run;
    run.plan_ = plan;
    run.started_ = wall_now();
    const std::string stamp = local_time(run.started_, "%Y%m%d-%H%M%S") + "-seed" + std::to_string(plan.seed);
    run.id_ = stamp + "-" + random_id();
    run.path_ = plan.exact.empty() ? plan.parent + "/" + run.id_ : plan.exact;
    if (std::string problem = problem_with(run.path_); !problem.empty()) return problem;
    std::error_code error;
    fs::create_directories(run.path_, error);
    if (error) return "cannot make the run folder " + run.path_ + ": " + error.message();
    auto lock = FileLock::take(run.file(FileLock::in_folder));
    if (const auto* taken = std::get_if<FileLock::Taken>(&lock)) {
        return "run folder " + run.path_ + ": it is in use by " + taken->by + "; name another folder";
    }
    if (auto* problem = std::get_if<std::string>(&lock)) return std::move(*problem);
    run.lock_ = std::get<FileLock>(std::move(lock));
    WrittenFiles written(run.path_);
    const WrittenFiles::Names files{"config.toml", "events.jsonl", "manifest.json", "script.gsh",
                                    std::string(FileLock::in_folder)};
    if (std::string problem = written.add(WrittenFiles::Kind::file, files); !problem.empty()) return problem;
    const Ed25519Crypto crypto;
    run.config_hash_ = hex(crypto.digest(plan.toml), 32);
    std::string problem = replace_file(run.file("config.toml"), plan.toml);
    if (problem.empty()) problem = run.write_manifest(std::nullopt);
    if (!problem.empty()) return problem;
    if (plan.exact.empty()) point_latest_at(run.path_);
    return run;
}

std::string RunFolder::write_manifest(const std::optional<RunOutcome>& outcome) const {
    JsonObject manifest;
    manifest.count("schema", 1).text("id", id_).text("version", plan_.version);
    manifest.text("commit", provenance().commit).text("compiler", provenance().compiler);
    manifest.text("seed", std::to_string(plan_.seed)).text("config_sha256", config_hash_);
    manifest.text("host", host_name()).count("seeds", plan_.seeds).count("peers", plan_.peers);
    manifest.text("started", local_time(started_, "%Y-%m-%dT%H:%M:%S%z")).number("started_ms", started_);
    if (outcome) {
        const WallMs ended = wall_now();
        manifest.text("ended", local_time(ended, "%Y-%m-%dT%H:%M:%S%z")).number("ended_ms", ended);
        manifest.number("exit_code", outcome->exit_code).count("events", outcome->events);
        manifest.count("events_dropped", outcome->dropped).count("events_bytes", outcome->bytes);
        if (!outcome->trace_hash.empty()) manifest.text("trace_hash", outcome->trace_hash);
    } else {
        manifest.raw("ended", "null").raw("exit_code", "null");
    }
    return replace_file(file("manifest.json"), manifest.done() + "\n");
}

void RunFolder::write_script(std::string_view text) const { static_cast<void>(replace_file(file("script.gsh"), text)); }

void RunFolder::append_script(std::string_view line) const {
    std::ofstream script(file("script.gsh"), std::ios::app | std::ios::binary);
    script << line << "\n";
}

void RunFolder::close(const RunOutcome& outcome) const { static_cast<void>(write_manifest(outcome)); }

std::variant<FoundRun, std::string> find_run(const std::string& name, const std::string& parent) {
    std::error_code error;
    const auto is_run = [&](const fs::path& path) { return fs::exists(path / "events.jsonl", error); };
    if (is_run(name)) return FoundRun{name};
    if (is_run(fs::path(parent) / name)) return FoundRun{parent + "/" + name};
    std::vector<std::string> there;
    for (const auto& entry : fs::directory_iterator(parent, error)) {
        if (!entry.is_symlink(error) && is_run(entry.path())) there.push_back(entry.path().filename().string());
    }
    std::sort(there.begin(), there.end());
    std::vector<std::string> fitting;
    std::copy_if(there.begin(), there.end(), std::back_inserter(fitting),
                 [&](const std::string& run) { return run.starts_with(name); });
    if (fitting.size() == 1) return FoundRun{parent + "/" + fitting.front()};
    if (fitting.size() > 1) return name + " could be any of " + std::to_string(fitting.size()) + " runs in " + parent;
    std::string known = there.empty() ? "; there are no runs in " + parent : "; the newest is " + there.back();
    return "no run " + name + " (a folder with events.jsonl, or its name in " + parent + ")" + known;
}

}  // namespace gossip
