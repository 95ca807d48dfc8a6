#include "protocol/seed/removal_cases.hpp"

#include "seed_net.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

using Result = OwnProbes::Result;
const NodeId suspect = peer_id(1);
constexpr Time t0{};

}  // namespace

TEST_CASE("one probe runs at a time and its result is good for five seconds") {
    OwnProbes probes;
    CHECK(probes.result(suspect, t0) == Result::none);
    const auto first = probes.begin(suspect, t0);
    REQUIRE(first);
    CHECK_FALSE(probes.begin(suspect, t0 + 1s));
    CHECK(probes.result(suspect, t0 + 60s) == Result::running);
    CHECK(probes.failed(suspect, t0 + 1s));
    CHECK_FALSE(probes.failed(suspect, t0 + 1s));
    CHECK(probes.result(suspect, t0 + 6s) == Result::failed);
    CHECK_FALSE(probes.begin(suspect, t0 + 6s));
    CHECK(probes.result(suspect, t0 + 6s + 1ns) == Result::none);
    const auto second = probes.begin(suspect, t0 + 7s);
    REQUIRE(second);
    CHECK(*second != *first);
}

TEST_CASE("an answer beats a failure, late or not, and needs a probe to be one") {
    OwnProbes probes;
    CHECK_FALSE(probes.answered(suspect, t0));
    CHECK(probes.result(suspect, t0) == Result::none);
    (void)probes.begin(suspect, t0);
    CHECK(probes.failed(suspect, t0 + 1s));
    CHECK(probes.answered(suspect, t0 + 2s));
    CHECK_FALSE(probes.answered(suspect, t0 + 3s));
    CHECK_FALSE(probes.failed(suspect, t0 + 3s));
    CHECK(probes.result(suspect, t0 + 3s) == Result::answered);
}

TEST_CASE("a probe's timer speaks for that probe alone") {
    OwnProbes probes;
    const std::uint32_t first = *probes.begin(suspect, t0);
    CHECK(probes.answered(suspect, t0));
    CHECK_FALSE(probes.expired(suspect, first, t0 + 1s));
    const std::uint32_t second = *probes.begin(suspect, t0 + 6s);
    CHECK_FALSE(probes.expired(suspect, first, t0 + 7s));
    CHECK(probes.expired(suspect, second, t0 + 7s));
    CHECK_FALSE(probes.expired(suspect, second, t0 + 7s));
    CHECK(probes.result(suspect, t0 + 7s) == Result::failed);
}

TEST_CASE("a broken connection is tried again twice") {
    OwnProbes probes;
    CHECK_FALSE(probes.retry(suspect));
    (void)probes.begin(suspect, t0);
    CHECK(probes.retry(suspect));
    CHECK(probes.retry(suspect));
    CHECK_FALSE(probes.retry(suspect));
    (void)probes.failed(suspect, t0);
    CHECK_FALSE(probes.retry(suspect));
}

TEST_CASE("stale results are forgotten, running probes are not") {
    OwnProbes probes;
    (void)probes.begin(suspect, t0);
    (void)probes.begin(peer_id(2), t0);
    (void)probes.failed(suspect, t0);
    probes.forget_stale(t0 + 60s);
    CHECK(probes.result(suspect, t0) == Result::none);
    CHECK(probes.result(peer_id(2), t0 + 60s) == Result::running);
}

TEST_CASE("a case is about one life") {
    RemovalCases cases;
    RemovalCase* c = cases.open(suspect, life(5));
    REQUIRE(c);
    c->ours = true;
    CHECK(cases.open(suspect, life(5)) == c);
    CHECK(cases.open(suspect, life(5))->ours);
    CHECK_FALSE(cases.open(suspect, life(6))->ours);
    CHECK(cases.all().size() == 1);
    cases.close(suspect);
    CHECK(cases.find(suspect) == nullptr);
}

TEST_CASE("cases and reporters are bounded") {
    RemovalCases cases;
    for (std::size_t k = 0; k < RemovalCases::limit; ++k) REQUIRE(cases.open(NodeId{k + 1}, life(1)));
    CHECK(cases.open(NodeId{RemovalCases::limit + 1}, life(1)) == nullptr);
    CHECK(cases.open(NodeId{1}, life(2)) != nullptr);
    RemovalCase& c = *cases.find(NodeId{1});
    for (std::size_t k = 0; k < 100; ++k) add_reporter(c, peer_id(k / 2));
    CHECK(c.reporters.size() == RemovalCases::reporters_limit);
}

// Every combination of opinions (or silence) of up to five seats, against plain counting.
TEST_CASE("opinions add up to a majority either way, or stay open") {
    for (std::size_t n = 1; n <= 5; ++n) {
        std::uint32_t combinations = 1;
        for (std::size_t i = 0; i < n; ++i) combinations *= 4;
        for (std::uint32_t code = 0; code < combinations; ++code) {
            RemovalCase c;
            std::size_t yes = 0;
            std::size_t no = 0;
            std::uint32_t rest = code;
            for (Seat seat = 0; seat < n; ++seat, rest /= 4) {
                if (rest % 4 == 3) continue;
                c.opinions[seat] = static_cast<Opinion>(rest % 4);
                yes += c.opinions[seat] == Opinion::yes;
                no += c.opinions[seat] == Opinion::no;
            }
            const Opinion sum = tally(c, n);
            CHECK((sum == Opinion::yes) == (yes >= n / 2 + 1));
            CHECK((sum == Opinion::no) == (yes + (n - yes - no) < n / 2 + 1));
        }
    }
}
