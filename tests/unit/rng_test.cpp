#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

using namespace gossip;

// Published reference output of splitmix64 for the seed 1234567 (Vigna's C code).
TEST_CASE("the generator is splitmix64, so that a seed replays anywhere") {
    Rng rng(1234567);
    const std::array<std::uint64_t, 5> reference{6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                                 4593380528125082431U, 16408922859458223821U};
    for (const std::uint64_t expected : reference) CHECK(rng.next() == expected);
}

TEST_CASE("it works at compile time: no hidden state") {
    static_assert(Rng(7).next() == mix64(7));
    static_assert(Rng(7).below(1) == 0);
    static_assert(mix64(0) != mix64(1));
    CHECK(Rng(7).next() == Rng(7).next());
}

TEST_CASE("below stays below its bound, reaches every value and is fair") {
    Rng rng(1);
    CHECK(rng.below(0) == 0);
    for (const std::uint64_t bound : {1U, 2U, 3U, 7U, 10U, 64U}) {
        std::vector<std::uint64_t> hits(bound);
        const std::uint64_t draws = bound * 1000;
        for (std::uint64_t i = 0; i < draws; ++i) {
            const std::uint64_t drawn = rng.below(bound);
            REQUIRE(drawn < bound);
            ++hits[drawn];
        }
        // 1000 expected each; standard deviation below 32.
        for (const std::uint64_t h : hits) CHECK((h >= 800 && h <= 1200));
    }
    const std::uint64_t huge = ~std::uint64_t{0};
    for (int i = 0; i < 1000; ++i) CHECK(rng.below(huge) < huge);
}

TEST_CASE("durations: below leaves out its bound, up_to takes it in, and both reach every value") {
    Rng rng(4);
    std::set<Duration> below;
    std::set<Duration> up_to;
    for (int i = 0; i < 200; ++i) {
        below.insert(rng.below(Duration(3)));
        up_to.insert(rng.up_to(Duration(3)));
    }
    CHECK(below == std::set<Duration>{Duration(0), Duration(1), Duration(2)});
    CHECK(up_to == std::set<Duration>{Duration(0), Duration(1), Duration(2), Duration(3)});
    CHECK(rng.up_to(Duration::zero()) == Duration::zero());
}

TEST_CASE("jitter is half to three halves, around is a percentage to both sides") {
    Rng rng(5);
    std::set<Duration> jitter;
    std::set<Duration> around;
    for (int i = 0; i < 1000; ++i) {
        jitter.insert(rng.jitter(Duration(10)));
        around.insert(rng.around(Duration(10), 30));
    }
    CHECK(*jitter.begin() == Duration(5));
    CHECK(*jitter.rbegin() == Duration(14));
    CHECK(jitter.size() == 10);
    CHECK(*around.begin() == Duration(7));
    CHECK(*around.rbegin() == Duration(13));
    CHECK(around.size() == 7);
}

TEST_CASE("pick draws once and reaches every element") {
    Rng rng(6);
    Rng same(6);
    const std::vector<int> items{10, 20, 30};
    std::set<int> seen;
    for (int i = 0; i < 100; ++i) {
        const int& item = rng.pick(items);
        seen.insert(item);
        CHECK(&item == &items[static_cast<std::size_t>(same.below(3))]);
    }
    CHECK(seen.size() == 3);
}

TEST_CASE("chance: never at 0, always at a million, about right between") {
    Rng rng(2);
    int hits = 0;
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE_FALSE(rng.chance(0));
        REQUIRE(rng.chance(1'000'000));
        hits += rng.chance(250'000) ? 1 : 0;
    }
    CHECK(hits > 24'000);
    CHECK(hits < 26'000);
}

TEST_CASE("a shuffle is a permutation and every order of four comes equally often") {
    Rng rng(3);
    std::map<std::array<int, 4>, int> orders;
    for (int i = 0; i < 24'000; ++i) {
        std::array<int, 4> items{0, 1, 2, 3};
        rng.shuffle(std::span<int>(items));
        ++orders[items];
        std::sort(items.begin(), items.end());
        REQUIRE(items == std::array<int, 4>{0, 1, 2, 3});
    }
    CHECK(orders.size() == 24);
    for (const auto& [order, count] : orders) CHECK((count > 800 && count < 1200));
    std::vector<int> none;
    rng.shuffle(std::span<int>(none));
    CHECK(none.empty());
}

TEST_CASE("a fork does not repeat its parent") {
    Rng parent(4);
    Rng child = parent.fork();
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        CHECK(seen.insert(parent.next()).second);
        CHECK(seen.insert(child.next()).second);
    }
}
