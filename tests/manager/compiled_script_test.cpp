#include "manager/shell/compiled_script.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace gossip;

namespace {

Failure failure_of(const std::string& text) {
    auto compiled = compile_text(parse_text(text), "exp.gsh");
    REQUIRE(std::holds_alternative<Failure>(compiled));
    return std::get<Failure>(compiled);
}

}  // namespace

TEST_CASE("a script is compiled whole, a block with what it holds") {
    const auto compiled = compile_text(parse_text("list\nrepeat 2 { kill 7003; repeat 3 { sleep 1s } }"), "exp.gsh");
    REQUIRE(std::holds_alternative<CompiledScript>(compiled));
    const auto& commands = std::get<CompiledScript>(compiled).commands;
    REQUIRE(commands.size() == 2);
    CHECK(commands[0].action);
    CHECK(commands[0].body == nullptr);
    REQUIRE(commands[1].body != nullptr);
    REQUIRE(commands[1].body->commands.size() == 2);
    CHECK(commands[1].body->commands[0].command.source == "kill 7003");
    REQUIRE(commands[1].body->commands[1].body != nullptr);
    CHECK(commands[1].body->commands[1].body->commands[0].command.source == "sleep 1s");
}

TEST_CASE("the first mistake of form is told with its place, inside blocks as well") {
    CHECK(failure_of("list\nkil 7003").where == "exp.gsh:2:1");
    CHECK(failure_of("list\nkil 7003").text == "unknown command \"kil\"; did you mean kill?");
    const Failure inside = failure_of("repeat 2 {\n  list\n  sleep soon\n}");
    CHECK(inside.kind == ErrorKind::usage);
    CHECK(inside.where == "exp.gsh:3:9");
    CHECK(failure_of("repeat x { kil 7003 }").text.find("a number is needed") != std::string::npos);
    CHECK(failure_of("repeat 2 {\nlist").text.find("not closed") != std::string::npos);
}

TEST_CASE("a form behind a list is taken out of its words; elsewhere it is a mistake") {
    CHECK(std::holds_alternative<CompiledScript>(compile_text(parse_text("list -o json peers"), "")));
    CHECK(failure_of("list -o xml").text.find("\"xml\" is not table, json or tsv") != std::string::npos);
    CHECK(failure_of("list -o").text.find("needs table, json or tsv") != std::string::npos);
    CHECK(std::holds_alternative<Failure>(compile_text(parse_text("kill -o json 7003"), "")));
}
