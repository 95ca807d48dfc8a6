#include "manager/base/command_line.hpp"

#include "node/base/words.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

namespace po = boost::program_options;
using Syntax = po::invalid_command_line_syntax;

constexpr OptionText help_text{"--help", "-h", "", ""};

po::options_description described(std::span<const OptionText> options) {
    po::options_description all;
    const auto add = [&all](const OptionText& option) {
        std::string names(option.name.substr(2));
        if (!option.short_name.empty()) names += "," + std::string(option.short_name.substr(1));
        if (option.value.empty())
            all.add_options()(names.c_str(), "");
        else
            all.add_options()(names.c_str(), po::value<std::string>(), "");
    };
    for (const OptionText& option : options) add(option);
    add(help_text);
    return all;
}

// The first word takes all that follow it.
std::vector<po::option> take_words(std::vector<std::string>& arguments) {
    const bool is_option = arguments.front().starts_with('-') && arguments.front().size() > 1;
    // A blank within: a line of commands that begins with an option of its own.
    if (is_option && (arguments.front().starts_with("--") || arguments.front().find(' ') == std::string::npos))
        return {};
    std::vector<po::option> words;
    for (std::string& argument : arguments) words.emplace_back(std::string(), std::vector{std::move(argument)});
    arguments.clear();
    return words;
}

std::string unknown(const std::string& name, std::span<const OptionText> options, std::string_view see) {
    std::vector<std::string> names{std::string(help_text.name)};
    for (const OptionText& option : options) names.emplace_back(option.name);
    const std::string near = closest(name, names);
    return "unknown option " + name + (near.empty() ? "; see " + std::string(see) : "; did you mean " + near + "?");
}

std::string malformed(const Syntax& error, std::span<const OptionText> options) {
    const std::string name = error.get_option_name();
    if (error.kind() == Syntax::extra_parameter) return name + " takes no value";
    const auto option = std::ranges::find(options, std::string_view(name), &OptionText::name);
    return name + " needs a value" + (option == options.end() ? "" : ": " + std::string(option->value));
}

CommandLine in_order(const std::vector<po::option>& parsed) {
    CommandLine line;
    for (const po::option& option : parsed) {
        if (option.string_key.empty()) {
            line.words.insert(line.words.end(), option.value.begin(), option.value.end());
        } else if ("--" + option.string_key == help_text.name) {
            line.help = true;
        } else {
            line.options.push_back({"--" + option.string_key, option.value.empty() ? "" : option.value.front()});
        }
    }
    return line;
}

bool wants_help(const std::vector<std::string>& arguments) {
    return std::ranges::any_of(arguments, [](const std::string& argument) {
        return argument == help_text.name || argument == help_text.short_name;
    });
}

}  // namespace

std::variant<CommandLine, std::string> read_command_line(std::span<const OptionText> options,
                                                         const std::vector<std::string>& arguments,
                                                         std::string_view see, WordsStand words) {
    namespace style = po::command_line_style;
    const po::options_description description = described(options);
    try {
        po::command_line_parser parser(arguments);
        parser.options(description).style(style::unix_style & ~style::allow_guessing);
        if (words == WordsStand::behind_options) parser.extra_style_parser(take_words);
        return in_order(parser.run().options);
    } catch (const po::error_with_option_name& error) {
        // Whoever asks for help gets it, whatever else is wrong.
        if (words == WordsStand::anywhere && wants_help(arguments)) return CommandLine{{}, {}, true};
        if (const auto* syntax = dynamic_cast<const Syntax*>(&error)) return malformed(*syntax, options);
        return unknown(error.get_option_name(), options, see);
    }
}

std::string option_line(std::string_view typed, std::string_view help, std::size_t column) {
    std::string line = "  " + std::string(typed);
    line.resize(std::max(line.size() + 2, column), ' ');
    return line + std::string(help) + "\n";
}

}  // namespace gossip
