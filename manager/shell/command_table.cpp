#include "manager/shell/command_table.hpp"

#include "manager/shell/listing_format.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gossip {
namespace {

constexpr std::string_view selector_help =
    "SEL is 7003, 127.0.0.1:7003, 7001-7005, peers, seeds, all, @hub (highest degree), @random:3, host=h1 (a name or\n"
    "an IP), or a list of these with commas.";

constexpr std::string_view condition_help =
    "Conditions:\n"
    "  registered == 10              a quorum of seeds agrees on a list of 10 peers (short: registered 10)\n"
    "  removed 7004                  no live seed lists it any more\n"
    "  agree                         all live seeds hold the same list\n"
    "  connected                     the live registered peers form one component\n"
    "  reached last == all           live registered peers that have this message (last: the last one said)\n"
    "  coverage(last) >= 0.99        the same as a share\n"
    "  degree.max >= 5               also degree.min, degree.mean\n"
    "  p95(latency) < 200ms          also p50, p99; of one message: p95(latency last)\n"
    "  alpha in 2..3.5               exponent of the degrees' fitted power law; also alpha >= 2\n"
    "  alive(7003) · suspects == 0 · log 7003 ~ \"TEXT\" · votes(remove 7004).yes >= quorum\n"
    "  not CONDITION                 the opposite\n"
    "Compare with == != < <= > >=, against a number, 99%, all, quorum or seeds.";

constexpr std::array table{
    CommandSpec{"list", "[SEL]", "all nodes with state, degree, traffic, memory, uptime", selector_help,
                "list\nlist peers -o json", Completes::groups_and_nodes, commands::list, true},
    CommandSpec{
        "add", "[N] [--port P] [--host H]", "start N more peers (1) and print their ids",
        "Returns when they are ready; wait registered says when the seeds have admitted them. H is the name of a\n"
        "[[host]] in config.toml: they start there, through an agent (ssh, or the command of the [[host]]).",
        "add\nadd 3\nadd --port 7100", Completes::nothing, commands::add},
    CommandSpec{"kill", "SEL", "end nodes at once, as a crash does (SIGKILL)", selector_help,
                "kill 7003\nkill @hub\nkill 7001-7004", Completes::groups_and_nodes, commands::kill},
    CommandSpec{"stop", "SEL", "let nodes leave in order (leave, then SIGTERM)", selector_help, "stop 7003",
                Completes::groups_and_nodes, commands::stop},
    CommandSpec{"pause", "SEL", "freeze nodes (SIGSTOP): they are silent, and do not know it", selector_help,
                "pause 7003", Completes::groups_and_nodes, commands::pause},
    CommandSpec{"resume", "SEL", "let frozen nodes go on (SIGCONT)", selector_help, "resume 7003",
                Completes::groups_and_nodes, commands::resume},
    CommandSpec{"restart", "SEL", "kill if need be, and start again: same id and port, new incarnation",
                "A seed finds its journal again. Groups mean ended nodes as well: restart seeds.",
                "restart 7003\nrestart 6001", Completes::groups_and_nodes, commands::restart},
    CommandSpec{"partition", "SEL [| SEL]…", "cut the links between sides; one side alone: from everybody else",
                "Messages wait and arrive after heal, as TCP's do; a connection that waits for 10 s breaks, a dial\n"
                "gets no answer. Sides are sets of nodes; who is on none of them reaches all. See faults, heal.",
                "partition 7000-7002 | 7003,7004\npartition 6002\nheal", Completes::groups_and_nodes,
                commands::partition},
    CommandSpec{"heal", "[SEL]", "end all faults on links, or on those from and to some nodes", selector_help,
                "heal\nheal 7003", Completes::groups_and_nodes, commands::heal},
    CommandSpec{"link", "A [->] B FAULTS", "impair the links between nodes, both ways or (->) one way",
                "FAULTS: delay 50ms · jitter 10ms · loss 10% · dup 1% · reorder 5% · rate 64KB/s · cut · clear\n"
                "What is not named stays as it is; clear comes first. The draws follow --seed.",
                "link 7000 7001 delay 50ms loss 10% dup 1% reorder 5%\nlink 7000 -> 7001 cut\n"
                "link peers peers clear",
                Completes::groups_and_nodes, commands::link},
    CommandSpec{"delay", "SEL TIME [JITTER]", "slow all links from and to nodes", selector_help,
                "delay 7003 100ms 20ms\ndelay 7003 0s", Completes::groups_and_nodes, commands::delay},
    CommandSpec{"loss", "SEL SHARE", "lose messages on all links from and to nodes", selector_help,
                "loss 7003 10%\nloss 7003 0%", Completes::groups_and_nodes, commands::loss},
    CommandSpec{"faults", "", "the faults in force, link by link, and what they lost and hold", "", "faults",
                Completes::nothing, commands::faults, true},
    CommandSpec{"churn", "RATE [TIME] | off", "random deaths and births in the background",
                "RATE is 2/min, 0.5/s or 30/h: so many deaths, and as many births. Ends with off or after TIME.",
                "churn 2/min 5m\nchurn off", Completes::nothing, commands::churn},
    CommandSpec{"say", "ID TEXT…", "let a peer send a message to all; prints the message's id", "",
                "say 7000 hello world", Completes::nodes, commands::say},
    CommandSpec{"publish", "SEL [--size B] [--rate R] [--count N]", "let peers say many messages, as a load",
                "Of B bytes each (64), R a second (10/s), N in all (1); the peers take turns.",
                "publish 7000 --count 5\npublish peers --size 200 --rate 50/s --count 20", Completes::groups_and_nodes,
                commands::publish},
    CommandSpec{
        "trace", "MSG | ID | --follow SEL [--for TIME]", "how a message spread, or one node's life",
        "MSG is last, a message id, or 7000:3 for the third message of 7000. A message's trace is its tree:\n"
        "who had it from whom, at which hop, how long after, how often again, and who never got it and why.\n"
        "Times are CLOCK_MONOTONIC's, one clock for all nodes here; those of other hosts are placed on it, right to\n"
        "half of what the quickest answer of the host took.\n"
        "A hop of more than four times the median is called late, with the cause where one is known.\n"
        "A node's trace is what happened to it: registration, links, suspicions, witnesses, votes, removal; below\n"
        "it the steps of its removal, grouped: last heard, suspected, asked, witness, report, probe, vote, removed.\n"
        "--follow prints what nodes say or what is said of them as it comes, until Ctrl-C or for TIME.",
        "trace last\ntrace 7003\ntrace --follow peers --for 300ms", Completes::messages, commands::trace, true},
    CommandSpec{
        "logs", "SEL [-n N] [-f] [--for TIME] [--grep TEXT] [--level L]", "the last log lines of nodes, merged by time",
        "-f goes on with what is written, until Ctrl-C or for TIME. Lines are as they were written; with -o json each\n"
        "is an object of node, time, level and text.",
        "logs 7003\nlogs seeds -n 50 --grep OUTCOME\nlogs all --level warning -o json\nlogs all -f --for 300ms",
        Completes::groups_and_nodes, commands::logs, true},
    CommandSpec{"wait", "CONDITION [TIMEOUT]", "until a condition holds (30s)", condition_help,
                "wait registered == 10 30s\nwait removed 7004 10s\nwait reached last == all", Completes::conditions,
                commands::wait},
    CommandSpec{"expect", "CONDITION", "fail unless a condition holds", condition_help,
                "expect connected\nexpect degree.max >= 5\nexpect not removed 7003", Completes::conditions,
                commands::expect},
    CommandSpec{"seeds", "", "each seed's epoch, digest, and whether it votes", "", "seeds", Completes::nothing,
                commands::seeds, true},
    CommandSpec{"members", "", "the list of peers, and which seeds hold each", "", "members", Completes::nothing,
                commands::members, true},
    CommandSpec{"votes", "[ID]", "every proposal with each seed's vote", "", "votes\nvotes 7003", Completes::nodes,
                commands::votes, true},
    CommandSpec{"explain", "[SEL]", "what was dropped, refused or rejected, and what that means", selector_help,
                "explain\nexplain 7003", Completes::groups_and_nodes, commands::explain, true},
    CommandSpec{"reachability", "", "who does not answer whom, with likely causes", "", "reachability",
                Completes::nothing, commands::reachability, true},
    CommandSpec{
        "topology", "[--plot FILE.svg]", "the overlay: degrees and their law, components, path length",
        "Links that both ends hold, among live members. The law is fitted after Clauset, Shalizi and Newman (2009),\n"
        "to 50 peers or more; ks is its greatest distance from the degrees. The plot is drawn by gnuplot.",
        "topology", Completes::nothing, commands::topology, true},
    CommandSpec{"stats", "", "figures of this run so far: coverage, latency, load, decisions, detection", "", "stats",
                Completes::nothing, commands::stats, true},
    CommandSpec{"export", "html|perfetto|dot|graphml|csv [FILE]", "this run so far in the forms of other tools",
                "Into the run's folder, or FILE (of csv: a folder). html is one page that opens without a network.",
                "export html\nexport csv tables", Completes::files, commands::export_},
    CommandSpec{"open", "", "where the page, this run's folder and the logs are", "", "open", Completes::nothing,
                commands::open, true},
    CommandSpec{"sleep", "TIME", "let time pass", "", "sleep 2s", Completes::nothing, commands::sleep},
    CommandSpec{"repeat", "N { COMMANDS }", "run commands N times", "", "repeat 3 { kill @random; wait suspects == 0 }",
                Completes::nothing, nullptr, false, commands::repeat},
    CommandSpec{"watch", "[TIME] [-n N] COMMAND", "repeat a command every so often (1s), until Ctrl-C or N times", "",
                "watch 200ms -n 2 list peers", Completes::verbs, commands::watch},
    CommandSpec{"source", "FILE", "run the commands of a file", "The file is checked whole before its first command.",
                "source experiment.gsh", Completes::files, commands::source},
    CommandSpec{
        "save", "FILE", "keep this session as a script, or its configuration",
        "FILE.gsh: what was typed so far, with the pauses, and beside it FILE.toml; the command that plays it\n"
        "again in virtual time is printed. FILE.toml: only the configuration, every key with the value in force.",
        "save session.gsh\nsave network.toml", Completes::files, commands::save},
    CommandSpec{"echo", "TEXT…", "print a line", "", "echo killed the hub", Completes::nothing, commands::echo},
    CommandSpec{"set", "[NAME VALUE]", "settings of this shell; without arguments: show them",
                "output table|json|tsv · color auto|always|never · live on|off (events above the prompt)\n"
                "timeout TIME (of a wait that names none) · settle TIME (how long an expect lets events arrive)\n"
                "keep-going on|off",
                "set output json\nset live off\nset timeout 60s", Completes::settings, commands::set},
    CommandSpec{"help", "[VERB]", "this list, or one verb in full", "", "help\nhelp wait", Completes::verbs,
                commands::help},
    CommandSpec{"exit", "", "stop peers, then seeds, and leave (also quit, Ctrl-D)", "", "exit", Completes::nothing,
                commands::exit},
    CommandSpec{"quit", "", "the same as exit", "", "quit", Completes::nothing, commands::exit},
};

std::string indented(std::string_view text) {
    std::string out = "  ";
    for (const char c : text) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
    return out + "\n";
}

std::string head(const CommandSpec& spec) {
    return std::string(spec.verb) + (spec.usage.empty() ? "" : " " + std::string(spec.usage));
}

Compiled compile_listing(const CommandSpec& spec, Command command) {
    std::optional<TableFormat> format;
    if (std::string problem = take_format(command, format); !problem.empty()) return problem;
    Compiled compiled = spec.compile(command);
    auto* action = std::get_if<Action>(&compiled);
    if (action != nullptr && format) return in_format(std::move(*action), *format);
    return compiled;
}

Compiled compile_by(const CommandSpec& spec, const Command& command, std::shared_ptr<const CompiledScript> body) {
    if (spec.compile_block != nullptr) return spec.compile_block(command, std::move(body));
    return spec.lists ? compile_listing(spec, command) : spec.compile(command);
}

}  // namespace

std::span<const CommandSpec> command_table() { return table; }

const CommandSpec* find_command(std::string_view verb) {
    const auto it =
        std::find_if(table.begin(), table.end(), [&](const CommandSpec& spec) { return spec.verb == verb; });
    return it == table.end() ? nullptr : &*it;
}

Compiled compile(const Command& command, std::shared_ptr<const CompiledScript> body) {
    const CommandSpec* spec = find_command(command.verb());
    if (spec == nullptr) {
        std::vector<std::string> verbs;
        for (const CommandSpec& known : table) verbs.emplace_back(known.verb);
        const std::string near = closest(command.verb(), verbs);
        return "unknown command \"" + command.verb() + "\"" +
               (near.empty() ? "; see help" : "; did you mean " + near + "?");
    }
    Compiled compiled = compile_by(*spec, command, std::move(body));
    if (auto* problem = std::get_if<std::string>(&compiled)) {
        return command.verb() + ": " + *problem + " (usage: " + command_head(*spec) + ")";
    }
    return compiled;
}

std::string command_head(const CommandSpec& spec) { return head(spec) + (spec.lists ? " [-o table|json|tsv]" : ""); }

std::string command_summary() {
    std::string out;
    for (const CommandSpec& spec : table) {
        std::string left = "  " + head(spec);
        std::size_t width = static_cast<std::size_t>(std::count_if(
            left.begin(), left.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
        if (width > 30) {
            out += left + "\n";
            left.clear();
            width = 0;
        }
        out += left + std::string(32 - width, ' ') + std::string(spec.summary) + "\n";
    }
    return out;
}

std::string command_help(std::string_view verb) {
    const CommandSpec* spec = find_command(verb);
    if (spec == nullptr) return {};
    std::string out = indented(spec->example) + "\n" + command_head(*spec) + "\n" + indented(spec->summary);
    if (!spec->help.empty()) out += indented(spec->help);
    return out;
}

}  // namespace gossip
