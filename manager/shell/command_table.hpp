#pragma once
// One table of the shell's verbs: help, completion, checking and running all read it.

#include "manager/shell/parser.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

class Session;

enum class ErrorKind : std::uint8_t {
    command,
    usage,
    config,
    expect,
    wait,
    start,
    node_died,
    broken,
    interrupted,
    terminated
};

struct Failure {
    ErrorKind kind{ErrorKind::command};
    std::string text;
    std::string where{};  // "exp.gsh:12", filled in by the script's runner
    bool printed{false};
};
using Result = std::optional<Failure>;

[[nodiscard]] std::string_view error_word(ErrorKind kind);  // "E_WAIT"
[[nodiscard]] int exit_code(ErrorKind kind);

// A checked command: compiling finds every mistake of form before anything runs.
using Action = std::function<Result(Session&)>;
using Compiled = std::variant<Action, std::string>;

// What completes after the verb.
enum class Completes : std::uint8_t { nothing, nodes, groups_and_nodes, conditions, verbs, files, messages, settings };

struct CommandSpec {
    std::string_view verb;
    std::string_view usage;    // of the arguments: "SEL [-n N]"
    std::string_view summary;  // one line
    std::string_view help;     // more lines; may be empty
    std::string_view example;  // lines to type
    Completes completes;
    Compiled (*compile)(const Command&);
    bool lists{false};  // takes -o table|json|tsv as well
};

[[nodiscard]] std::span<const CommandSpec> command_table();
[[nodiscard]] const CommandSpec* find_command(std::string_view verb);

// An unknown verb or a wrong form is the error.
[[nodiscard]] Compiled compile(const Command& command);
// Compiles the whole script with its blocks; the failure names "name:line".
[[nodiscard]] Result check_script(const Script& script, const std::string& name);

// A script that was read and compiled as a whole.
[[nodiscard]] std::variant<Script, Failure> read_script_file(const std::string& path);

// "list [SEL] [-o table|json|tsv]"
[[nodiscard]] std::string command_head(const CommandSpec& spec);
[[nodiscard]] std::string command_summary();
// Empty for an unknown verb.
[[nodiscard]] std::string command_help(std::string_view verb);

// Handlers, by file: commands_nodes.cpp, commands_faults.cpp, commands_view.cpp, commands_explain.cpp,
// commands_flow.cpp, commands_runs.cpp, commands_save.cpp.
namespace commands {
Compiled add(const Command& command);
Compiled kill(const Command& command);
Compiled stop(const Command& command);
Compiled pause(const Command& command);
Compiled resume(const Command& command);
Compiled restart(const Command& command);
Compiled say(const Command& command);
Compiled publish(const Command& command);
Compiled watch(const Command& command);
Compiled list(const Command& command);
Compiled trace(const Command& command);
Compiled logs(const Command& command);
Compiled seeds(const Command& command);
Compiled explain(const Command& command);
Compiled reachability(const Command& command);
Compiled members(const Command& command);
Compiled votes(const Command& command);
Compiled partition(const Command& command);
Compiled heal(const Command& command);
Compiled link(const Command& command);
Compiled delay(const Command& command);
Compiled loss(const Command& command);
Compiled faults(const Command& command);
Compiled churn(const Command& command);
Compiled wait(const Command& command);
Compiled expect(const Command& command);
Compiled topology(const Command& command);
Compiled stats(const Command& command);
Compiled export_(const Command& command);
Compiled open(const Command& command);
Compiled sleep(const Command& command);
Compiled source(const Command& command);
Compiled save(const Command& command);
Compiled repeat(const Command& command);
Compiled echo(const Command& command);
Compiled set(const Command& command);
Compiled help(const Command& command);
Compiled exit(const Command& command);
}  // namespace commands

}  // namespace gossip
