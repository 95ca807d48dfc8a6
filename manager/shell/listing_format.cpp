#include "manager/shell/listing_format.hpp"

#include "manager/shell/session.hpp"

#include <cstddef>
#include <utility>

namespace gossip {

std::string take_format(Command& command, std::optional<TableFormat>& format) {
    for (std::size_t i = 1; i < command.words.size(); ++i) {
        const std::string word = command.words[i].text;
        const bool joined = word.starts_with("--output=");
        if (command.words[i].quoted || (word != "-o" && word != "--output" && !joined)) continue;
        if (!joined && i + 1 == command.words.size()) return word + " needs table, json or tsv";
        const std::string value = joined ? word.substr(word.find('=') + 1) : command.words[i + 1].text;
        format = parse_table_format(value);
        if (!format) return "\"" + value + "\" is not table, json or tsv";
        const auto at = command.words.begin() + static_cast<std::ptrdiff_t>(i);
        command.words.erase(at, at + (joined ? 1 : 2));
        --i;
    }
    return {};
}

Action in_format(Action action, TableFormat format) {
    return [action = std::move(action), format](Session& session) {
        const TableFormat before = session.console().format();
        session.console().set_format(format);
        Result result = action(session);
        session.console().set_format(before);
        return result;
    };
}

}  // namespace gossip
