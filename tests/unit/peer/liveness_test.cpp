#include "protocol/peer/liveness.hpp"

#include <doctest/doctest.h>

#include "protocol/rng.hpp"

#include <map>

using namespace gossip;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
Time at(double s) { return Time{} + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }
constexpr NodeId a{1}, b{2};

Links linked(const std::vector<NodeId>& ids) {
    Links links;
    for (const NodeId id : ids) (void)links.add(id, LinkKind::ring, Incarnation{1}, 1);
    return links;
}
}  // namespace

TEST_CASE("cycles agree with a naive count, for every pattern of eight cycles") {
    LivenessConfig config{.interval = seconds(10), .misses = 3};
    for (unsigned pattern = 0; pattern < 256; ++pattern) {
        Links links = linked({a});
        CHECK(end_cycle(config, links.all(), at(10), at(10)).missed.empty());  // heard of at its start
        std::uint32_t silent = 0;
        for (unsigned cycle = 0; cycle < 8; ++cycle) {
            const bool heard = (pattern >> cycle & 1U) != 0;
            if (heard) hear(*links.find(a));
            silent = heard ? 0 : silent + 1;
            const Round round = end_cycle(config, links.all(), at(20 + cycle * 10), at(20 + cycle * 10));
            REQUIRE(round.missed.size() == (silent > 0 ? 1 : 0));
            if (silent > 0) CHECK(round.missed[0].cycles == silent);
            CHECK(round.silent.size() == (silent >= 3 ? 1 : 0));
        }
    }
}

TEST_CASE("a round that comes more than a quarter late judges nobody") {
    LivenessConfig config{.interval = seconds(12), .misses = 1};
    for (const double late : {0.0, 2.9, 3.1, 100.0}) {
        Links links = linked({a});
        (void)end_cycle(config, links.all(), at(12), at(12));
        const Round round = end_cycle(config, links.all(), at(24 + late), at(24));
        CHECK(round.late == (late > 3));
        CHECK(round.silent.empty() == (late > 3));
        CHECK(end_cycle(config, links.all(), at(40 + late), at(40 + late)).silent.size() ==
              1);  // the next one judges again
    }
}

TEST_CASE("who is no neighbour any more is not judged") {
    LivenessConfig config{.misses = 1};
    Links links = linked({a, b});
    (void)end_cycle(config, links.all(), at(13), at(13));
    (void)links.remove(a);
    const Round round = end_cycle(config, links.all(), at(26), at(26));
    CHECK(round.silent == std::vector{b});
    CHECK(round.missed.size() == 1);
}

TEST_CASE("a doubted neighbour is one silent cycle from the next suspicion") {
    LivenessConfig config{.misses = 3};
    Links links = linked({a});
    (void)end_cycle(config, links.all(), at(13), at(13));
    doubt(config, *links.find(a));
    CHECK(end_cycle(config, links.all(), at(26), at(26)).silent.size() == 1);
    doubt(config, *links.find(a));
    hear(*links.find(a));
    CHECK(end_cycle(config, links.all(), at(39), at(39)).silent.empty());
}

TEST_CASE("missed cycles are counted up to a limit, and no more are asked for") {
    LivenessConfig config{.misses = 100'000};
    Links links = linked({a});
    std::size_t silent = 0;
    for (std::uint32_t i = 0; i < Link::most_missed; ++i)
        silent += end_cycle(config, links.all(), at(i), at(i)).silent.size();
    CHECK(silent == 0);
    for (std::uint32_t i = 0; i < 3; ++i) silent += end_cycle(config, links.all(), at(9'999), at(9'999)).silent.size();
    CHECK(silent == 3);
    CHECK((links.find(a)->missed == Link::most_missed));
}

TEST_CASE("a connection that ends again and again is redialled once a second") {
    IsolationDetector losses;
    int redials = 0;
    for (int i = 0; i < 1'000; ++i) redials += losses.redial_after(a, at(1 + 0.01 * i)) ? 1 : 0;
    CHECK(redials >= 9);
    CHECK(redials <= 11);
    CHECK(*losses.redial_after(a, at(100)) == Duration::zero());
    CHECK(*losses.redial_after(a, at(100.4)) == Duration(milliseconds(600)));
    losses.forget(a);
    CHECK(*losses.redial_after(a, at(100.5)) == Duration::zero());
}

TEST_CASE("isolated exactly when more than half of the links are lost within one window") {
    LivenessConfig config{.interval = seconds(10)};
    for (std::size_t degree = 1; degree <= 9; ++degree) {
        IsolationDetector losses;
        for (std::size_t lost = 1; lost <= degree; ++lost) {
            CHECK(losses.note(config, at(0.1 * static_cast<double>(lost)), Time::min(), degree) == (2 * lost > degree));
        }
    }
    IsolationDetector slow;
    for (int i = 0; i < 20; ++i) CHECK_FALSE(slow.note(config, at(i * 11), Time::min(), 2));
}

TEST_CASE("a seed's answer ends the isolation, hands back what waited, and counts for a while") {
    LivenessConfig config{.interval = seconds(10)};
    IsolationDetector losses;
    CHECK(losses.note(config, at(0), Time::min(), 1));
    losses.defer(a, true);
    losses.defer(a, true);
    losses.defer(b, false);
    losses.heard(b);  // it was not that dead
    SlimVector<IsolationDetector::Deferred> deferred;
    CHECK(losses.contact(deferred));
    REQUIRE(deferred.size() == 1);
    CHECK(deferred[0].id == a);
    CHECK(deferred[0].refused);
    CHECK_FALSE(losses.isolated());
    CHECK_FALSE(losses.contact(deferred));
    CHECK_FALSE(losses.note(config, at(6), at(2), 1));
    CHECK(losses.note(config, at(8), at(2), 1));
}
