#include "protocol/seed/seats.hpp"

#include "protocol/seed/deadline.hpp"
#include "protocol/seed/pace.hpp"
#include "seed_net.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

const FakeCrypto crypto(1);
constexpr Time t0{};

Ledger replaced(Seat seat, SeatLife fresh) {
    Change c;
    c.kind = ChangeKind::replace;
    c.seat = seat;
    c.new_life = fresh;
    Ledger ledger;
    ledger.apply(ledger.next(crypto, {c}));
    return ledger;
}

}  // namespace

// The argument that lets a seat vote without a REPLACE: those who vouch must meet every quorum that
// could have counted an earlier life of it.
TEST_CASE("enough vouchers for a new seat share a seat with every quorum of acks it could have been in") {
    for (std::size_t n = 2; n <= 9; ++n) {
        Seats seats(n, 0);
        const std::size_t needed = seats.vouchers_needed();
        CHECK(needed <= n - 1);
        const std::uint32_t all = (1U << n) - 1;
        for (std::uint32_t quorum = 0; quorum <= all; ++quorum) {
            const bool with_us = (quorum & 1U) != 0;
            if (!with_us || static_cast<std::size_t>(std::popcount(quorum)) < majority(n)) continue;
            const std::uint32_t others = all & ~1U;
            for (std::uint32_t vouchers = 0; vouchers <= all; vouchers += 2) {
                if (static_cast<std::size_t>(std::popcount(vouchers)) != needed) continue;
                REQUIRE((vouchers & quorum & others) != 0);
            }
        }
    }
    CHECK(Seats(1, 0).vouchers_needed() == 0);
}

TEST_CASE("a seat is vouched for by distinct others") {
    Seats seats(5, 2);
    CHECK(seats.vouchers_needed() == 3);
    CHECK_FALSE(seats.vouched(0));
    CHECK_FALSE(seats.vouched(0));
    CHECK_FALSE(seats.vouched(1));
    CHECK(seats.vouched(4));
    CHECK(seats.has_vouched(4));
    CHECK_FALSE(seats.has_vouched(3));
    CHECK_FALSE(seats.vouched_by_all());
    CHECK(seats.vouched(3));
    CHECK(seats.vouched_by_all());
}

TEST_CASE("a seat's life is the first one met, until a decided REPLACE says otherwise") {
    Seats seats(3, 0);
    seats.set_life(100, 1);
    const Ledger none;
    CHECK(seats.known(1, none) == 0);
    seats.record(1, 11, 5);
    CHECK(seats.known(1, none) == 11);
    CHECK(seats.known(1, replaced(1, 12)) == 12);
    CHECK(seats.known(2, replaced(1, 12)) == 0);
    CHECK(seats.known(0, none) == 100);
}

TEST_CASE("COMMIT names lives that are on disk and undisputed") {
    Seats seats(3, 0);
    const Ledger none;
    seats.set_life(100, 1);
    seats.record(1, 11, 5);
    seats.recovered(2, 12);
    CHECK(seats.countable(none, 0) == std::vector<SeatInfo>{{2, 12}});
    CHECK(seats.countable(none, 1) == std::vector<SeatInfo>{{0, 100}, {2, 12}});
    CHECK(seats.countable(none, 5) == std::vector<SeatInfo>{{0, 100}, {1, 11}, {2, 12}});
    seats.dispute(2);
    CHECK(seats.countable(none, 5) == std::vector<SeatInfo>{{0, 100}, {1, 11}});
    seats.undispute();
    CHECK(seats.countable(none, 5).size() == 3);
}

TEST_CASE("the journal keeps the own life only once it may vote") {
    Seats seats(3, 0);
    seats.set_life(100, 1);
    seats.record(1, 11, 2);
    CHECK(seats.met() == std::vector<SeatInfo>{{1, 11}});
    seats.set_standing(Standing::learner);
    CHECK(seats.met().size() == 1);
    seats.set_standing(Standing::voting);
    CHECK(seats.met() == std::vector<SeatInfo>{{1, 11}, {0, 100}});
}

// ---------------------------------------------------------------- deadlines

// Against a twin that remembers just the deadline, with a driver that fires what was set.
TEST_CASE("a deadline fires once, not early, and keeps few timers") {
    Rng rng(11);
    for (int run = 0; run < 200; ++run) {
        Deadline deadline(TimerKind::sync);
        std::multimap<Time, TimerTag> driver;
        std::optional<Time> twin;
        std::size_t outstanding = 0;
        Effects out;
        for (Time now = t0; now < t0 + 100ms; now += 1ms) {
            bool fired = false;
            while (!driver.empty() && driver.begin()->first <= now) {
                const TimerTag tag = driver.begin()->second;
                driver.erase(driver.begin());
                if (deadline.fired(tag, now, out)) {
                    REQUIRE_FALSE(std::exchange(fired, true));
                    REQUIRE(twin);
                    REQUIRE(*twin <= now);
                    twin.reset();
                }
                for (const SetTimer& timer : out.timers) driver.emplace(timer.due, timer.tag);
                out.clear();
            }
            if (twin) REQUIRE(*twin > now);  // it did not miss its time
            REQUIRE(deadline.is_set() == twin.has_value());
            if (rng.chance(300'000)) {
                const Time due = now + std::chrono::milliseconds(1 + rng.below(20));
                deadline.set(due, out);
                twin = due;
            } else if (rng.chance(50'000)) {
                deadline.clear();
                twin.reset();
            }
            for (const SetTimer& timer : out.timers) driver.emplace(timer.due, timer.tag);
            out.clear();
            outstanding = std::max(outstanding, driver.size());
        }
        CHECK(outstanding <= 12);
    }
}

TEST_CASE("a deadline that only moves away needs one timer") {
    Deadline deadline(TimerKind::vote_round);
    Effects out;
    for (int i = 0; i < 1000; ++i) deadline.set(t0 + std::chrono::milliseconds(i), out);
    CHECK(out.timers.size() == 1);
}

// ---------------------------------------------------------------- pace

TEST_CASE("courtesy follows the measured round trip and disk") {
    Rng rng(12);
    Pace pace;
    for (int i = 0; i < 200; ++i) {
        pace.measured_round_trip(10ms);
        pace.measured_sync(20ms);
    }
    for (int i = 0; i < 1000; ++i) {
        const Duration hold = pace.courtesy(rng);
        CHECK(hold > 48ms);  // 4 x 10 + 1.5 x 20 = 70 ms, +-30 %
        CHECK(hold < 92ms);
    }
}

TEST_CASE("back-off doubles up to a bound and starts anew after a success") {
    Rng rng(13);
    Pace pace;
    for (int i = 0; i < 200; ++i) {
        pace.measured_round_trip(1ms);
        pace.measured_sync(4ms);
    }
    const auto longest = [&](std::size_t failures) {
        Duration most{};
        for (int i = 0; i < 300; ++i) {
            pace.succeeded();
            for (std::size_t f = 0; f < failures; ++f) (void)pace.back_off(rng);
            most = std::max(most, pace.back_off(rng));
        }
        return most;
    };
    CHECK(longest(0) <= 12ms);
    CHECK(longest(0) > 8ms);
    CHECK(longest(3) <= 82ms);
    CHECK(longest(3) > 60ms);
    CHECK(longest(20) <= 330ms);
    CHECK(longest(20) > 240ms);
}

TEST_CASE("jitter stays within its share, both ways") {
    Rng rng(14);
    Duration least = 1h;
    Duration most{};
    for (int i = 0; i < 2000; ++i) {
        const Duration d = Pace::jittered(1s, rng, 50);
        least = std::min(least, d);
        most = std::max(most, d);
    }
    CHECK(least >= 500ms);
    CHECK(least < 520ms);
    CHECK(most <= 1500ms);
    CHECK(most > 1480ms);
}
