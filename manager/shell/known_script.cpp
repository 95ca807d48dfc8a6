#include "manager/shell/known_script.hpp"

#include "manager/shell/session.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

namespace gossip {
namespace {

std::optional<std::string> read_text(const std::string& name) {
    std::ostringstream text;
    if (name == "-") {
        text << std::cin.rdbuf();
        return text.str();
    }
    std::ifstream file(name);
    if (file) text << file.rdbuf();
    return file ? std::optional(text.str()) : std::nullopt;
}

}  // namespace

int report(Console& console, const Failure& failure, const EventLoop* loop) {
    if (!failure.printed) console.error(error_word(failure.kind), failure.where, failure.text);
    if (failure.kind == ErrorKind::terminated && loop != nullptr) return 128 + loop->termination();
    return exit_code(failure.kind);
}

std::variant<KnownScript, Failure> read_known_script(const Options& options) {
    KnownScript known;
    known.name = options.script_text ? "-e" : *options.script_file;
    const auto text = options.script_text ? options.script_text : read_text(known.name);
    if (!text) return Failure{ErrorKind::usage, "cannot read " + known.name};
    auto parsed = parse_script(*text);
    if (const auto* error = std::get_if<ParseError>(&parsed)) {
        return Failure{ErrorKind::usage, error->text, place_of(known.name, error->line, error->column)};
    }
    known.text = *text;
    known.script = std::get<Script>(std::move(parsed));
    if (auto failure = check_script(known.script, known.name)) return std::move(*failure);
    return known;
}

Result run_text(Session& session, const std::string& text, int first_line, const std::string& name) {
    auto parsed = parse_script(text, first_line);
    Result failure;
    if (const auto* error = std::get_if<ParseError>(&parsed)) {
        failure = Failure{ErrorKind::usage, error->text, place_of(name, error->line, error->column)};
    } else {
        failure = check_script(std::get<Script>(parsed), name);
    }
    if (!failure) {
        if (session.recorder() != nullptr) session.recorder()->folder().append_script(trim(text));
        return session.run(std::get<Script>(parsed), name);
    }
    if (name.empty()) failure->where.clear();  // a command typed at the prompt has no file and line
    session.console.error(error_word(failure->kind), failure->where, failure->text);
    failure->printed = true;
    return failure;
}

}  // namespace gossip
