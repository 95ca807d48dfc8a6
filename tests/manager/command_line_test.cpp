#include "manager/base/command_line.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

constexpr OptionText options[] = {{"--peers", "", "N", ""}, {"--output", "-o", "FORM", ""}, {"--keep", "-k", "", ""}};

CommandLine line_of(const std::vector<std::string>& arguments, WordsStand words = WordsStand::anywhere) {
    return std::get<CommandLine>(read_command_line(options, arguments, "x --help", words));
}

std::string problem_of(const std::vector<std::string>& arguments) {
    return std::get<std::string>(read_command_line(options, arguments, "x --help"));
}

}  // namespace

TEST_CASE("options are read in order, in every form, and words stand between them") {
    const CommandLine line = line_of({"a", "--peers", "3", "-", "--peers=4", "-ojson", "-k", "--", "--peers"});
    CHECK(line.words == std::vector<std::string>{"a", "-", "--peers"});
    REQUIRE(line.options.size() == 4);
    CHECK(line.options[0].value == "3");
    CHECK(line.options[1].value == "4");
    CHECK(line.options[2].name == "--output");
    CHECK(line.options[2].value == "json");
    CHECK(line.options[3].name == "--keep");
    CHECK(line.options[3].value.empty());
}

TEST_CASE("a value may be empty, begin with a hyphen or hold an equals sign") {
    CHECK(line_of({"--output", ""}).options[0].value.empty());
    CHECK(line_of({"-o", "-5 x"}).options[0].value == "-5 x");
    CHECK(line_of({"--output=a=b"}).options[0].value == "a=b");
}

TEST_CASE("what is wrong with a command line names the option and what to do") {
    CHECK(problem_of({"--pers", "3"}) == "unknown option --pers; did you mean --peers?");
    CHECK(problem_of({"--zebra"}) == "unknown option --zebra; see x --help");
    CHECK(problem_of({"a", "--peers"}) == "--peers needs a value: N");
    CHECK(problem_of({"--peers="}) == "--peers needs a value: N");
    CHECK(problem_of({"--keep=yes"}) == "--keep takes no value");
    CHECK(problem_of({"--pee", "3"}) == "unknown option --pee; did you mean --peers?");
}

TEST_CASE("help is given whatever else is wrong") {
    CHECK(line_of({"-h"}).help);
    CHECK(line_of({"--zebra", "--help"}).help);
}

TEST_CASE("where words stand behind the options, the first ends them") {
    const CommandLine line = line_of({"-o", "json", "kill", "--peers", "-k"}, WordsStand::behind_options);
    CHECK(line.options.size() == 1);
    CHECK(line.words == std::vector<std::string>{"kill", "--peers", "-k"});
    CHECK(line_of({"-kill 1; list"}, WordsStand::behind_options).words.size() == 1);
}
