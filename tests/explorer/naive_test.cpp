#include "naive.hpp"

#include "bfs.hpp"
#include "walk.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace gossip;
using namespace gossip::explorer;

namespace {

SearchResult explore(NaiveSystem& system, std::uint64_t limit = 1'000'000) {
    return BreadthFirst<NaiveSystem>(system).run(limit, [] { return false; });
}

}  // namespace

TEST_CASE("a YES that promises nothing: two conflicting proposals are approved in six steps") {
    NaiveSystem system({});
    const SearchResult found = explore(system);
    REQUIRE(found.violation);
    CHECK(found.violation->trace.size() == 6);
    CHECK(found.violation->what.starts_with("S1"));
    const std::string text = print_trace(system, *found.violation);
    CHECK(text.starts_with("1. a client asks S"));
    CHECK(text.find("6. S") != std::string::npos);
    CHECK(text.find("=> S1: two conflicting") != std::string::npos);
}

TEST_CASE("counting a quorum is not enough: a crash loses an acknowledged change in four steps") {
    NaiveSystem system({.proposals = 1, .crashes = 1, .check_split = false, .check_lost = true});
    const SearchResult found = explore(system);
    REQUIRE(found.violation);
    CHECK(found.violation->trace.size() == 4);
    CHECK(found.violation->what.starts_with("S2"));
}

TEST_CASE("votes counted as they come: a duplicated one approves in four steps without a quorum") {
    NaiveSystem system({.seeds = 5, .proposals = 1, .check_split = false, .check_quorum = true});
    const SearchResult found = explore(system);
    REQUIRE(found.violation);
    CHECK(found.violation->trace.size() == 4);
    CHECK(found.violation->what.starts_with("S4"));
}

// Where no violation exists, the search is exhausted and reports that.
TEST_CASE("one proposal and no crash cannot split: exhausted without a violation") {
    NaiveSystem system({.proposals = 1, .check_lost = true});
    const SearchResult found = explore(system);
    CHECK_FALSE(found.violation);
    CHECK(found.exhausted);
    CHECK(found.states == 20);  // 1 idle + 4 voting + 3 approved + 12 while COMMIT spreads

    NaiveSystem again({.proposals = 1});
    const SearchResult cut = explore(again, 10);
    CHECK_FALSE(cut.exhausted);
    CHECK(cut.states == 10);
}

TEST_CASE("a random walk finds the split too, and cuts its trace down to the same six steps") {
    std::optional<Violation> found;
    NaiveSystem system({});
    for (std::uint64_t seed = 0; seed < 100 && !found; ++seed) {
        RandomWalk<NaiveSystem> walk(system, Rng(seed));
        found = walk.run(40);
        if (found) found = walk.shortened(*found);
    }
    REQUIRE(found);
    CHECK(found->trace.size() == 6);
}
