#include "manager/shell/parser.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

Script script(std::string_view text) {
    auto parsed = parse_script(text);
    REQUIRE(std::holds_alternative<Script>(parsed));
    return std::get<Script>(parsed);
}

ParseError error(std::string_view text) {
    auto parsed = parse_script(text);
    REQUIRE(std::holds_alternative<ParseError>(parsed));
    return std::get<ParseError>(parsed);
}

std::vector<std::string> words(const Command& command) {
    std::vector<std::string> out;
    for (const Word& word : command.words) out.push_back(word.text);
    return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("lines and semicolons separate commands, blanks separate words") {
    const Script s = script("add 3\n\n  kill\t7003; list; wait agree 5s\r\n");
    REQUIRE(s.size() == 4);
    CHECK(words(s[0]) == Words{"add", "3"});
    CHECK(words(s[1]) == Words{"kill", "7003"});
    CHECK(words(s[2]) == Words{"list"});
    CHECK(words(s[3]) == Words{"wait", "agree", "5s"});
    CHECK(s[0].line == 1);
    CHECK(s[1].line == 3);
    CHECK(s[3].line == 3);
    CHECK(s[3].source == "wait agree 5s");
}

TEST_CASE("a semicolon inside a word is text") {
    const Script s = script("say 7000 a;b ;)");
    REQUIRE(s.size() == 1);
    CHECK(words(s[0]) == Words{"say", "7000", "a;b", ";)"});
    CHECK(script("list;").size() == 1);
}

TEST_CASE("comments reach to the end of the line and only start a word") {
    const Script s = script("# head\nlist # all of them; kill 7000\necho a#b\n#tail");
    REQUIRE(s.size() == 2);
    CHECK(words(s[0]) == Words{"list"});
    CHECK(s[0].source == "list");
    CHECK(words(s[1]) == Words{"echo", "a#b"});
}

TEST_CASE("quotes hold blanks, semicolons and hashes; only at the start of a word are they quotes") {
    CHECK(words(script("echo \"a; b # c\"")[0]) == Words{"echo", "a; b # c"});
    CHECK(words(script("echo 'say \"x\"'")[0]) == Words{"echo", "say \"x\""});
    CHECK(words(script(R"(echo "a \"b\" \\ \n")")[0]) == Words{"echo", R"(a "b" \ \n)"});
    CHECK(words(script("say 7000 it's fine")[0]) == Words{"say", "7000", "it's", "fine"});
    CHECK(script("echo ''")[0].words[1].quoted);
    CHECK(error("list\necho 'open").line == 2);
    CHECK(error("echo \"open\nlist").text.find("not closed") != std::string::npos);
}

TEST_CASE("the tail of a command is its text as written") {
    const Command say = script("say 7000   two  blanks 'and quotes'  # no more")[0];
    CHECK(say.tail(2) == "two  blanks 'and quotes'");
    CHECK(script("-say 7000 'one text'")[0].tail(2) == "one text");
    CHECK(script("say 7000")[0].tail(2).empty());
}

TEST_CASE("a minus before the verb ignores its failure") {
    for (const char* none : {"-", "- kill", "-\"kill\" 7003", "-'x", "-# kill", "-}"}) {
        const auto parsed = parse_script(none);
        REQUIRE_MESSAGE(std::holds_alternative<ParseError>(parsed), none);
        CHECK(std::get<ParseError>(parsed).text == "- needs a command after it");
    }
    const Script s = script("-kill 7003\nkill -1");
    CHECK(s[0].ignore_failure);
    CHECK(words(s[0]) == Words{"kill", "7003"});
    CHECK(s[0].source == "kill 7003");
    CHECK_FALSE(s[1].ignore_failure);
    CHECK(error("list\n- ").line == 2);
}

TEST_CASE("repeat takes a block, on one line or several, nested") {
    const Script s = script("repeat 3 { add; sleep 1s }\nrepeat 2 {\n  list\n  repeat 4 { echo } \n}\nlist");
    REQUIRE(s.size() == 3);
    CHECK(words(s[0]) == Words{"repeat", "3"});
    REQUIRE(s[0].body.size() == 2);
    CHECK(words(s[0].body[1]) == Words{"sleep", "1s"});
    REQUIRE(s[1].body.size() == 2);
    CHECK(s[1].body[0].line == 3);
    REQUIRE(s[1].body[1].body.size() == 1);
    CHECK(words(s[2]) == Words{"list"});
}

TEST_CASE("an open block can be mended by more lines; a stray brace cannot") {
    CHECK(error("repeat 2 {\nlist").incomplete);
    CHECK_FALSE(error("}").incomplete);
    CHECK_FALSE(error("echo 'x").incomplete);
    CHECK(words(script("say 7000 { hi }")[0]) == Words{"say", "7000", "{", "hi", "}"});
    std::string deep;
    for (int i = 0; i < 40; ++i) deep += "repeat 1 { ";
    CHECK(error(deep).text.find("deep") != std::string::npos);
}

TEST_CASE("text is kept beside what it says, and says whether more lines could mend it") {
    const ParsedText open = parse_text("repeat 2 {\nlist\n", 7);
    CHECK(open.incomplete());
    const ParsedText whole = parse_text(open.text + "}\n", 7);
    CHECK_FALSE(whole.incomplete());
    REQUIRE(std::holds_alternative<Script>(whole.parsed));
    CHECK(std::get<Script>(whole.parsed).front().line == 7);
    CHECK(std::get<Script>(whole.parsed).front().body.front().line == 8);
    CHECK_FALSE(parse_text("}").incomplete());
}

TEST_CASE("no bytes make the parser fail to answer") {
    for (int a = 0; a < 256; ++a) {
        for (const char b : {' ', '\n', ';', '"', '\'', '{', '}', '-', '\\', 'x'}) {
            const std::string text{static_cast<char>(a), b, static_cast<char>(a)};
            const auto parsed = parse_script(text);
            if (const auto* s = std::get_if<Script>(&parsed)) {
                for (const Command& command : *s) CHECK_FALSE(command.words.empty());
            }
        }
    }
}
