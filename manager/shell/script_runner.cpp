#include "manager/shell/script_runner.hpp"

#include "manager/shell/session.hpp"
#include "node/base/words.hpp"

#include <utility>

namespace gossip {
namespace {

// Says where it happened; a failed wait or expect is told with the command's words.
void set_place(Failure& failure, const Command& command, const std::string& name) {
    if (!failure.where.empty() || name.empty()) return;
    failure.where = name + ":" + std::to_string(command.line);
    const bool own_words = failure.kind == ErrorKind::wait || failure.kind == ErrorKind::expect;
    if (own_words) failure.text = command.source + ": " + failure.text;
}

Result run_one(Session& session, const CompiledCommand& compiled, const std::string& name) {
    const Command& command = compiled.command;
    session.record_command(command);
    const auto recorded = session.history().begin(command, session.network().now());
    Result result = compiled.action(session);
    // A node may have died while the command waited. Nodes that the command killed do not count.
    if (auto death = session.take_death()) result = std::move(death);
    session.history().end(command, recorded, result.has_value(), session.network().now());
    if (result) session.record_failure(*result);
    if (result) set_place(*result, command, name);
    return result;
}

bool is_cut_short(const Failure& failure) {
    return failure.kind == ErrorKind::interrupted || failure.kind == ErrorKind::terminated;
}

void print(Console& console, Failure& failure) {
    if (is_cut_short(failure) && console.interactive()) {
        console.result("\n");  // the terminal has shown ^C
    } else if (!failure.printed) {
        console.error(error_word(failure.kind), failure.where, failure.text);
    }
    failure.printed = true;
}

}  // namespace

Result run_script(Session& session, const CompiledScript& script, const std::string& name) {
    Result first;
    const std::string outer = session.enter_script(name);
    for (const CompiledCommand& compiled : script.commands) {
        if (!session.open()) break;
        Result result = run_one(session, compiled, name);
        if (!result) continue;
        const bool ends_all = is_cut_short(*result) || result->kind == ErrorKind::broken;
        print(session.console(), *result);
        const bool ignored = compiled.command.ignore_failure && result->kind != ErrorKind::node_died;
        if (ignored && !ends_all) continue;
        if (!first || ends_all) first = std::move(result);
        if (!session.settings().keep_going || ends_all) break;
    }
    session.enter_script(outer);
    return first;
}

Result run_text(Session& session, const ParsedText& text, const std::string& name) {
    auto compiled = compile_text(text, name);
    if (const auto* script = std::get_if<CompiledScript>(&compiled)) {
        if (session.recorder() != nullptr) session.recorder()->folder().append_script(trim(text.text));
        return run_script(session, *script, name);
    }
    Failure failure = std::get<Failure>(std::move(compiled));
    if (name.empty()) failure.where.clear();  // a command typed at the prompt has no file and line
    print(session.console(), failure);
    return failure;
}

}  // namespace gossip
