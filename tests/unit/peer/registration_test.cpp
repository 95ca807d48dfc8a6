#include "protocol/peer/registration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace gossip;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
Time at(int ms) { return Time{} + milliseconds(ms); }
}  // namespace

TEST_CASE("floor(n/2)+1 distinct seeds are chosen, each as often as any other") {
    for (std::size_t n = 1; n <= 9; ++n) {
        std::vector<int> chosen(n, 0);
        Rng rng(n);
        constexpr int rounds = 2'000;
        for (int i = 0; i < rounds; ++i) {
            Registration r(n);
            const auto seats = r.begin(at(0), rng);
            REQUIRE(std::set<Seat>(seats.begin(), seats.end()).size() == majority(n));
            REQUIRE(r.chosen().size() == majority(n));
            for (const Seat s : seats) ++chosen[s];
        }
        const double expected = rounds * static_cast<double>(majority(n)) / static_cast<double>(n);
        for (const int c : chosen) CHECK(c == doctest::Approx(expected).epsilon(0.12));
    }
}

TEST_CASE("any two choices of seeds share one") {
    Rng rng(1);
    for (int i = 0; i < 500; ++i) {
        Registration a(5), b(5);
        const auto x = a.begin(at(0), rng);
        const auto y = b.begin(at(0), rng);
        CHECK(std::any_of(x.begin(), x.end(), [&](Seat s) { return std::find(y.begin(), y.end(), s) != y.end(); }));
    }
}

TEST_CASE("an acknowledgement counts once, a quorum completes") {
    Rng rng(1);
    Registration r(5);
    const auto seats = r.begin(at(0), rng);
    CHECK(r.on_ack(seats[0]).first);
    CHECK_FALSE(r.on_ack(seats[0]).counts);
    CHECK(r.acks() == 1);
    CHECK_FALSE(r.finish());
    CHECK_FALSE(r.on_ack(seats[1]).first);
    CHECK_FALSE(r.finish());
    CHECK(r.on_ack(seats[2]).counts);
    CHECK(r.finish());
    CHECK_FALSE(r.finish());
    CHECK(r.complete());
    CHECK(r.due(at(60'000), rng).empty());
}

TEST_CASE("when everybody asked has answered, one yes is enough; no yes is never enough") {
    Rng rng(1);
    Registration r(3);
    const auto seats = r.begin(at(0), rng);
    r.on_nack(seats[0]);
    CHECK_FALSE(r.finish());
    CHECK(r.on_ack(seats[1]).counts);
    CHECK(r.finish());

    Registration refused(3);
    for (const Seat s : refused.begin(at(0), rng)) refused.on_nack(s);
    CHECK_FALSE(refused.finish());
    CHECK(refused.due(at(1'000), rng).size() == 2);  // asked again: nothing else is left to do
}

TEST_CASE("a lost seed is replaced by one that was not asked, a silent one is asked again after a second") {
    Rng rng(4);
    Registration r(5);
    const auto seats = r.begin(at(0), rng);
    CHECK(r.due(at(500), rng).empty());
    r.on_lost(seats[0]);
    const auto next = r.due(at(600), rng);
    REQUIRE(next.size() == 1);
    CHECK(std::find(seats.begin(), seats.end(), next[0]) == seats.end());
    auto again = r.due(at(1'000), rng);
    std::sort(again.begin(), again.end());
    auto silent = std::vector<Seat>{seats[1], seats[2]};
    std::sort(silent.begin(), silent.end());
    CHECK(again == silent);
}

TEST_CASE("with every seed lost the lost ones are tried again") {
    Rng rng(4);
    Registration r(3);
    std::set<Seat> asked;
    for (const Seat s : r.begin(at(0), rng)) asked.insert(s);
    for (int round = 1; round < 10; ++round) {
        for (Seat s = 0; s < 3; ++s) r.on_lost(s);
        const auto seats = r.due(at(round * 1'000), rng);
        CHECK(seats.size() == 2);
        asked.insert(seats.begin(), seats.end());
    }
    CHECK(asked.size() == 3);
}

TEST_CASE("a pending seed is left alone for as long as it said") {
    Rng rng(4);
    Registration r(1);
    CHECK(r.begin(at(0), rng).size() == 1);
    r.on_pending(0, at(5'000));
    CHECK(r.due(at(4'999), rng).empty());
    CHECK(r.due(at(5'000), rng).size() == 1);
}

TEST_CASE("the pace grows from 0.2 s to 10 s, within half and one and a half") {
    Rng rng(4);
    Registration r(1);
    (void)r.begin(at(0), rng);
    double full = 0.2;
    for (int i = 0; i < 12; ++i) {
        for (int k = 0; k < 50; ++k) {
            const double wait = in_seconds(r.delay(rng));
            CHECK(wait >= full / 2);
            CHECK(wait <= full * 1.5);
        }
        (void)r.due(at(i * 20'000), rng);
        full = std::min(full * 2, 10.0);
    }
}

TEST_CASE("damping doubles from 1 s to 60 s and forgets after a calm hour") {
    Damping damping;
    Time now = at(0);
    for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        CHECK(damping.next(now) == Duration(seconds(expected)));
        now += seconds(100);
    }
    now += hours(1);
    CHECK(damping.next(now) == Duration(seconds(1)));
}
