#pragma once
// -o table|json|tsv behind a command that prints a list: a form for it alone, whatever is set.

#include "manager/base/table.hpp"
#include "manager/shell/action.hpp"
#include "manager/shell/parser.hpp"

#include <optional>
#include <string>

namespace gossip {

// Removes -o FORMAT from the command's words. Returns what is wrong, or nothing.
[[nodiscard]] std::string take_format(Command& command, std::optional<TableFormat>& format);
// Runs the command with this format set.
[[nodiscard]] Action in_format(Action action, TableFormat format);

}  // namespace gossip
