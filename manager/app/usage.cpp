#include "manager/app/usage.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/options.hpp"
#include "manager/shell/command_table.hpp"

#include <string_view>

namespace gossip {
namespace {

std::string option_lines() {
    std::string out;
    for (const OptionText& option : option_texts()) {
        std::string typed = option.short_name.empty() ? "    " : std::string(option.short_name) + ", ";
        typed += std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
        out += option_line(typed, option.help, 34);
    }
    return out +
           "  -h, --help, -V, --version, --build-info\nEvery option has a variable: GOSSIPCTL_CONFIG, "
           "GOSSIPCTL_PEERS, …\n";
}

constexpr std::string_view check_usage =
    "Examples:\n"
    "  gossipctl check                  is ./config.toml right?\n"
    "  gossipctl check lab.toml         is lab.toml right?\n"
    "  gossipctl check --peers 50 --set gossip.interval=1s > lab.toml    the same as a file\n"
    "\n"
    "Reads a configuration, says where it is wrong (exit code 2), or prints every key with the value in force\n"
    "and, as a last line, what it would start (0). Starts nothing.\n";

constexpr std::string_view doctor_usage =
    "Examples:\n"
    "  gossipctl doctor                 can the network of ./config.toml run here?\n"
    "  gossipctl doctor --peers 200     can one of 200 peers?\n"
    "\n"
    "Looks at the configuration, ports, folders, limits and programs that a network uses, and says what to do. Starts\n"
    "nothing. Exit code 1 when a network could not start.\n";

constexpr std::string_view main_usage =
    "Examples:\n"
    "  gossipctl                                     a network from ./config.toml, and a shell on it\n"
    "  gossipctl --seeds 5 --peers 50                another size\n"
    "  gossipctl -e 'wait registered == 5; list'     a few commands, then the network ends\n"
    "  gossipctl run experiment.gsh                  a script from a file\n"
    "  echo 'kill 7003; wait removed 7003 10s' | gossipctl\n"
    "  gossipctl ctl list                            a command in the network that another terminal runs\n"
    "  gossipctl attach                              a second prompt on it\n"
    "  gossipctl demo                                six phases of a network's life, step by step, in a browser\n"
    "  gossipctl help wait                           one command of the shell, with examples\n"
    "  gossipctl stats; gossipctl replay             the figures of the newest run; see it again in a browser\n"
    "  gossipctl export html|perfetto|dot|graphml|csv    the newest run for others; compare RUN RUN\n"
    "  gossipctl topology --peers 10000              overlay strategies side by side: degree law, losses, cost\n"
    "  gossipctl check lab.toml                      is this configuration right?\n"
    "  gossipctl doctor                              can a network run on this machine?\n"
    "  gossipctl node --role peer --listen 127.0.0.1:7100    one node by itself; see gossipctl node --help\n"
    "  gossipctl sim --peers 1000 --messages 20      the same protocol in virtual time; see gossipctl sim --help\n"
    "  gossipctl predict --peers 1000                what theory says of it; see gossipctl predict --help\n"
    "  gossipctl sweep study.toml --jobs 2           parameters against figures, each with several seeds\n"
    "  gossipctl advise --peers 500 --stall 20s      which parameters to take, tried in the simulator\n"
    "\n"
    "Starts seeds (who agree by quorum on who is a member) and peers (who gossip and watch each other), each a\n"
    "process of its own, and takes commands: from the terminal, a pipe, a file or -e. The network ends with it.\n"
    "\n"
    "Options:\n";

constexpr std::string_view exit_codes =
    "\nExit codes: 0 all well · 1 a command failed · 2 usage or configuration · 3 an expect was false\n"
    "  4 a wait ran out of time · 5 a node could not be started · 6 a node died that nobody killed\n"
    "  129 hung up · 130 interrupted · 143 terminated\n";

}  // namespace

std::string usage_text(const std::string& topic) {
    if (topic == "check") return std::string(check_usage);
    if (topic == "doctor") return std::string(doctor_usage);
    if (std::string verb = command_help(topic); !verb.empty()) return verb;
    return std::string(main_usage) + option_lines() + "\nCommands:\n" + command_summary() + std::string(exit_codes);
}

}  // namespace gossip
