#include "manager/page/replay_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/page/recorded_site.hpp"
#include "manager/runs/page_recording.hpp"
#include "manager/runs/run_folder.hpp"

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

constexpr OptionOf<ReplayOptions> options[] = {
    {{"--listen", "", "IP:PORT", ""},
     [](ReplayOptions& o, const std::string& v) -> std::string {
         o.listen = parse_node(v);
         const bool here = o.listen && endpoint(*o.listen).ip >> 24 == 127;
         return here ? "" : "is not an address of this machine alone, as 127.0.0.1:8080 is";
     }},
    {{"--config", "-c", "FILE", ""},
     [](ReplayOptions& o, const std::string& v) -> std::string { return o.network.config = v, ""; }},
};

std::variant<ReplayOptions, std::string> parse(const std::vector<std::string>& arguments) {
    ReplayOptions replay;
    const auto read = read_command_line(texts_of<ReplayOptions>(options), arguments, "gossipctl replay --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    replay.help = line.help;
    if (line.words.size() > 1) return "\"" + line.words[1] + "\" is too much: one run is replayed at a time";
    if (!line.words.empty()) replay.run = line.words.front();
    if (std::string problem = apply_options<ReplayOptions>(options, line, replay); !problem.empty()) return problem;
    return replay;
}

}  // namespace

int replay_command(const std::vector<std::string>& arguments) {
    auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain(ErrorKind::usage, *problem);
    const auto& replay = std::get<ReplayOptions>(parsed);
    if (replay.help) {
        std::fputs(usage, stdout);
        return 0;
    }
    const auto plan = plan_network(replay.network);
    if (const auto* problem = std::get_if<std::string>(&plan)) return complain(ErrorKind::config, *problem);
    const auto& network = std::get<NetworkPlan>(plan);
    const auto run = find_run(replay.run, network.runs_dir.empty() ? "runs" : network.runs_dir);
    if (const auto* problem = std::get_if<std::string>(&run)) return complain(ErrorKind::command, *problem);
    const std::string folder = std::get<FoundRun>(run).path;
    const auto page = page_of_run(folder);
    if (const auto* problem = std::get_if<std::string>(&page)) return complain(ErrorKind::command, *problem);
    const auto& recorded = std::get<RecordedPage>(page);
    if (!recorded.remark.empty()) std::fprintf(stderr, "%s: %s\n", folder.c_str(), recorded.remark.c_str());
    EventLoop loop;
    RecordedSite site(loop, [&] { return recorded.json; });
    if (const auto problem = site.open(replay.listen.value_or(network.page_listen))) {
        return complain(ErrorKind::start, *problem);
    }
    std::printf("Page: %s\n%s, %zu frames. Ctrl-C ends it.\n", site.url().c_str(), folder.c_str(), recorded.frames);
    std::fflush(stdout);
    return serve_until_ended(loop);
}

}  // namespace gossip
