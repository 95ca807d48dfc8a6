#include "manager/page/replay_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/page/recorded_site.hpp"
#include "manager/runs/page_recording.hpp"
#include "manager/runs/run_folder.hpp"
#include "node/base/words.hpp"

#include <csignal>
#include <cstdio>

namespace gossip {
namespace {

constexpr const char* usage =
    "Examples:\n"
    "  gossipctl replay                     the newest run, step by step, in a browser\n"
    "  gossipctl replay 20260224-2032       the run whose folder's name begins so\n"
    "  gossipctl replay runs/latest --listen 127.0.0.1:9000\n"
    "\n"
    "Serves the page of a run that is over, to this machine only: play, pause, step forwards and back, seek. Nothing "
    "of\n"
    "the run is changed. Ctrl-C ends it. A run that still goes on is shown as far as it is recorded.\n"
    "\n"
    "  --listen IP:PORT   where, on this machine (default: web.listen of the configuration)\n"
    "  -c, --config FILE  whose log.runs says where runs are kept\n";

struct ReplayOptions {
    std::string run{"latest"};
    std::optional<NodeId> listen;
    Options network;
    bool help{false};
};

std::string set_value(ReplayOptions& options, const std::string& name, const std::string& value) {
    if (name == "--config" || name == "-c") return options.network.config = value, std::string();
    options.listen = parse_node(value);
    if (options.listen && endpoint(*options.listen).ip >> 24 == 127) return {};
    return "--listen: \"" + value + "\" is not an address of this machine alone, as 127.0.0.1:8080 is";
}

std::variant<ReplayOptions, std::string> parse(const std::vector<std::string>& arguments) {
    ReplayOptions options;
    bool named = false;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string& argument = arguments[at];
        const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
        const std::string name = argument.substr(0, equals);
        if (name == "--help" || name == "-h") {
            options.help = true;
        } else if (name == "--listen" || name == "--config" || name == "-c") {
            if (equals == std::string::npos && at + 1 == arguments.size()) return name + " needs a value";
            const std::string value = equals == std::string::npos ? arguments[++at] : argument.substr(equals + 1);
            if (std::string problem = set_value(options, name, value); !problem.empty()) return problem;
        } else if (argument.starts_with('-')) {
            const std::string near = closest(name, {"--listen", "--config", "--help"});
            return "unknown option " + name +
                   (near.empty() ? "; see gossipctl replay --help" : "; did you mean " + near + "?");
        } else if (std::exchange(named, true)) {
            return "\"" + argument + "\" is too much: one run is replayed at a time";
        } else {
            options.run = argument;
        }
    }
    return options;
}

}  // namespace

int replay_command(const std::vector<std::string>& arguments) {
    auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain(ErrorKind::usage, *problem);
    const auto& options = std::get<ReplayOptions>(parsed);
    if (options.help) {
        std::fputs(usage, stdout);
        return 0;
    }
    const auto plan = plan_network(options.network);
    if (const auto* problem = std::get_if<std::string>(&plan)) return complain(ErrorKind::config, *problem);
    const auto& network = std::get<NetworkPlan>(plan);
    const auto run = find_run(options.run, network.runs_dir.empty() ? "runs" : network.runs_dir);
    if (const auto* problem = std::get_if<std::string>(&run)) return complain(ErrorKind::command, *problem);
    const std::string folder = std::get<FoundRun>(run).path;
    const auto page = page_of_run(folder);
    if (const auto* problem = std::get_if<std::string>(&page)) return complain(ErrorKind::command, *problem);
    const auto& recorded = std::get<RecordedPage>(page);
    if (!recorded.remark.empty()) std::fprintf(stderr, "%s: %s\n", folder.c_str(), recorded.remark.c_str());
    EventLoop loop;
    RecordedSite site(loop, [&] { return recorded.json; });
    if (const auto problem = site.open(options.listen.value_or(network.page_listen))) {
        return complain(ErrorKind::start, *problem);
    }
    std::printf("Page: %s\n%s, %zu frames. Ctrl-C ends it.\n", site.url().c_str(), folder.c_str(), recorded.frames);
    std::fflush(stdout);
    return serve_until_ended(loop);
}

}  // namespace gossip
