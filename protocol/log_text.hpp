#pragma once
// A notice as a log has it. Where document 000 has a line for the event the wording is the document's: the grep
// recipes that people know must keep working.

#include "protocol/notice.hpp"

#include <string>

namespace gossip {

// What stands after "LEVEL - ". Several lines are joined by '\n', without a last one; empty for
// notices that are never logged.
[[nodiscard]] std::string log_text(const Notice& notice);

}  // namespace gossip
