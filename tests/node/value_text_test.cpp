#include "node/base/value_text.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace std::chrono_literals;

TEST_CASE("durations need a unit") {
    CHECK(parse_duration("250ms") == Duration{250ms});
    CHECK(parse_duration("10s") == Duration{10s});
    CHECK(parse_duration("1.5s") == Duration{1500ms});
    CHECK(parse_duration("2m") == Duration{2min});
    CHECK(parse_duration("1h") == Duration{1h});
    CHECK(parse_duration("0s") == Duration{0s});
    for (const char* bad : {"", "10", "s", "ms", "-1s", "1e3s", "1 s", "1d", "0x1s", "infs", "nans", "99999999999h"}) {
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("durations read well") {
    CHECK(format_time(30s) == "30s");
    CHECK(format_time(1500ms) == "1.5s");
    CHECK(format_time(250ms) == "250ms");
    CHECK(format_time(40us) == "40us");
    CHECK(format_time(125s) == "2m05s");
}

TEST_CASE("counts are plain digits") {
    CHECK(parse_count("0") == 0U);
    CHECK(parse_count("18446744073709551615") == 18446744073709551615U);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"})
        CHECK_FALSE(parse_count(bad));
}

TEST_CASE("roles") {
    for (const Role role : {Role::seed, Role::peer}) CHECK(parse_role(role_name(role)) == role);
    CHECK(role_name(Role::seed) == "seed");
    for (const char* bad : {"", "Seed", "seeds", "peer "}) CHECK_FALSE(parse_role(bad));
}
