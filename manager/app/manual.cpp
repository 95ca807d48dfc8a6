#include "manager/app/manual.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/base/subcommands.hpp"
#include "manager/remote/remote_client.hpp"
#include "manager/shell/command_table.hpp"
#include "protocol/overlay.hpp"
#include "protocol/spread.hpp"

#include <cstdio>

namespace gossip {
namespace {

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
    "129 hung up, 130 interrupted, 143 terminated, after clean-up.\n";

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
        for (std::string& name : subcommand_names()) out.push_back(std::move(name));
        for (const OptionText& option : option_texts()) out.emplace_back(option.name);
    }
    std::erase_if(out, [&](const std::string& candidate) { return !candidate.starts_with(word); });
    return out;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

std::string manual_page() {
    std::string page(head);
    page += ".SH SUBCOMMANDS\n";
    for (const Subcommand& sub : subcommands()) page += entry(sub.usage, sub.summary);
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
        return complain(ErrorKind::usage, "completion needs bash, zsh or fish");
    }
    return 0;
}

}  // namespace gossip
