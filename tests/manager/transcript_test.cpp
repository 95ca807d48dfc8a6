#include "manager/shell/transcript.hpp"
#include "manager/shell/parser.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace gossip;

namespace {

Transcript parsed(std::string_view text) {
    auto result = parse_transcript(text);
    REQUIRE(std::holds_alternative<Transcript>(result));
    return std::get<Transcript>(std::move(result));
}

}  // namespace

TEST_CASE("a transcript is commands with their output, and the same text again") {
    const std::string text =
        "# about\n#! --peers 4 --set 'a.b=c d'\n> list\nID  X\n\n  7000\n\n\n> repeat 2 {\n> echo a\n> }\na\na\n> "
        "sleep 1s\n";
    const Transcript t = parsed(text);
    CHECK(t.options == std::vector<std::string>{"--peers", "4", "--set", "a.b=c d"});
    REQUIRE(t.steps.size() == 3);
    CHECK(t.steps[0].line == 3);
    CHECK(t.steps[0].output == "ID  X\n\n  7000\n");
    CHECK(t.steps[0].blank == "\n\n");
    CHECK(t.steps[1].command == "repeat 2 {\necho a\n}");
    CHECK(t.steps[1].output == "a\na\n");
    CHECK(t.steps[2].output.empty());
    CHECK(to_text(t) == text);
}

TEST_CASE("what cannot be a transcript is said with its place") {
    auto result = parse_transcript("# one\n\nlist\n> list\n");
    REQUIRE(std::holds_alternative<ParseError>(result));
    CHECK(std::get<ParseError>(result).line == 3);
    CHECK(std::holds_alternative<ParseError>(parse_transcript("")));
}

TEST_CASE("an output never reads as a command") {
    CHECK(as_output("> x\n>\n a\n\n") == " > x\n >\n a\n");
    CHECK(as_output("\n\n").empty());
}

TEST_CASE("a difference names the lines that differ") {
    CHECK(difference("a\nb\nc\n", "a\nc\nd\n") == "-b\n+d\n");
    CHECK(difference("", "x\n") == "+x\n");
    CHECK(difference("same\n", "same\n").empty());
}
