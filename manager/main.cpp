#include "manager/advise_command.hpp"
#include "manager/check.hpp"
#include "manager/demo_command.hpp"
#include "manager/manual.hpp"
#include "manager/options.hpp"
#include "manager/predict_command.hpp"
#include "manager/remote_client.hpp"
#include "manager/replay_command.hpp"
#include "manager/run_command.hpp"
#include "manager/shell.hpp"
#include "manager/sim_command.hpp"
#include "manager/sweep_command.hpp"
#include "manager/topology_command.hpp"
#include "node/node_command.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

int run(int argc, char** argv) {
    using namespace gossip;
    if (argc > 1 && std::string(argv[1]) == "node") return node_command(argc - 1, argv + 1);
    if (argc > 1 && std::string(argv[1]) == "sim") return sim_command({argv + 2, argv + argc});
    if (argc > 1 && is_run_command(argv[1])) return run_command({argv + 1, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "topology") return topology_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "predict") return predict_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "sweep") return sweep_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "advise") return advise_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "demo") return demo_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "replay") return replay_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "ctl") return ctl_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "attach") return attach_command({argv + 2, argv + argc});
    if (argc > 1 && std::string(argv[1]) == "completion") return completion_command({argv + 2, argv + argc});
    if (argc == 2 && std::string(argv[1]) == "man") {
        std::fputs(manual_page().c_str(), stdout);
        return 0;
    }
    const auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* problem = std::get_if<std::string>(&parsed)) {
        std::fprintf(stderr, "gossipctl: %s: %s\n", std::string(error_word(ErrorKind::usage)).c_str(),
                     problem->c_str());
        return exit_code(ErrorKind::usage);
    }
    const auto& options = std::get<Options>(parsed);
    switch (options.mode) {
        case Mode::help:
            std::fputs(usage_text(options.help_topic).c_str(), stdout);
            return 0;
        case Mode::version:
            std::puts(version_text().c_str());
            return 0;
        case Mode::check:
            return check_config(options);
        case Mode::network:
            break;
    }
    return run_network(options);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        // Nodes end with us: their lifeline closes.
        std::fprintf(stderr, "gossipctl: E_COMMAND: %s\n", error.what());
        return 1;
    }
}
