#pragma once
// A session as text: each command behind "> " with its output below. A test plays it over virtual time and compares
// the output; --rewrite replaces the output by the present one.
//
//   # What happens to a killed peer.
//   #! --seeds 3 --peers 5 --seed 7          options of gossipctl sim
//   > wait registered == 5
//   > kill 7003
//   > wait removed 7003
//   > list 7003
//   ID    ROLE  STATE …

#include "manager/shell/parser.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct TranscriptStep {
    int line{1};
    std::string command;  // several lines where a block is open
    std::string output;   // without blank lines at its end
    std::string blank;    // those lines
};

struct Transcript {
    std::string head;  // comments
    std::vector<std::string> options;
    std::vector<TranscriptStep> steps;
};

// The error is one of form.
[[nodiscard]] std::variant<Transcript, ParseError> parse_transcript(std::string_view text);
[[nodiscard]] std::string to_text(const Transcript& transcript);

// The output as a transcript has it: no line looks like a command, and no blank lines are at the end.
[[nodiscard]] std::string as_output(std::string_view text);

// The lines that differ: "-" expected, "+" printed.
[[nodiscard]] std::string difference(std::string_view expected, std::string_view actual);

}  // namespace gossip
