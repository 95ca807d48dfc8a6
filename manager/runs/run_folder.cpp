#include "manager/runs/run_folder.hpp"

#include "manager/base/json_object.hpp"
#include "manager/base/local_time.hpp"
#include "manager/base/version.hpp"
#include "node/base/clock.hpp"
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

// A folder that the user names must not contain another run.
std::string unusable(const fs::path& path) {
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_directory(path, error)) return "it is a file";
    if (fs::exists(path / "manifest.json", error)) return "it holds a run already; name another folder";
    return {};
}

// runs/latest is a convenience for people and scripts; the run does not need it.
void point_latest_at(const fs::path& run) {
    const fs::path link = run.parent_path() / "latest";
    const fs::path fresh = run.parent_path() / (".latest-" + run.filename().string());
    std::error_code error;
    fs::create_directory_symlink(run.filename(), fresh, error);
    if (!error) fs::rename(fresh, link, error);
    if (error) fs::remove(fresh, error);
}

bool is_node_log(const std::string& name) {
    return name.starts_with("seed-") || name.starts_with("peer-") || name.starts_with("outputfile");
}

}  // namespace

bool replace_file(const std::string& path, std::string_view text) {
    const std::string fresh = path + ".new";
    std::ofstream file(fresh, std::ios::trunc | std::ios::binary);
    file << text;
    file.close();
    std::error_code error;
    if (file) fs::rename(fresh, path, error);
    return file && !error;
}

std::variant<RunFolder, std::string> RunFolder::create(const RunPlan& plan) {
    RunFolder run;
    run.plan_ = plan;
    run.started_ = wall_now();
    const std::string stamp = local_time(run.started_, "%Y%m%d-%H%M%S") + "-seed" + std::to_string(plan.seed);
    run.id_ = stamp + "-" + random_id();
    run.path_ = plan.exact.empty() ? plan.parent + "/" + run.id_ : plan.exact;
    if (const std::string why = unusable(run.path_); !why.empty()) return "run folder " + run.path_ + ": " + why;
    std::error_code error;
    fs::create_directories(run.file("logs"), error);
    if (error) return "cannot make the run folder " + run.path_ + ": " + error.message();
    const Ed25519Crypto crypto;
    run.config_hash_ = hex(crypto.digest(plan.toml), 32);
    const bool written = replace_file(run.file("config.toml"), plan.toml) && run.write_manifest(std::nullopt);
    if (!written) return "cannot write in the run folder " + run.path_;
    if (plan.exact.empty()) point_latest_at(run.path_);
    return run;
}

bool RunFolder::write_manifest(const std::optional<RunOutcome>& outcome) const {
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

void RunFolder::keep_logs(const std::string& log_dir, bool copies, const std::string& folder) const {
    std::error_code error;
    if (!fs::is_directory(log_dir, error)) return;
    const std::string kept_in = folder.empty() ? file("logs") : file("logs/" + folder);
    fs::create_directories(kept_in, error);
    for (const auto& entry : fs::directory_iterator(log_dir, error)) {
        const std::string name = entry.path().filename().string();
        std::error_code ignored;  // the log remains at its old place
        if (!is_node_log(name) || !entry.is_regular_file(ignored)) continue;
        const fs::path kept = kept_in + "/" + name;
        if (fs::equivalent(entry.path(), kept, ignored)) continue;
        fs::remove(kept, ignored);
        fs::create_hard_link(entry.path(), kept, ignored);
        if (ignored && copies) fs::copy_file(entry.path(), kept, fs::copy_options::overwrite_existing, ignored);
    }
}

void RunFolder::drop_empty_error_files() const {
    std::error_code error;
    std::vector<fs::path> empty;
    for (const auto& entry : fs::directory_iterator(file("logs"), error)) {
        std::error_code ignored;
        if (entry.path().extension() == ".err" && entry.file_size(ignored) == 0) empty.push_back(entry.path());
    }
    for (const fs::path& path : empty) fs::remove(path, error);
}

void RunFolder::write_script(std::string_view text) const { static_cast<void>(replace_file(file("script.gsh"), text)); }

void RunFolder::append_script(std::string_view line) const {
    std::ofstream script(file("script.gsh"), std::ios::app | std::ios::binary);
    script << line << "\n";
}

void RunFolder::close(const RunOutcome& outcome) const {
    drop_empty_error_files();
    static_cast<void>(write_manifest(outcome));
}

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
