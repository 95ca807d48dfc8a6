#pragma once
// A script that is understood as a whole, blocks included, before its first command runs.

#include "manager/base/failure.hpp"
#include "manager/shell/command_table.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct CompiledScript;

struct CompiledCommand {
    Command command;
    Action action;
    std::shared_ptr<const CompiledScript> body;  // of a block: what its action runs
};

struct CompiledScript {
    std::vector<CompiledCommand> commands;
};

// The failure is the first mistake of form; its place is "name:line:column".
[[nodiscard]] std::variant<CompiledScript, Failure> compile_script(const Script& script, const std::string& name);
[[nodiscard]] std::variant<CompiledScript, Failure> compile_text(const ParsedText& text, const std::string& name);
[[nodiscard]] std::variant<CompiledScript, Failure> compile_file(const std::string& path);

}  // namespace gossip
