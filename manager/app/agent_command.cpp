#include "manager/app/agent_command.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/failure.hpp"
#include "manager/hosts/agent.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

extern char** environ;

namespace gossip {
namespace {

// The configuration is the manager's alone.
void forget_variables() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.starts_with("GOSSIPCTL_")) names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : names) ::unsetenv(name.c_str());
}

}  // namespace

std::string_view agent_usage() {
    return "Examples:\n"
           "  gossipctl -e 'add 20 --host h1; wait registered 25'     what starts it: a [[host]] h1 in config.toml\n"
           "  ssh me@h1 gossipctl agent --stdio </dev/null            does it answer there? one line, with its "
           "version\n"
           "\n"
           "agent --stdio\n"
           "Starts, signals and watches nodes on this machine for a manager on another one, which runs it over ssh or\n"
           "by the command of the [[host]] and talks to it on stdin and stdout, one JSON object a line. Nodes end "
           "with\n"
           "their agent, and the agent with its stdin: when the manager dies or the connection breaks. Their logs are\n"
           "in the dir of the [[host]], ~/.local/state/gossipctl/NAME if it has none, and come to the manager as "
           "well.\n"
           "Exit codes: 0 the manager ended it, 2 it was asked for something it does not understand.\n";
}

int agent_command(const std::vector<std::string>& arguments) {
    constexpr OptionText stdio{"--stdio", "", "", ""};
    const auto read = read_command_line({&stdio, 1}, arguments, "gossipctl agent --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return complain("agent", ErrorKind::usage, *problem);
    const auto& line = std::get<CommandLine>(read);
    if (line.help) {
        std::fputs(std::string(agent_usage()).c_str(), stdout);
        return 0;
    }
    if (!line.words.empty())
        return complain("agent", ErrorKind::usage,
                        "\"" + line.words.front() + "\" is too much; see gossipctl agent --help");
    if (line.options.empty())
        return complain("agent", ErrorKind::usage, "--stdio is missing; see gossipctl agent --help");
    forget_variables();
    std::signal(SIGPIPE, SIG_IGN);  // a manager that is gone is an error of that write
    boost::asio::io_context io{1};
    try {
        Agent agent(io, STDIN_FILENO, STDOUT_FILENO);
        return agent.run();
    } catch (const boost::system::system_error&) {
        return complain("agent", ErrorKind::usage, "stdin and stdout must be pipes, sockets or a terminal");
    }
}

}  // namespace gossip
