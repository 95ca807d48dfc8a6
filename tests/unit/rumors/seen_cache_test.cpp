#include "protocol/rumors/seen_cache.hpp"
#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace gossip;

namespace {

Rumor rumor(std::uint64_t origin, std::uint64_t life, std::uint64_t number, bool typed = false) {
    Rumor r;
    r.origin = NodeId{origin};
    r.incarnation = Incarnation{life};
    r.number = number;
    r.typed = typed;
    r.key = {mix64(origin * 31 + life), mix64(number * 2 + (typed ? 1 : 0))};
    return r;
}

}  // namespace

TEST_CASE("seen numbers agree with a set, in any order of arrival") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Rng rng(seed);
        SeenNumbers seen;
        std::set<std::uint64_t> twin;
        const std::uint64_t range = 1 + rng.below(60);
        for (int i = 0; i < 200; ++i) {
            const std::uint64_t n = rng.below(range);
            REQUIRE(seen.contains(n) == twin.contains(n));
            REQUIRE(seen.insert(n) == twin.insert(n).second);
        }
        std::size_t ranges = 0;
        for (const std::uint64_t n : twin) ranges += twin.contains(n + 1) ? 0 : 1;
        CHECK(seen.ranges() == ranges);
    }
}

TEST_CASE("seen numbers at the ends of their range") {
    constexpr std::uint64_t last = ~std::uint64_t{0};
    SeenNumbers seen;
    CHECK(seen.insert(last));
    CHECK(seen.insert(0));
    CHECK_FALSE(seen.insert(last));
    CHECK_FALSE(seen.insert(0));
    CHECK(seen.insert(last - 1));
    CHECK(seen.ranges() == 2);
}

TEST_CASE("holes left on purpose cannot grow memory, and what was seen stays seen") {
    SeenNumbers seen;
    for (std::uint64_t n = 0; n < 10'000; ++n) CHECK(seen.insert(2 * n));
    CHECK(seen.ranges() == SeenNumbers::range_limit);
    for (std::uint64_t n = 0; n < 10'000; ++n) CHECK_FALSE(seen.insert(2 * n));
    CHECK(seen.insert(2 * 9'999 - 1));  // a recent hole is still open
}

TEST_CASE("a message is fresh once for each origin, life and counter") {
    SeenCache cache;
    for (const std::uint64_t origin : {1, 2}) {
        for (const std::uint64_t life : {1, 2}) {
            for (const bool typed : {false, true}) {
                for (std::uint64_t n = 1; n <= 5; ++n) {
                    CHECK_FALSE(cache.contains(rumor(origin, life, n, typed)));
                    CHECK(cache.insert(rumor(origin, life, n, typed)));
                    CHECK_FALSE(cache.insert(rumor(origin, life, n, typed)));
                    CHECK(cache.contains(rumor(origin, life, n, typed)));
                }
            }
        }
    }
    CHECK(cache.origins() == 8);
}

TEST_CASE("both forms of a message are one: with its life, and without as protocol 0 passes it on") {
    SeenCache cache;
    Rumor bare = rumor(1, 1, 7);
    bare.incarnation = Incarnation::none;
    CHECK(cache.insert(bare));
    CHECK_FALSE(cache.insert(bare));
    CHECK_FALSE(cache.insert(rumor(1, 1, 7)));
    CHECK(cache.insert(rumor(1, 1, 8)));
}

TEST_CASE("recent keys: bounded, and the latest generation is never forgotten") {
    RecentKeys keys;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        CHECK(keys.insert({mix64(i), i}));
        const std::uint64_t oldest = i < RecentKeys::generation_size ? 0 : i - RecentKeys::generation_size + 1;
        CHECK(keys.contains({mix64(oldest), oldest}));
        CHECK(keys.size() <= 2 * RecentKeys::generation_size);
    }
    CHECK_FALSE(keys.contains({mix64(0), 0}));
}

TEST_CASE("origins are bounded: the longest silent one is forgotten first") {
    SeenCache cache;
    for (std::uint64_t origin = 1; origin <= SeenCache::origin_limit; ++origin) (void)cache.insert(rumor(origin, 1, 1));
    CHECK(cache.insert(rumor(1, 1, 2)));  // origin 1 speaks again, so 2 is the longest silent
    CHECK(cache.insert(rumor(900'000, 1, 1)));
    CHECK(cache.origins() == SeenCache::origin_limit);
    CHECK_FALSE(cache.insert(rumor(1, 1, 1)));
    CHECK(cache.insert(rumor(2, 1, 1)));
}
