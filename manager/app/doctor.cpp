#include "manager/app/doctor.hpp"

#include "manager/base/console.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/base/program.hpp"
#include "manager/hosts/agent_host.hpp"
#include "manager/hosts/process.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/network/start_check.hpp"
#include "manager/remote/remote_socket.hpp"
#include "manager/view/live_log.hpp"
#include "node/base/file.hpp"
#include "node/base/listener.hpp"
#include "node/config/config_file.hpp"
#include "node/config/seed_list_file.hpp"
#include "node/config/settings.hpp"

#include <langinfo.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <filesystem>

namespace gossip {
namespace {

namespace fs = std::filesystem;

enum class Fitness : std::uint8_t { good, note, bad };

// Collects rows; remembers whether one of them keeps a network from starting.
class Findings {
public:
    void add(std::string check, Fitness verdict, std::string text) {
        constexpr std::string_view words[] = {"ok", "note", "bad"};
        constexpr Style styles[] = {Style::green, Style::yellow, Style::red};
        const auto index = static_cast<std::size_t>(verdict);
        table_.add({{std::move(check)}, {std::string(words[index]), "", styles[index]}, {std::move(text)}});
        bad_ = bad_ || verdict == Fitness::bad;
    }
    [[nodiscard]] const Table& table() const { return table_; }
    [[nodiscard]] bool bad() const { return bad_; }

private:
    Table table_{{{"check"}, {"verdict"}, {"what"}}};
    bool bad_{false};
};

// As a node would listen there; empty, or why not.
std::string cannot_bind(NodeId id) {
    const auto bound = bind_socket(id);
    const int* error = std::get_if<int>(&bound);
    return error == nullptr ? "" : error_text(*error);
}

// The nearest folder above that exists decides.
bool can_write(fs::path path) {
    path = fs::absolute(path);
    std::error_code error;
    while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
    return ::access(path.c_str(), W_OK) == 0;
}

void check_files(const Options& options, Findings& found) {
    std::string files;
    for (const std::string& file : standard_sources(options.config).files) files += (files.empty() ? "" : " < ") + file;
    found.add("configuration", Fitness::good, files.empty() ? "no file: the built-in values" : files);
}

void check_ports(const NetworkPlan& plan, Findings& found) {
    std::string taken;
    for (const NodeId seed : plan.config.seeds) {
        if (std::string why = cannot_bind(seed); !why.empty()) {
            taken += (taken.empty() ? "" : ", ") + node_name(seed) + " (" + why + ")";
        }
    }
    if (taken.empty())
        found.add("seed ports", Fitness::good, port_ranges({plan.config.seeds.begin(), plan.config.seeds.end()}));
    else
        found.add("seed ports", Fitness::note, taken + ": the next free ones are taken; or use --port-offset N");
    std::size_t free = 0;
    for (std::uint32_t port = plan.peer_ports.first; port <= plan.peer_ports.last; ++port) {
        if (cannot_bind(node_id({0x7f000001, static_cast<std::uint16_t>(port)})).empty()) ++free;
    }
    const std::string text = std::to_string(free) + " free in " + std::to_string(plan.peer_ports.first) + "-" +
                             std::to_string(plan.peer_ports.last) + " for " + std::to_string(plan.initial_peers) +
                             " peers";
    found.add("peer ports", free < plan.initial_peers ? Fitness::bad : Fitness::good, text);
}

void check_folder(const std::string& name, const std::string& path, Findings& found) {
    if (path.empty()) return;
    const bool good = can_write(path);
    found.add(name, good ? Fitness::good : Fitness::bad, path + (good ? "" : ": cannot be written"));
}

// A peer holds a socket a link, and the manager two descriptors a node.
void check_limits(const NetworkPlan& plan, Findings& found) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const std::uint64_t need = 64 + 4 * (plan.initial_peers + plan.config.seeds.size());
    found.add("open files", files.rlim_max < need ? Fitness::bad : Fitness::good,
              std::to_string(files.rlim_max) + " allowed, about " + std::to_string(need) + " needed");
    constexpr std::uint64_t bytes_each = 15'000'000;  // a node's resident memory at rest
    const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_AVPHYS_PAGES)));
    const std::uint64_t free = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t wanted = bytes_each * (plan.initial_peers + plan.config.seeds.size());
    found.add(
        "memory", free < wanted ? Fitness::note : Fitness::good,
        std::to_string(free / 1'000'000) + " MB free, about " + std::to_string(wanted / 1'000'000) + " MB needed");
}

// What agents say on stderr while they are looked at.
class ScratchFolder {
public:
    ScratchFolder() : path_((fs::temp_directory_path() / "gossipctl-doctor-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) path_.clear();
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Each agent is started, as for a network, and ends again.
void check_hosts(const NetworkPlan& plan, Findings& found) {
    EventLoop loop;
    const ScratchFolder scratch;
    for (const HostSettings& host : plan.hosts) {
        AgentHost agent(loop, {host,
                               scratch.path() + "/" + host.name,
                               {},
                               plan.toml,
                               seed_list_text({plan.config.seeds, plan.config.seed_keys})});
        WaitEnd end{};
        agent.begin();
        const std::string problem = agent.await(end);
        found.add("host " + host.name, problem.empty() ? Fitness::good : Fitness::bad,
                  problem.empty() ? "its agent answers; " + host.name + ": logs in " + plan.log_dir + "/" + host.name +
                                        ", there in " + agent.folder_there()
                                  : problem);
        agent.close();
        loop.run_until([&] { return agent.gone(); }, std::chrono::seconds(2));
    }
}

void check_surroundings(Findings& found) {
    const RuntimeFolder sockets = runtime_folder();
    std::string running;
    if (sockets.problem.empty()) {
        for (const RunningNetwork& network : running_networks(sockets.path))
            running += " " + std::to_string(network.name);
    }
    found.add("second terminal", sockets.problem.empty() ? Fitness::good : Fitness::note,
              !sockets.problem.empty() ? sockets.problem
              : running.empty()        ? sockets.path + ", no network runs"
                                       : "networks that run (by first seed):" + running);
    const bool gnuplot = find_program("gnuplot").has_value();
    found.add(
        "plots", gnuplot ? Fitness::good : Fitness::note,
        gnuplot ? "gnuplot is installed" : "no gnuplot: apt-get install gnuplot-nox for plot and topology --plot");
    std::setlocale(LC_CTYPE, "");
    const std::string letters = ::nl_langinfo(CODESET);
    found.add("letters", letters == "UTF-8" ? Fitness::good : Fitness::note,
              letters == "UTF-8" ? letters : letters + ": the output is UTF-8; export LANG=C.UTF-8 suits it");
}

}  // namespace

int doctor(const Options& options) {
    Console console(false, options.color, options.format.value_or(TableFormat::table));
    Findings found;
    const auto plan = plan_network(options);
    if (const auto* problem = std::get_if<std::string>(&plan)) {
        found.add("configuration", Fitness::bad, *problem);
    } else {
        const auto& network = std::get<NetworkPlan>(plan);
        check_files(options, found);
        check_ports(network, found);
        check_folder("logs", network.log_dir, found);
        check_folder("run folders", network.run_out.empty() ? network.runs_dir : network.run_out, found);
        if (const auto failure = check_start(network)) found.add("start", Fitness::bad, failure->text);
        check_limits(network, found);
        check_hosts(network, found);
    }
    check_surroundings(found);
    console.result(found.table());
    return found.bad() ? exit_code(ErrorKind::command) : 0;
}

}  // namespace gossip
