// Any text is a script or an error of one line, never worse; what parses compiles or says why, and a
// command's source parses as that command again. The same for what agents and managers say to each other.

#include "manager/base/failure.hpp"
#include "manager/hosts/agent_protocol.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"
#include "manager/view/condition.hpp"
#include "manager/view/selector.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace gossip;

[[noreturn]] void fail(const char* what, const std::string& text) {
    std::fprintf(stderr, "%s: %s\n", what, text.c_str());
    std::abort();
}

void check_error(const std::string& text) {
    if (text.empty()) fail("an error without words", text);
}

void check(const Script& script, int depth) {
    for (const Command& command : script) {
        if (command.words.empty()) fail("a command without a verb", command.source);
        for (const Word& word : command.words) {
            if (word.begin > command.source.size()) fail("a word outside its source", command.source);
        }
        const auto compiled = compile_script({command}, "fuzz");
        if (const auto* failure = std::get_if<Failure>(&compiled)) check_error(failure->text);
        const auto again = parse_script(command.source);
        const auto* read = std::get_if<Script>(&again);
        if (read == nullptr || read->size() != 1) fail("a command's source is not one command", command.source);
        if (read->front().words.size() != command.words.size()) fail("its source has other words", command.source);
        if (depth < 64) check(command.body, depth + 1);
    }
}

// What was understood is written and understood again as the same.
template <class Line>
void check_agent_line(const std::variant<Line, std::string>& decoded) {
    if (const auto* problem = std::get_if<std::string>(&decoded)) return check_error(*problem);
    const std::string line = agent::encode(std::get<Line>(decoded));
    const std::string_view whole = std::string_view(line).substr(0, line.size() - 1);
    const auto again = [&] {
        if constexpr (std::is_same_v<Line, agent::Request>)
            return agent::decode_request(whole);
        else
            return agent::decode_report(whole);
    }();
    const auto* same = std::get_if<Line>(&again);
    if (same == nullptr || same->index() != std::get<Line>(decoded).index()) fail("an agent's line is another", line);
    if (agent::encode(*same) != line) fail("an agent's line reads otherwise", line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_script(text);
    if (const auto* script = std::get_if<Script>(&parsed)) check(*script, 0);
    if (const auto* error = std::get_if<ParseError>(&parsed)) check_error(error->text);
    const auto condition = parse_condition(text);
    if (const auto* problem = std::get_if<std::string>(&condition)) check_error(*problem);
    const auto selector = parse_selector(text);
    if (const auto* problem = std::get_if<std::string>(&selector)) check_error(*problem);
    check_agent_line(agent::decode_request(text));
    check_agent_line(agent::decode_report(text));
    return 0;
}
