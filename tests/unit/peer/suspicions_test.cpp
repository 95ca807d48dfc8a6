#include "protocol/peer/suspicions.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

constexpr NodeId suspect{50};
constexpr Incarnation life{3};

Statement statement(std::uint64_t witness, Verdict verdict) { return {suspect, life, 4, verdict, NodeId{witness}, {}}; }

Suspicion* open(Suspicions& all, std::size_t witnesses) {
    Suspicion* s = all.open(suspect, life);
    s->record.version = 4;
    for (std::uint64_t w = 1; w <= witnesses; ++w) s->witnesses.push_back(NodeId{w});
    return s;
}

const Gone nobody = [](NodeId) { return false; };

}  // namespace

// Every combination of answers of up to five witnesses, some of which were removed meanwhile.
TEST_CASE("tally and judgement agree with counting by hand") {
    constexpr int states = 5;  // silent, reachable, unreachable, refused, removed after it refused
    for (std::size_t w = 1; w <= 5; ++w) {
        int combinations = 1;
        for (std::size_t i = 0; i < w; ++i) combinations *= states;
        for (int code = 0; code < combinations; ++code) {
            Suspicions all;
            Suspicion* s = open(all, w);
            std::size_t reachable = 0, unreachable = 0, refused = 0, removed = 0;
            std::vector<NodeId> gone;
            int rest = code;
            for (std::uint64_t i = 1; i <= w; ++i, rest /= states) {
                const int state = rest % states;
                if (state == 1) reachable += all.add(statement(i, Verdict::reachable)) ? 1 : 0;
                if (state == 2) unreachable += all.add(statement(i, Verdict::unreachable)) ? 1 : 0;
                if (state == 3) refused += all.add(statement(i, Verdict::refused)) ? 1 : 0;
                if (state == 4) {
                    removed += all.add(statement(i, Verdict::refused)) ? 1 : 0;
                    gone.push_back(NodeId{i});
                }
            }
            const Tally t = tally(*s, [&](NodeId id) { return std::find(gone.begin(), gone.end(), id) != gone.end(); });
            const std::size_t of = w - removed;
            const std::size_t need = of / 2 + 1;
            REQUIRE(t.of == of);
            REQUIRE(t.need == need);
            REQUIRE(t.reachable == reachable);
            REQUIRE(t.refused == refused);
            REQUIRE(t.confirming == refused + unreachable);
            const bool dead_at_once = refused >= need;
            const bool dead_later = refused + unreachable >= need;
            REQUIRE((judge(t, false) == Finding::dead) == dead_at_once);
            REQUIRE((judge(t, true) == Finding::dead) == dead_later);
            REQUIRE((judge(t, true) == Finding::alive) == (reachable >= need));
        }
    }
}

TEST_CASE("a statement counts for its case only, and one a witness: the latest") {
    Suspicions all;
    const Suspicion* s = open(all, 3);
    CHECK(all.add(statement(1, Verdict::refused)));
    CHECK(all.add(statement(1, Verdict::reachable)));
    CHECK(tally(*s, nobody).refused == 0);
    CHECK(tally(*s, nobody).reachable == 1);
    CHECK_FALSE(all.add(statement(4, Verdict::refused)));
    Statement other = statement(2, Verdict::refused);
    other.incarnation = Incarnation{4};
    CHECK_FALSE(all.add(other));
    other = statement(2, Verdict::refused);
    other.links_version = 5;
    CHECK_FALSE(all.add(other));
    other = statement(2, Verdict::refused);
    other.suspect = NodeId{51};
    CHECK_FALSE(all.add(other));
    all.find(suspect)->stage = Suspicion::Stage::reporting;
    CHECK_FALSE(all.add(statement(2, Verdict::refused)));
}

TEST_CASE("without witnesses nothing is proven") {
    Suspicions all;
    const Suspicion* s = open(all, 0);
    CHECK(judge(tally(*s, nobody), true) == Finding::open);
}

TEST_CASE("cases are found, closed and bounded; a timer of an earlier attempt is recognised") {
    Suspicions all;
    Suspicion* s = all.open(NodeId{9}, life);
    const auto before = s->generation;
    all.renew(*s);
    CHECK(s->generation != before);
    (void)all.open(NodeId{3}, life);
    CHECK(all.suspects() == std::vector{NodeId{3}, NodeId{9}});
    CHECK(all.find(NodeId{4}) == nullptr);
    all.close(NodeId{3});
    CHECK(all.find(NodeId{3}) == nullptr);
    for (std::uint64_t i = 100; all.size() < Suspicions::limit; ++i) (void)all.open(NodeId{i}, life);
    CHECK(all.open(NodeId{1}, life) == nullptr);
}
