#pragma once
// The command language of the shell, of scripts and of -e: words, quotes, comments, blocks.
//
//   line      = command { ";" command }        a ";" separates when a blank or the end follows it
//   command   = [ "-" ] verb { word }          "-" ignores this command's failure, as in make
//   word      = run of non-blanks | '…' | "…"  a quote is one only at the start of a word: it's is a word
//   comment   = "#" at the start of a word, to the end of the line
//   repeat N { command … }                     over as many lines as it takes

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct Word {
    std::string text;
    std::size_t begin{0};  // within Command::source
    bool quoted{false};
};

struct Command {
    std::vector<Word> words;  // the verb first
    std::string source;       // as written, without "-" and comment
    int line{1};
    int column{1};  // of the verb, in bytes
    bool ignore_failure{false};
    bool has_body{false};
    std::vector<Command> body;  // of a repeat

    [[nodiscard]] const std::string& verb() const { return words.front().text; }
    // The text from word `index` on, as written; a single quoted word loses its quotes.
    [[nodiscard]] std::string tail(std::size_t index) const;
};

using Script = std::vector<Command>;

struct ParseError {
    int line{1};
    int column{1};
    std::string text;
    bool incomplete{false};  // more lines could complete it: a block is open
};

// "experiment.gsh:12:3"
[[nodiscard]] std::string place_of(const std::string& name, int line, int column);
// The same commands as text again: a block over several lines.
[[nodiscard]] std::string to_text(const Command& command);

[[nodiscard]] std::variant<Script, ParseError> parse_script(std::string_view text, int first_line = 1);

// Text together with what it says.
struct ParsedText {
    std::string text;
    std::variant<Script, ParseError> parsed;

    // More lines could mend it: a block is open.
    [[nodiscard]] bool incomplete() const;
};
[[nodiscard]] ParsedText parse_text(std::string text, int first_line = 1);

}  // namespace gossip
