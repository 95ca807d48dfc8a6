#include "node/base/words.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gossip;

TEST_CASE("blanks around a text go, those inside stay") {
    CHECK(trim(" \t a b\r\n") == "a b");
    CHECK(trim("a") == "a");
    CHECK(trim(" \n\t ").empty());
    CHECK(trim("").empty());
}

TEST_CASE("the distance of two words is the fewest insertions, deletions and replacements") {
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("same", "same") == 0);
    CHECK(edit_distance("ab", "ba") == 2);
}

TEST_CASE("a slip of the fingers is recognised, another word is not") {
    const std::vector<std::string> verbs{"kill", "list", "pause", "registered"};
    CHECK(closest("kil", verbs) == "kill");
    CHECK(closest("lsit", verbs) == "list");
    CHECK(closest("registerd", verbs) == "registered");
    CHECK(closest("frobnicate", verbs).empty());
}
