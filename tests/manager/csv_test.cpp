#include "manager/base/csv.hpp"

#include <doctest/doctest.h>

using namespace gossip;

TEST_CASE("csv: what is written is read back, whatever the fields hold") {
    const std::vector<std::vector<std::string>> rows{
        {"plain", "drop=1%,crash=10%", "say \"hello\"", "", "two\r\nlines"},
        {"", "", "", "", ""},
        {"\"", ",", "\n", "x", "y"}};
    std::string text;
    for (const auto& row : rows) text += csv_line(row);
    CHECK(parse_csv(text) == rows);
    CHECK(csv_line({"a", "b,c", "d\"e"}) == "a,\"b,c\",\"d\"\"e\"\r\n");
}

TEST_CASE("csv: either line end, a last line without one, and a quote that does not end") {
    const std::vector<std::vector<std::string>> rows{{"a", "b"}, {"1", "2"}};
    CHECK(parse_csv("a,b\n1,2\n") == rows);
    CHECK(parse_csv("a,b\r\n1,2") == rows);
    CHECK(parse_csv("") == std::vector<std::vector<std::string>>{});
    CHECK(parse_csv("a,b\n1,\n") == std::vector<std::vector<std::string>>{{"a", "b"}, {"1", ""}});
    CHECK(!parse_csv("a,\"b\n1,2\n"));
}
