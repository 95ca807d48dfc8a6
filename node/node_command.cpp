#include "node/node_command.hpp"

#include "node/base/error_line.hpp"
#include "node/base/process_limits.hpp"
#include "node/node_process.hpp"
#include "node/options.hpp"

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <exception>

namespace gossip {
namespace {

int complain(const char* word, const std::string& text, int code) {
    print_error(word, text);
    return code;
}

int run_node(const NodeOptionsGiven& given) {
    auto started = NodeProcess::start(given);
    if (const auto* failure = std::get_if<NodeStartFailure>(&started)) {
        return complain(failure->exit_code == 5 ? "E_START" : "E_CONFIG", failure->text, failure->exit_code);
    }
    return std::get<std::unique_ptr<NodeProcess>>(started)->run();
}

}  // namespace

int node_command(int argc, char** argv) {
    const auto parsed = parse_node_options(argc, argv);
    if (const auto* help = std::get_if<HelpWanted>(&parsed)) {
        std::fputs(help->text.c_str(), stdout);
        return 0;
    }
    if (const auto* bad = std::get_if<BadUsage>(&parsed)) return complain("E_USAGE", bad->text, 2);
    const auto& given = std::get<NodeOptionsGiven>(parsed);
    // A managed node must not outlive its manager. The kernel kills it; it also ends when the control channel closes.
    if (given.control_fd >= 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);  // writing to a closed socket fails with EPIPE instead
    raise_descriptor_limit();
    forbid_core_dumps();
    try {
        return run_node(given);
    } catch (const std::exception& e) {
        return complain("E_START", e.what(), 5);
    }
}

}  // namespace gossip
