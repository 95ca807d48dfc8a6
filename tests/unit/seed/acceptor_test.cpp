#include "protocol/seed/acceptor.hpp"

#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace gossip;

namespace {

Batch batch(std::uint64_t k) { return {Change{ChangeKind::add, NodeId{k}, Incarnation{1}}}; }

}  // namespace

// Paxos' two rules for an acceptor, over every sequence of six operations on four ballots.
TEST_CASE("what is promised is never undercut, and what is accepted is the greatest ballot's") {
    const Ballot ballots[] = {{1, 0}, {1, 1}, {2, 0}, {2, 1}};
    for (std::uint32_t code = 0; code < 8U * 8 * 8 * 8 * 8 * 8; ++code) {
        Acceptor acceptor;
        Ballot bound;  // the greatest seen: promised or accepted
        std::optional<Ballot> accepted;
        std::uint32_t rest = code;
        for (int i = 0; i < 6; ++i, rest /= 8) {
            const Ballot b = ballots[rest % 4];
            const bool may = b >= bound;
            if (rest % 8 < 4) {
                REQUIRE(acceptor.promise(b) == may);
            } else {
                REQUIRE(acceptor.accept(1, b, batch(b.round * 2 + b.seat)) == may);
                if (may) accepted = b;
            }
            if (may) bound = b;
            REQUIRE(acceptor.promised() == bound);
            REQUIRE(acceptor.accepted().has_value() == accepted.has_value());
            if (accepted) REQUIRE(acceptor.accepted()->ballot == *accepted);
        }
    }
}

TEST_CASE("one ballot carries one batch") {
    Acceptor acceptor;
    CHECK(acceptor.accept(1, {1, 0}, batch(1)));
    CHECK(acceptor.accept(1, {1, 0}, batch(1)));
    CHECK_FALSE(acceptor.accept(1, {1, 0}, batch(2)));
    CHECK(acceptor.accepted()->batch == batch(1));
}

TEST_CASE("a decided epoch's batch is forgotten, the promise is not") {
    Acceptor acceptor;
    CHECK(acceptor.accept(3, {7, 1}, batch(1)));
    acceptor.discard_through(2);
    CHECK(acceptor.accepted());
    acceptor.discard_through(3);
    CHECK_FALSE(acceptor.accepted());
    CHECK(acceptor.promised() == Ballot{7, 1});
    CHECK_FALSE(acceptor.promise({6, 9}));
}

TEST_CASE("after a restart nothing up to the ceiling is promised again") {
    Acceptor acceptor;
    acceptor.recover(100, Accepted{4, {50, 2}, batch(1)});
    CHECK_FALSE(acceptor.promise({100, 31}));
    CHECK_FALSE(acceptor.accept(4, {100, 31}, batch(1)));
    CHECK(acceptor.promise({101, 0}));
    CHECK(acceptor.accepted()->ballot == Ballot{50, 2});
    Acceptor fresh;
    fresh.recover(0, std::nullopt);
    CHECK(fresh.promise({1, 0}));
    // A journal whose ceiling lags behind what it accepted is still bound by that.
    Acceptor lagging;
    lagging.recover(10, Accepted{4, {50, 2}, batch(1)});
    CHECK_FALSE(lagging.promise({50, 3}));
}

// The ceiling on disk must cover every round that a message left about: the twin writes each
// round it uses and looks the ceiling up when the "disk" has caught up.
TEST_CASE("a message about a round waits for a ceiling above it, and hardly ever has to") {
    Rng rng(3);
    Acceptor acceptor;
    std::vector<std::pair<AppendSeq, std::uint64_t>> written{{0, 0}};
    AppendSeq seq = 0;
    std::uint64_t round = 0;
    std::size_t appends = 0;
    for (int i = 0; i < 20'000; ++i) {
        round += rng.chance(1000) ? 5000 : 1;
        if (const auto ceiling = acceptor.ceiling_needed(round)) {
            written.push_back({++seq, *ceiling});
            acceptor.ceiling_appended(*ceiling, seq);
            ++appends;
        }
        const AppendSeq after = acceptor.covered_by(round);
        const auto is_it = [&](const auto& entry) { return entry.first == after; };
        const auto covering = std::find_if(written.begin(), written.end(), is_it);
        REQUIRE(covering != written.end());
        REQUIRE(covering->second >= round);
        if (rng.chance(900'000)) ++seq;  // other records
    }
    CHECK(appends < 100);
}

TEST_CASE("the ceiling is asked for early: a steady proposer never waits for it") {
    Acceptor acceptor;
    AppendSeq seq = 0;
    AppendSeq persisted = 0;
    for (std::uint64_t round = 1; round < 10'000; ++round) {
        if (const auto ceiling = acceptor.ceiling_needed(round)) acceptor.ceiling_appended(*ceiling, ++seq);
        if (round > 1) REQUIRE(acceptor.covered_by(round) <= persisted);
        if (round % 100 == 1) persisted = seq;  // a slow disk
    }
}
