#include "manager/base/table.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

Table sample() {
    Table table({{"id"}, {"degree", true}, {"note"}});
    table.add({{"127.0.0.1:7000", "7000"}, {"12"}, {"é\tx"}});
    table.add({{"127.0.0.1:7001", "7001"}, {""}, {"say \"hi\"\n"}});
    return table;
}

}  // namespace

TEST_CASE("a table aligns: text left, numbers right, short forms shown") {
    Table table({{"id"}, {"degree", true}, {"state"}});
    table.add({{"127.0.0.1:7000", "7000"}, {"12"}, {"alive"}});
    table.add({{"127.0.0.1:7001", "7001"}, {"3"}, {""}});
    CHECK(table.render(TableFormat::table, false) ==
          "ID    DEGREE  STATE\n"
          "7000      12  alive\n"
          "7001       3\n");
}

TEST_CASE("colours wrap the padded cell, so columns stay aligned") {
    Table table({{"a"}, {"b"}});
    table.add({{"x", "", Style::red}, {"y"}});
    CHECK(table.render(TableFormat::table, true) == "\x1b[1mA  B\x1b[0m\n\x1b[31mx\x1b[0m  y\n");
}

TEST_CASE("the last text of a coloured row carries no blanks that would wrap") {
    Table table({{"a"}, {"b"}});
    table.add({{"x"}, {"y", "", Style::red}});
    table.add({{"x"}, {"much longer"}});
    CHECK(table.render(TableFormat::table, true).find("y ") == std::string::npos);
}

TEST_CASE("wide letters count once") {
    CHECK(display_width("é…x") == 3);
    Table table({{"n"}, {"m"}});
    table.add({{"é"}, {"1"}});
    table.add({{"ab"}, {"2"}});
    CHECK(table.render(TableFormat::table, false) == "N   M\né   1\nab  2\n");
}

TEST_CASE("letters take the columns that a terminal gives them: two, one, none") {
    CHECK(display_width("日本語") == 6);
    CHECK(display_width("한글") == 4);
    CHECK(display_width("ｶﾅ") == 2);  // halfwidth
    CHECK(display_width("👍x") == 3);
    CHECK(display_width("e\u0301") == 1);
    CHECK(display_width("\xff\x80") == 1);  // no letter at all
    Table table({{"n"}, {"m"}});
    table.add({{"日本"}, {"1"}});
    table.add({{"abc"}, {"2"}});
    CHECK(table.render(TableFormat::table, false) == "N     M\n日本  1\nabc   2\n");
}

TEST_CASE("a table too wide for its terminal goes on in the next line, within its widest columns") {
    Table table({{"id"}, {"what"}, {"n", true}});
    table.add({{"7000"}, {"one two three four five", "", Style::red}, {"12"}});
    table.add({{"7001"}, {"short"}, {"3"}});
    CHECK(table.render(TableFormat::table, false, 25) ==
          "ID    WHAT              N\n"
          "7000  one two three    12\n"
          "      four five\n"
          "7001  short             3\n");
    CHECK(table.render(TableFormat::table, false, 100) == table.render(TableFormat::table, false));
    CHECK(table.render(TableFormat::table, true, 25).find("\x1b[31mfour five      \x1b[0m") != std::string::npos);
    Table one({{"what"}});
    one.add({{"日本語日本語日本語"}});
    CHECK(one.render(TableFormat::table, false, 13) == "WHAT\n日本語日本語\n日本語\n");
    CHECK(one.render(TableFormat::table, false, 1) == "WHAT\n日本語日本語\n日本語\n");  // and not less than 12
}

TEST_CASE("TSV escapes what would break a row") {
    CHECK(sample().render(TableFormat::tsv, true) ==
          "id\tdegree\tnote\n"
          "127.0.0.1:7000\t12\té\\tx\n"
          "127.0.0.1:7001\t\tsay \"hi\"\\n\n");
}

TEST_CASE("JSON: numbers bare, absent numbers null, text escaped") {
    CHECK(sample().render(TableFormat::json, true) ==
          "[\n"
          "  {\"id\": \"127.0.0.1:7000\", \"degree\": 12, \"note\": \"é\\u0009x\"},\n"
          "  {\"id\": \"127.0.0.1:7001\", \"degree\": null, \"note\": \"say \\\"hi\\\"\\u000a\"}\n"
          "]\n");
}

TEST_CASE("no rows: nothing for people, an empty list for programs") {
    const Table table({{"id"}});
    CHECK(table.render(TableFormat::table, false).empty());
    CHECK(table.render(TableFormat::tsv, false) == "id\n");
    CHECK(table.render(TableFormat::json, false) == "[]\n");
}

TEST_CASE("text from the network cannot move the cursor") {
    CHECK(printable("a\x1b[2Jb\r\n\x7f") == "a\\x1b[2Jb\\x0d\\x0a\\x7f");
    CHECK(printable("\xc2\x9b"
                    "31m") == "\\x9b31m");
    CHECK(printable("é ✓") == "é ✓");
}

TEST_CASE("a rare column is there for people when it says something, and for programs always") {
    Table table({{"id"}, {.name = "faults", .rare = true}});
    table.add({{"7000"}, {}});
    CHECK(table.render(TableFormat::table, false) == "ID\n7000\n");
    CHECK(table.render(TableFormat::tsv, false) == "id\tfaults\n7000\t\n");
    table.add({{"7001"}, {"3 cut"}});
    CHECK(table.render(TableFormat::table, false) == "ID    FAULTS\n7000\n7001  3 cut\n");
}
