#include "manager/network/run_home.hpp"

#include "manager/base/local_time.hpp"
#include "manager/base/log_files.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/runs/run_folder.hpp"
#include "node/base/clock.hpp"
#include "node/base/file.hpp"
#include "node/base/written_files.hpp"
#include "node/identity.hpp"
#include "node/storage/journal.hpp"
#include "protocol/names.hpp"

#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace gossip {
namespace {

namespace fs = std::filesystem;
using Kind = WrittenFiles::Kind;

std::string lock_of(const std::string& folder) { return folder + "/" + std::string(FileLock::in_folder); }

// Whether a folder is there or can be made: what is nearest above it decides. Empty, or why it cannot.
std::string cannot_make(const std::string& key, const std::string& path) {
    std::error_code error;
    fs::path there = fs::absolute(path, error);
    while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
    const std::string which = key + ": cannot make the folder " + path + ": " + there.string();
    if (!fs::is_directory(there, error)) return which + " is no folder";
    return ::access(there.c_str(), W_OK | X_OK) == 0 ? "" : which + ": " + error_text(errno);
}

std::string make(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    return error ? "cannot make the folder " + folder + ": " + error.message() : "";
}

std::string state_in_use(const std::string& folder, const std::string& holder) {
    return "seeds.state_dir: the journals in " + folder + " are in use by the network of " + holder +
           "; give each network a folder of its own, or leave seeds.state_dir empty";
}

std::vector<std::string> first_names(const NetworkPlan& plan) {
    std::vector<std::string> names;
    for (const NodeId seed : plan.config.seeds) names.push_back(file_stem(seed, Role::seed) + ".log");
    for (std::uint32_t i = 0; i < plan.initial_peers && plan.peer_ports.first + i <= plan.peer_ports.last; ++i) {
        names.push_back("peer-" + std::to_string(plan.peer_ports.first + i) + ".log");
    }
    if (plan.shared_log) names.emplace_back("outputfile.txt");
    return names;
}

std::string state_problem(const std::string& folder) {
    if (std::string problem = cannot_make("seeds.state_dir", folder); !problem.empty()) return problem;
    const std::string holder = FileLock::holder(lock_of(folder));
    return holder.empty() ? "" : state_in_use(folder, holder);
}

// A folder of its own in log.dir for a run that is not recorded. Others that clean log.dir leave it, since it is locked
// before they may look.
std::variant<FileLock, std::string> make_home(const std::string& log_dir, std::string& folder) {
    const FileLock quiet = FileLock::await(lock_of(log_dir));
    const std::string name = "run-" + local_time(wall_now(), "%Y%m%d-%H%M%S") + "-" + std::to_string(::getpid());
    folder = log_dir + "/" + name;
    if (std::string problem = WrittenFiles(log_dir).add(Kind::folder, {name}); !problem.empty()) return problem;
    if (std::string problem = make(folder); !problem.empty()) return problem;
    auto lock = FileLock::take(lock_of(folder));
    if (auto* held = std::get_if<FileLock>(&lock)) return std::move(*held);
    if (const auto* taken = std::get_if<FileLock::Taken>(&lock)) return folder + " is in use by " + taken->by;
    return std::get<std::string>(lock);
}

}  // namespace

std::string RunHome::problem_with(const NetworkPlan& plan) {
    std::string problem = cannot_make("log.dir", plan.log_dir);
    if (problem.empty()) problem = LogView::in_the_way(plan.log_dir, first_names(plan));
    if (problem.empty() && !plan.state_dir.empty()) problem = state_problem(plan.state_dir);
    if (problem.empty() && !plan.run_out.empty() && plan.home.empty()) problem = RunFolder::problem_with(plan.run_out);
    return problem;
}

std::variant<RunHome, std::string> RunHome::open(const NetworkPlan& plan) {
    if (std::string problem = problem_with(plan); !problem.empty()) return problem;
    if (std::string problem = make(plan.log_dir); !problem.empty()) return problem;
    std::string folder = plan.home;
    FileLock lock;
    if (folder.empty()) {
        auto made = make_home(plan.log_dir, folder);
        if (auto* problem = std::get_if<std::string>(&made)) return std::move(*problem);
        lock = std::get<FileLock>(std::move(made));
    }
    const std::string state = plan.state_dir.empty() ? folder + "/state" : plan.state_dir;
    std::string problem = WrittenFiles(folder).add(Kind::folder, {"logs"});
    for (const std::string& path : {folder + "/logs", state}) {
        if (problem.empty()) problem = make(path);
    }
    RunHome home(folder, state, LogView(plan.log_dir, folder, folder + "/logs"));
    home.lock_ = std::move(lock);
    if (problem.empty()) problem = plan.state_dir.empty() ? home.list_state() : home.lock_state();
    if (!problem.empty()) return problem;
    return home;
}

std::string RunHome::list_state() const { return WrittenFiles(folder_).add(Kind::folder, {"state"}); }

std::string RunHome::lock_state() {
    auto lock = FileLock::take(lock_of(state_));
    if (const auto* taken = std::get_if<FileLock::Taken>(&lock)) return state_in_use(state_, taken->by);
    if (auto* problem = std::get_if<std::string>(&lock)) return std::move(*problem);
    state_lock_ = std::get<FileLock>(std::move(lock));
    return {};
}

std::string RunHome::write_seeds(const SeedList& seeds) const {
    return WrittenFiles(folder_).write("seeds.txt", seed_list_text(seeds), "--out");
}

std::string RunHome::expect(Role role, const std::vector<NodeId>& ids, const std::string& host) const {
    const std::string where = host.empty() ? "logs" : "logs/" + host;
    WrittenFiles::Names names{std::string(FileLock::in_folder), where + "/outputfile.txt"};
    for (const NodeId id : ids) {
        for (const std::string& name : node_files(file_stem(id, role))) names.push_back(where + "/" + name);
        for (const char* end : {"", ".new"}) names.push_back(identity_path("state", role, id) + end);
        if (role == Role::peer) continue;
        for (const char* end : {"", ".lock", ".new"}) names.push_back("state/" + journal_name(id) + end);
    }
    WrittenFiles written(folder_);
    if (!host.empty()) {
        names.push_back(where + "/agent.err");
        if (std::string problem = written.add(Kind::folder, {where}); !problem.empty()) return problem;
    }
    return written.add(Kind::file, names);
}

}  // namespace gossip
