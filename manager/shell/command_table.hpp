#pragma once
// One table of the shell's verbs: help, completion, checking and running all read it.

#include "manager/shell/action.hpp"
#include "manager/shell/parser.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

struct CompiledScript;

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
    // In place of `compile` where commands in braces follow.
    Compiled (*compile_block)(const Command&, std::shared_ptr<const CompiledScript> body){nullptr};
};

[[nodiscard]] std::span<const CommandSpec> command_table();
[[nodiscard]] const CommandSpec* find_command(std::string_view verb);

// An unknown verb or a wrong form is the error. `body` is what a block will hold when its action runs.
[[nodiscard]] Compiled compile(const Command& command, std::shared_ptr<const CompiledScript> body = nullptr);

// "list [SEL] [-o table|json|tsv]"
[[nodiscard]] std::string command_head(const CommandSpec& spec);
[[nodiscard]] std::string command_summary();
// Empty for an unknown verb.
[[nodiscard]] std::string command_help(std::string_view verb);

// Handlers, in manager/commands/.
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
Compiled repeat(const Command& command, std::shared_ptr<const CompiledScript> body);
Compiled echo(const Command& command);
Compiled set(const Command& command);
Compiled help(const Command& command);
Compiled exit(const Command& command);
}  // namespace commands

}  // namespace gossip
