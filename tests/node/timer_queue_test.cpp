#include "node/timer_queue.hpp"

#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

using namespace gossip;

namespace {
SetTimer timer(int due, std::uint64_t key) { return {Time{Duration{due}}, {TimerKind::sync, 0, key}}; }
}  // namespace

TEST_CASE("timers fire by time, then in the order they were set") {
    TimerQueue queue;
    queue.push(timer(20, 1));
    queue.push(timer(10, 2));
    queue.push(timer(10, 3));
    CHECK(queue.next_due() == Time{Duration{10}});
    CHECK_FALSE(queue.pop_due(Time{Duration{9}}));
    CHECK(queue.pop_due(Time{Duration{10}})->key == 2);
    CHECK(queue.pop_due(Time{Duration{10}})->key == 3);
    CHECK_FALSE(queue.pop_due(Time{Duration{10}}));
    CHECK(queue.pop_due(Time{Duration{99}})->key == 1);
    CHECK_FALSE(queue.next_due());
}

TEST_CASE("a timer set while others are due takes its place among them") {
    TimerQueue queue;
    queue.push(timer(10, 1));
    queue.push(timer(30, 2));
    CHECK(queue.pop_due(Time{Duration{50}})->key == 1);
    queue.push(timer(20, 3));
    CHECK(queue.pop_due(Time{Duration{50}})->key == 3);
    CHECK(queue.pop_due(Time{Duration{50}})->key == 2);
}

TEST_CASE("against a sorted list") {
    Rng rng{7};
    for (int round = 0; round < 200; ++round) {
        TimerQueue queue;
        std::vector<std::tuple<int, std::uint64_t>> naive;
        for (std::uint64_t key = 0; key < 50; ++key) {
            const int due = static_cast<int>(rng.below(12));
            queue.push(timer(due, key));
            naive.emplace_back(due, key);
        }
        std::stable_sort(naive.begin(), naive.end(),
                         [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
        for (const auto& [due, key] : naive) {
            REQUIRE(queue.next_due() == Time{Duration{due}});
            REQUIRE(queue.pop_due(Time{Duration{100}})->key == key);
        }
        REQUIRE(queue.size() == 0);
    }
}
