#include "protocol/quorum.hpp"

#include <doctest/doctest.h>

using namespace gossip;

// Exhaustive: any two majorities of n seats meet, and one seat fewer would not do.
TEST_CASE("two majorities of the same seats always share one") {
    for (std::size_t n = 1; n <= 9; ++n) {
        const std::uint32_t all = (1U << n) - 1;
        bool smaller_pair_disjoint = n == 1;
        for (std::uint32_t a = 0; a <= all; ++a) {
            for (std::uint32_t b = 0; b <= all; ++b) {
                const auto size_a = static_cast<std::size_t>(std::popcount(a));
                const auto size_b = static_cast<std::size_t>(std::popcount(b));
                if (size_a >= majority(n) && size_b >= majority(n)) REQUIRE((a & b) != 0);
                if (size_a == n / 2 && size_b == (n + 1) / 2 && (a & b) == 0) smaller_pair_disjoint = true;
            }
        }
        CHECK(smaller_pair_disjoint);
    }
}

TEST_CASE("a seat counts once however often it votes") {
    SeatSet votes;
    CHECK(votes.insert(2));
    CHECK_FALSE(votes.insert(2));
    CHECK(votes.size() == 1);
    CHECK(votes.contains(2));
    CHECK_FALSE(votes.contains(1));
}
