#pragma once
// Command lines, read by Boost.Program_options: what was given, in order. What a value means is up to its command.

#include "manager/base/table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct OptionText {
    std::string_view name;        // "--output"
    std::string_view short_name;  // "-o"; may be empty
    std::string_view value;       // "FILE"; empty: a flag
    std::string_view help;
};

struct GivenOption {
    std::string name;   // as in the table, however it was typed
    std::string value;  // empty for a flag
};

struct CommandLine {
    std::vector<GivenOption> options;
    std::vector<std::string> words;  // those of no option; "-" is one
    bool help{false};                // --help or -h: the rest may be missing
};

enum class WordsStand : std::uint8_t {
    anywhere,
    behind_options,  // the first word ends the options: what follows is another program's line
};

// --name VALUE, --name=VALUE, -n VALUE, several flags as -ab; behind -- all are words. The error names the option, and
// the one that was probably meant or `see`, as "gossipctl sim --help".
[[nodiscard]] std::variant<CommandLine, std::string> read_command_line(std::span<const OptionText> options,
                                                                       const std::vector<std::string>& arguments,
                                                                       std::string_view see,
                                                                       WordsStand words = WordsStand::anywhere);

// An option of a command whose line becomes a Request. `apply` says what is wrong with the value, as "is not a
// number", or nothing.
template <class Request>
struct OptionOf {
    OptionText text;
    std::string (*apply)(Request&, const std::string& value);
};

template <class Request>
[[nodiscard]] std::vector<OptionText> texts_of(std::span<const OptionOf<Request>> options) {
    std::vector<OptionText> texts;
    for (const auto& option : options) texts.push_back(option.text);
    return texts;
}

// Of --output, in every command whose request has a `format`.
template <class Request>
[[nodiscard]] std::string set_format(Request& request, const std::string& value) {
    request.format = parse_table_format(value);
    return request.format ? "" : "is not table, json or tsv";
}

// Empty, or what is wrong with the first bad value.
template <class Request>
[[nodiscard]] std::string apply_options(std::span<const OptionOf<Request>> options, const CommandLine& line,
                                        Request& request) {
    for (const GivenOption& given : line.options) {
        for (const auto& option : options) {
            if (option.text.name != given.name) continue;
            const std::string problem = option.apply(request, given.value);
            if (!problem.empty()) return given.name + ": \"" + given.value + "\" " + problem;
        }
    }
    return {};
}

// A line of --help: what is typed, and from `column` on what it means; two blanks are between them at the least.
[[nodiscard]] std::string option_line(std::string_view typed, std::string_view help, std::size_t column);

}  // namespace gossip
