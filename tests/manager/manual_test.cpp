#include "manager/app/manual.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace gossip;

TEST_CASE("docs/gossipctl.1 is the page that the tables make; else: gossipctl man > docs/gossipctl.1") {
    std::ifstream file(GOSSIP_SOURCE_DIR "/docs/gossipctl.1");
    std::ostringstream text;
    text << file.rdbuf();
    CHECK(text.str() == manual_page());
}

TEST_CASE("every verb has an example of itself that is well formed, and a line of summary") {
    for (const CommandSpec& spec : command_table()) {
        CAPTURE(spec.verb);
        CHECK_FALSE(spec.summary.empty());
        const auto parsed = parse_script(spec.example);
        REQUIRE(std::holds_alternative<Script>(parsed));
        bool shows_itself = false;
        for (const Command& command : std::get<Script>(parsed)) {
            shows_itself = shows_itself || command.verb() == spec.verb;
        }
        CHECK(shows_itself);
        CHECK(std::holds_alternative<CompiledScript>(compile_script(std::get<Script>(parsed), "example")));
    }
}

TEST_CASE("the page escapes what roff would take for its own") {
    const std::string page = manual_page();
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        const bool request = line.starts_with(".");
        CHECK_FALSE(line.starts_with("'"));
        if (request && !line.starts_with(".\\\"")) {
            const std::string name = line.substr(1, line.find(' ') - 1);
            CHECK((name == "TH" || name == "SH" || name == "TP" || name == "B" || name == "RS" || name == "RE" ||
                   name == "nf" || name == "fi"));
        }
    }
}
