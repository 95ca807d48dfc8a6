#include "manager/base/subcommands.hpp"

#include <array>

namespace gossip {
namespace {

constexpr std::array table{
    Subcommand{"run FILE.gsh", "start a network, run a script in it, and end it"},
    Subcommand{"node --role seed|peer --listen IP:PORT", "one node by itself, on this or a remote machine"},
    Subcommand{"agent --stdio", "many nodes of this machine for a manager on another one, over ssh"},
    Subcommand{"sim", "the same protocol in virtual time"},
    Subcommand{"predict", "what theory says of a network before it runs, each figure with its formula"},
    Subcommand{"demo [--text]", "six phases of a network's life, step by step, in a browser or the terminal"},
    Subcommand{"replay [RUN]", "the page of a run that is over: play, pause, step forwards and back, seek"},
    Subcommand{"ctl COMMAND…", "a command in the network that another terminal runs"},
    Subcommand{"attach", "a second prompt on it"},
    Subcommand{"stats [RUN]", "the figures of a recorded run (the newest)"},
    Subcommand{"export html|perfetto|dot|graphml|csv [RUN] [--to FILE]", "a recorded run in the forms of other tools"},
    Subcommand{"plot [RUN] [--to FOLDER]", "coverage, latency, degrees and detection of a recorded run as SVG"},
    Subcommand{"compare RUN RUN", "each figure of one run beside the other's"},
    Subcommand{"topology", "overlay strategies side by side: degree law with fit, robustness, cost; table, SVG, CSV"},
    Subcommand{"advise [--peers N] [--stall TIME] …", "parameters for circumstances, tried in the simulator"},
    Subcommand{"sweep FILE.toml [--jobs N]", "one run for each combination of parameters and each seed; resumable"},
    Subcommand{"check [FILE]", "is this configuration right?"},
    Subcommand{"doctor", "can a network run on this machine, in this folder?"},
    Subcommand{"completion bash|zsh|fish", "print a script for the shell's completion"},
    Subcommand{"man", "print this page"},
    Subcommand{"help [VERB]", "the command line, or one verb of the shell"},
};

}  // namespace

std::span<const Subcommand> subcommands() { return table; }

std::vector<std::string> subcommand_names() {
    std::vector<std::string> names;
    for (const Subcommand& sub : table) names.emplace_back(sub.usage.substr(0, sub.usage.find(' ')));
    return names;
}

}  // namespace gossip
