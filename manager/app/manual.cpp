#include "manager/app/manual.hpp"

#include "manager/base/options.hpp"
#include "manager/remote/remote_client.hpp"
#include "manager/shell/command_table.hpp"
#include "protocol/overlay.hpp"
#include "protocol/spread.hpp"

#include <array>
#include <cstdio>

namespace gossip {
namespace {

// Subcommands that are no verbs of the shell.
struct Subcommand {
    std::string_view usage;
    std::string_view summary;
};
constexpr std::array subcommands{
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

std::string first_word(std::string_view text) { return std::string(text.substr(0, text.find(' '))); }

// A line must not begin with a control character, and a backslash or a hyphen is one of roff's own.
std::string roff(std::string_view text) {
    std::string out;
    bool line_begins = true;
    for (const char c : text) {
        if (line_begins && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') out += "\\e";
        if (c == '-') out += "\\-";
        if (c != '\\' && c != '-') out += c;
        line_begins = c == '\n';
    }
    return out;
}

std::string entry(std::string_view head, std::string_view text) {
    return ".TP\n.B " + roff(head) + "\n" + roff(text) + "\n";
}

// A row of a table of the protocol.
template <class Facts>
std::string row_entry(const Facts& facts) {
    return entry(facts.name, std::string(facts.rule) + " (" + std::string(facts.source) +
                                 "). Keys: " + std::string(facts.options) + ".");
}

std::string example(std::string_view lines) { return ".RS\n.nf\n" + roff(lines) + "\n.fi\n.RE\n"; }

std::string verb_entry(const CommandSpec& spec) {
    std::string text = entry(command_head(spec), spec.summary);
    if (!spec.help.empty()) text += ".RS\n.nf\n" + roff(spec.help) + "\n.fi\n.RE\n";
    return text + example(spec.example);
}

constexpr std::string_view head =
    ".\\\" Made by gossipctl man; change the tables in manager/ instead.\n"
    ".TH GOSSIPCTL 1\n"
    ".SH NAME\n"
    "gossipctl \\- start, break and watch a gossip peer-to-peer network\n"
    ".SH SYNOPSIS\n"
    ".B gossipctl\n"
    "[\\fIOPTIONS\\fR] [\\fISUBCOMMAND\\fR]\n"
    ".SH DESCRIPTION\n"
    "Starts seeds, who agree by quorum on who is a member, and peers, who gossip and watch each other, each a\n"
    "process of its own, and takes commands: from the terminal, a pipe, a file, \\-e or a second terminal.\n"
    "The network ends with it.\n";

constexpr std::string_view exit_status =
    "0 all commands succeeded; 1 a well-formed command failed; 2 usage or configuration; 3 an expect was false;\n"
    "4 a wait ran out of time; 5 a node could not be started; 6 a node died that nobody killed;\n"
    "130 interrupted, 143 terminated, after clean-up.\n";

constexpr std::string_view bash_script = R"bash(# gossipctl: completion for bash
_gossipctl() {
    local line="${COMP_LINE:0:COMP_POINT}" word before kept
    word="${line##* }"
    before="${line%"$word"}"
    before="${before#* }"
    mapfile -t COMPREPLY < <(gossipctl completion words "$before" "$word" 2>/dev/null)
    # What readline takes for the beginning of the word stays where it is.
    kept="${word%"${word##*[:=@]}"}"
    [[ -n $kept ]] && COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o default -F _gossipctl gossipctl
)bash";

constexpr std::string_view fish_script =
    "# gossipctl: completion for fish\n"
    "complete -c gossipctl -a '(gossipctl completion words "
    "(commandline -cp | string replace -r \"^\\S+ \" \"\" | string replace -r \"\\S*$\" \"\") (commandline -ct))'\n";

using Words = std::vector<std::string>;

// Words of gossipctl's own command line; behind ctl, those of the shell in the running network.
Words words_for(const std::string& before, const std::string& word) {
    const std::size_t begin = before.find_first_not_of(' ');
    const std::string line = begin == std::string::npos ? "" : before.substr(begin);
    if (line.starts_with("ctl ")) return remote_completions(line.substr(4), word);
    Words out;
    if (line.starts_with("help ")) {
        for (const CommandSpec& spec : command_table()) out.emplace_back(spec.verb);
    } else if (line.starts_with("completion ")) {
        out = {"bash", "zsh", "fish"};
    } else {
        for (const Subcommand& sub : subcommands) out.push_back(first_word(sub.usage));
        for (const OptionText& option : option_texts()) out.emplace_back(option.name);
    }
    std::erase_if(out, [&](const std::string& candidate) { return !candidate.starts_with(word); });
    return out;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

std::vector<std::string> subcommand_names() {
    std::vector<std::string> names;
    for (const Subcommand& sub : subcommands) names.push_back(first_word(sub.usage));
    return names;
}

std::string manual_page() {
    std::string page(head);
    page += ".SH SUBCOMMANDS\n";
    for (const Subcommand& sub : subcommands) page += entry(sub.usage, sub.summary);
    page += ".SH OPTIONS\nEvery option has a variable: GOSSIPCTL_CONFIG, GOSSIPCTL_PEERS, …\n";
    for (const OptionText& option : option_texts()) {
        std::string name(option.short_name.empty() ? "" : std::string(option.short_name) + ", ");
        name += std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
        page += entry(name, option.help);
    }
    page += ".SH OVERLAY STRATEGIES\nOf overlay.strategy and \\-\\-overlay; with the keys of [overlay] that apply.\n";
    for (const OverlayStrategy* strategy : overlay_strategies()) page += row_entry(strategy->facts());
    page += ".SH WAYS TO SPREAD\nOf gossip.mode; with the keys of [gossip] that apply.\n";
    for (const SpreadMode* mode : spread_modes()) page += row_entry(mode->facts());
    page += ".SH COMMANDS\nOf the shell, of scripts and of ctl.\n";
    for (const CommandSpec& spec : command_table()) page += verb_entry(spec);
    return page + ".SH EXIT STATUS\n" + std::string(exit_status);
}

int completion_command(const std::vector<std::string>& arguments) {
    const std::string what = arguments.empty() ? "" : arguments.front();
    if (what == "words" && arguments.size() == 3) {
        for (const std::string& word : words_for(arguments[1], arguments[2])) print(word + "\n");
    } else if (what == "bash") {
        print(bash_script);
    } else if (what == "zsh") {
        print("# gossipctl: completion for zsh, through bash's\nautoload -U +X bashcompinit && bashcompinit\n");
        print(bash_script);
    } else if (what == "fish") {
        print(fish_script);
    } else if (what == "--help" || what == "-h") {
        print(
            "Examples:\n  gossipctl completion bash > /etc/bash_completion.d/gossipctl\n"
            "  source <(gossipctl completion bash)\n\nPrints a completion script for bash, zsh or fish.\n");
    } else {
        std::fprintf(stderr, "gossipctl: %s: completion needs bash, zsh or fish\n",
                     std::string(error_word(ErrorKind::usage)).c_str());
        return exit_code(ErrorKind::usage);
    }
    return 0;
}

}  // namespace gossip
