#include "protocol/seed/seats.hpp"

#include "protocol/seed/deadline.hpp"
#include "protocol/seed/pace.hpp"
#include "seed_parts.hpp"

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

TEST_CASE("a new seat asks the others, and votes once enough of them met no earlier life of it") {
    SeedParts p(5);
    Seats seats(5, 0);
    seats.begin_life(100, p.journal);
    seats.handle_started(p.t, false);
    CHECK(seats.standing() == Standing::asking);
    for (std::size_t other = 1; other < 5; ++other) CHECK(p.sent<msg::SeatQuery>(seed_id(other)).size() == 1);
    const SetTimer again = p.timer(TimerKind::seat_query);
    seats.on_seat_answer(p.t, 1, {0, 100, 0});
    seats.on_seat_answer(p.t, 1, {0, 100, 0});
    seats.on_seat_answer(p.t, 2, {0, 99, 0});  // about another life
    seats.on_seat_answer(p.t, 3, {0, 100, 0});
    CHECK(seats.standing() == Standing::asking);
    seats.on_seat_answer(p.t, 4, {0, 100, 0});
    CHECK(seats.standing() == Standing::voting);
    CHECK(p.said(NoticeKind::seed_voting) == 1);
    CHECK(p.out.appends.size() == 1);
    p.clear();
    p.t.now = again.due;
    seats.handle_seat_query_due(p.t, again.tag);  // the last one has still to meet this life
    CHECK(p.sent<msg::SeatQuery>(seed_id(2)).size() == 1);
    CHECK(p.sent<msg::SeatQuery>(seed_id(1)).empty());
}

TEST_CASE("a seat whose earlier life is known learns until the list gives it to this one") {
    SeedParts p(3);
    Seats seats(3, 0);
    seats.begin_life(100, p.journal);
    seats.handle_started(p.t, false);
    seats.on_seat_answer(p.t, 1, {0, 100, 7});
    CHECK(seats.standing() == Standing::learner);
    seats.on_seat_answer(p.t, 1, {0, 100, 0});
    seats.on_seat_answer(p.t, 2, {0, 100, 0});
    CHECK(seats.standing() == Standing::learner);
    p.decide({{.kind = ChangeKind::replace, .seat = 0, .new_life = 100}});
    seats.handle_list_changed(p.t);
    CHECK(seats.standing() == Standing::voting);
    p.decide({{.kind = ChangeKind::replace, .seat = 0, .new_life = 200}});
    seats.handle_list_changed(p.t);
    CHECK(seats.standing() == Standing::learner);
}

TEST_CASE("a journal that voted votes again, unless its seat was given to another or it is damaged") {
    const auto start = [](bool voted, SeatLife given, JournalState::Fault fault) {
        SeedParts p(3);
        Seats seats(3, 0);
        seats.recover(100, voted, {});
        p.journal.set_fault(fault, "damaged");
        if (given != 0) p.decide({{.kind = ChangeKind::replace, .seat = 0, .new_life = given}});
        seats.handle_started(p.t, true);
        return seats.standing();
    };
    CHECK(start(true, 0, JournalState::Fault::none) == Standing::voting);
    CHECK(start(true, 200, JournalState::Fault::none) == Standing::asking);
    CHECK(start(false, 100, JournalState::Fault::damaged) == Standing::voting);
    CHECK(start(false, 0, JournalState::Fault::damaged) == Standing::asking);
    CHECK(start(false, 0, JournalState::Fault::none) == Standing::voting);  // bootstrap
}

TEST_CASE("a seat's life is the first one met, until a decided REPLACE says otherwise") {
    SeedParts p(3);
    const Ledger none;
    CHECK(p.seats.known(1, none) == 0);
    p.seats.meet(p.t, 1, 11);
    p.seats.meet(p.t, 1, 12);
    p.seats.meet(p.t, 2, 0);
    CHECK(p.out.appends.size() == 1);
    CHECK(p.seats.recorded_at(1) == p.out.appends.back().seq);
    CHECK(p.seats.known(1, none) == 11);
    CHECK(p.seats.known(1, replaced(1, 12)) == 12);
    CHECK(p.seats.known(2, replaced(1, 12)) == 0);
    CHECK(p.seats.known(0, none) == SeedParts::own_life);
}

TEST_CASE("a seat that asks is vouched for, or told which life is known and replaced") {
    SeedParts p(3);
    p.seats.on_seat_query(p.t, 1, {2, 11});
    CHECK(p.said(NoticeKind::refused_message) == 1);
    p.seats.on_seat_query(p.t, 1, {1, 11});
    CHECK(p.sent<msg::SeatAnswer>(seed_id(1)).back().known == 0);
    CHECK(p.out.sends.back().after == p.out.appends.back().seq);
    CHECK(p.raised<fact::ChangeWanted>().empty());
    p.seats.on_seat_query(p.t, 1, {1, 12});
    CHECK(p.sent<msg::SeatAnswer>(seed_id(1)).back().known == 11);
    REQUIRE(p.raised<fact::ChangeWanted>().size() == 1);
    const Change change = p.raised<fact::ChangeWanted>().front().ask.change;
    CHECK(change == Change{.kind = ChangeKind::replace, .seat = 1, .old_life = 11, .new_life = 12});
}

TEST_CASE("COMMIT names lives that are on disk and undisputed") {
    SeedParts p(3);
    const Ledger none;
    Seats seats(3, 0);
    seats.recover(100, true, {{2, 12}});
    p.journal = {};
    seats.begin_life(101, p.journal);
    p.journal.append(p.out, RecordType::header, {}, false);
    seats.meet(p.t, 1, 11);
    CHECK(seats.countable(none, 0) == std::vector<SeatInfo>{{2, 12}});
    CHECK(seats.countable(none, 1) == std::vector<SeatInfo>{{0, 101}, {2, 12}});
    CHECK(seats.countable(none, 2) == std::vector<SeatInfo>{{0, 101}, {1, 11}, {2, 12}});
    seats.on_seat_answer(p.t, 1, {2, 13, 14});  // about a life that is not counted here
    CHECK(seats.countable(none, 2).size() == 3);
    seats.on_seat_answer(p.t, 1, {2, 12, 14});
    CHECK(seats.countable(none, 2) == std::vector<SeatInfo>{{0, 101}, {1, 11}});
    seats.handle_list_changed(p.t);
    CHECK(seats.countable(none, 2).size() == 3);
}

TEST_CASE("who counts another life than the known one is told") {
    SeedParts p(3);
    p.seats.meet(p.t, 1, 11);
    CHECK(p.seats.agrees(p.t, 2, {{1, 11}, {2, 22}, {0, SeedParts::own_life}}));
    CHECK(p.out.sends.empty());
    CHECK_FALSE(p.seats.agrees(p.t, 2, {{1, 12}}));
    CHECK(p.sent<msg::SeatAnswer>(seed_id(2)).back().known == 11);
    CHECK_FALSE(p.seats.agrees(p.t, 2, {{7, 1}}));
}

TEST_CASE("the journal keeps the own life only once it may vote") {
    SeedParts p(3);
    Seats seats(3, 0);
    seats.begin_life(100, p.journal);
    seats.meet(p.t, 1, 11);
    seats.handle_started(p.t, false);
    CHECK(seats.met() == std::vector<SeatInfo>{{1, 11}});
    seats.on_seat_answer(p.t, 1, {0, 100, 0});
    seats.on_seat_answer(p.t, 2, {0, 100, 0});
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
        SeedParts p(1);
        Effects& out = p.out;
        for (Time now = t0; now < t0 + 100ms; now += 1ms) {
            p.t.now = now;
            bool fired = false;
            while (!driver.empty() && driver.begin()->first <= now) {
                const TimerTag tag = driver.begin()->second;
                driver.erase(driver.begin());
                if (deadline.fired(p.t, tag)) {
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
                deadline.set(p.t, due);
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
    SeedParts p(1);
    for (int i = 0; i < 1000; ++i) deadline.set(p.t, t0 + std::chrono::milliseconds(i));
    CHECK(p.out.timers.size() == 1);
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
