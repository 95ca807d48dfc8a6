#include "manager/app/agent_command.hpp"
#include "manager/app/check.hpp"
#include "manager/app/doctor.hpp"
#include "manager/app/manual.hpp"
#include "manager/app/shell.hpp"
#include "manager/app/usage.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/base/output.hpp"
#include "manager/base/variables.hpp"
#include "manager/base/version.hpp"
#include "manager/demo/demo_command.hpp"
#include "manager/lab/advise_command.hpp"
#include "manager/lab/predict_command.hpp"
#include "manager/lab/sim_command.hpp"
#include "manager/lab/sweep_command.hpp"
#include "manager/lab/topology_command.hpp"
#include "manager/page/replay_command.hpp"
#include "manager/remote/remote_client.hpp"
#include "manager/runs/run_command.hpp"
#include "node/node_command.hpp"

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using Words = std::vector<std::string>;

// Subcommands that are no network of ours; `words` are those behind the name.
std::optional<int> run_tool(const std::string& name, const Words& words) {
    using namespace gossip;
    using Tool = int (*)(const Words&);
    constexpr std::pair<std::string_view, Tool> tools[] = {
        {"sim", sim_command},         {"topology", topology_command},
        {"predict", predict_command}, {"sweep", sweep_command},
        {"advise", advise_command},   {"demo", demo_command},
        {"replay", replay_command},   {"ctl", ctl_command},
        {"attach", attach_command},   {"completion", completion_command},
        {"agent", agent_command}};
    for (const auto& [tool, command] : tools) {
        if (tool == name) return command(with_variables(name, words));
    }
    if (!is_run_command(name)) return std::nullopt;
    Words all = with_variables(name, words);
    all.insert(all.begin(), name);
    return run_command(all);
}

int run(int argc, char** argv) {
    using namespace gossip;
    const std::string name = argc > 1 ? argv[1] : "";
    if (name == "node") return node_command(argc - 1, argv + 1);
    if (argc > 1) {
        if (const auto code = run_tool(name, {argv + 2, argv + argc})) return *code;
    }
    if (argc == 2 && name == "man") {
        std::fputs(manual_page().c_str(), stdout);
        return 0;
    }
    const auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain(ErrorKind::usage, *problem);
    const auto& options = std::get<Options>(parsed);
    switch (options.mode) {
        case Mode::help:
            std::fputs(usage_text(options.help_topic).c_str(), stdout);
            return 0;
        case Mode::version:
            std::puts(version_text().c_str());
            return 0;
        case Mode::build_info:
            std::fputs(build_info_text().c_str(), stdout);
            return 0;
        case Mode::doctor:
            return doctor(options);
        case Mode::check:
            return check_config(options);
        case Mode::network:
            break;
    }
    return run_network(options);
}

}  // namespace

int main(int argc, char** argv) {
    gossip::open_standard_streams();
    try {
        return gossip::with_output_checked(run(argc, argv));
    } catch (const std::exception& error) {
        // Nodes end with us: their lifeline closes.
        return gossip::complain(gossip::ErrorKind::command, error.what());
    }
}
