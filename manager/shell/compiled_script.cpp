#include "manager/shell/compiled_script.hpp"

#include "node/base/file.hpp"

#include <utility>

namespace gossip {
namespace {

// The column of the word that the problem quotes, else of the verb.
int faulty_column(const Command& command, const std::string& problem) {
    for (const Word& word : command.words) {
        const bool named = !word.text.empty() && problem.find("\"" + word.text + "\"") != std::string::npos;
        if (named) return command.column + static_cast<int>(word.begin);
    }
    return command.column;
}

std::variant<CompiledCommand, Failure> compile_command(const Command& command, const std::string& name) {
    const auto body = command.has_body ? std::make_shared<CompiledScript>() : nullptr;
    Compiled compiled = compile(command, body);
    if (const auto* problem = std::get_if<std::string>(&compiled)) {
        return Failure{ErrorKind::usage, *problem, place_of(name, command.line, faulty_column(command, *problem))};
    }
    if (body != nullptr) {
        auto inner = compile_script(command.body, name);
        if (auto* failure = std::get_if<Failure>(&inner)) return std::move(*failure);
        *body = std::get<CompiledScript>(std::move(inner));
    }
    return CompiledCommand{command, std::get<Action>(std::move(compiled)), body};
}

}  // namespace

std::variant<CompiledScript, Failure> compile_script(const Script& script, const std::string& name) {
    CompiledScript whole;
    for (const Command& command : script) {
        auto compiled = compile_command(command, name);
        if (auto* failure = std::get_if<Failure>(&compiled)) return std::move(*failure);
        whole.commands.push_back(std::get<CompiledCommand>(std::move(compiled)));
    }
    return whole;
}

std::variant<CompiledScript, Failure> compile_text(const ParsedText& text, const std::string& name) {
    if (const auto* error = std::get_if<ParseError>(&text.parsed)) {
        return Failure{ErrorKind::usage, error->text, place_of(name, error->line, error->column)};
    }
    return compile_script(std::get<Script>(text.parsed), name);
}

std::variant<CompiledScript, Failure> compile_file(const std::string& path) {
    auto read = read_file(path);
    if (auto* problem = std::get_if<std::string>(&read)) return Failure{ErrorKind::command, std::move(*problem)};
    return compile_text(parse_text(std::get<FileText>(std::move(read)).text), path);
}

}  // namespace gossip
