#include "protocol/seed/proposer.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace gossip;

namespace {

constexpr Ballot ballot{5, 1};

Change add(std::uint64_t k) { return {ChangeKind::add, NodeId{k}, Incarnation{1}}; }
Ask ask(std::uint64_t k) { return {add(k), {}, {}, 0}; }

msg::Vote vote(std::vector<Opinion> opinions, std::vector<Accepted> accepted = {}) {
    msg::Vote v{9, ballot, 1, std::move(accepted), {}, {}, {}};
    for (const Opinion o : opinions) v.opinions.push_back({o, o == Opinion::no ? "because" : ""});
    return v;
}

Proposer opened(std::vector<Ask> asks) {
    Proposer p;
    p.open(9, ballot, std::move(asks));
    return p;
}

}  // namespace

// Every combination of three opinions by up to five seats on one ask, against plain counting.
TEST_CASE("an ask is committed with a quorum of YES, rejected when no quorum is possible, else undecided") {
    for (std::size_t n = 1; n <= 5; ++n) {
        const auto combinations = static_cast<std::uint32_t>(std::pow(4, n));
        for (std::uint32_t code = 0; code < combinations; ++code) {
            Proposer p = opened({ask(1)});
            std::size_t yes = 0;
            std::size_t no = 0;
            std::size_t votes = 0;
            std::uint32_t rest = code;
            for (Seat seat = 0; seat < n; ++seat, rest /= 4) {
                if (rest % 4 == 3) continue;  // silent
                const auto opinion = static_cast<Opinion>(rest % 4);
                REQUIRE(p.add_vote(seat, vote({opinion})));
                ++votes;
                yes += opinion == Opinion::yes;
                no += opinion == Opinion::no;
            }
            const std::size_t quorum = n / 2 + 1;
            const bool settled = yes >= quorum || no > n - quorum;
            const auto now = p.choose(n, false);
            const auto last = p.choose(n, true);
            REQUIRE(now.has_value() == (votes >= quorum && (settled || votes == n)));
            REQUIRE(last.has_value() == (votes >= quorum));
            if (!last) continue;
            CHECK(last->batch.size() == (yes >= quorum));
            CHECK(last->rejected.size() == (no > n - quorum));
            CHECK(last->undecided.size() == !settled);
            CHECK_FALSE(last->adopted);
        }
    }
}

TEST_CASE("a seat votes once, for this epoch and ballot only") {
    Proposer p = opened({ask(1)});
    CHECK(p.add_vote(0, vote({Opinion::yes})));
    CHECK_FALSE(p.add_vote(0, vote({Opinion::yes})));
    msg::Vote other = vote({Opinion::yes});
    other.ballot.round = 4;
    CHECK_FALSE(p.add_vote(1, other));
    other = vote({Opinion::yes});
    other.epoch = 8;
    CHECK_FALSE(p.add_vote(1, other));
    CHECK(p.votes() == 1);
    CHECK_FALSE(p.choose(3, true));
}

TEST_CASE("the accepted batch of the greatest ballot is finished unchanged, whatever was asked") {
    Proposer p = opened({ask(1)});
    p.add_vote(0, vote({Opinion::yes}, {Accepted{9, {2, 0}, {add(7)}}}));
    p.add_vote(1, vote({Opinion::yes}, {Accepted{9, {3, 0}, {add(8)}}}));
    const auto choice = p.choose(3, false);
    REQUIRE(choice);
    CHECK(choice->adopted);
    CHECK(choice->batch == Batch{add(8)});
    CHECK(choice->rejected.empty());
    // One of another epoch says nothing about this one.
    Proposer q = opened({ask(1)});
    q.add_vote(0, vote({Opinion::yes}, {Accepted{8, {2, 0}, {add(7)}}}));
    q.add_vote(1, vote({Opinion::yes}));
    CHECK(q.choose(3, false)->batch == Batch{add(1)});
}

TEST_CASE("asks of one proposal are decided one by one") {
    Proposer p = opened({ask(1), ask(2), ask(3)});
    p.add_vote(0, vote({Opinion::yes, Opinion::no, Opinion::yes}));
    p.add_vote(1, vote({Opinion::yes, Opinion::no, Opinion::undecided}));
    CHECK_FALSE(p.choose(3, false));  // the third may still come through
    p.add_vote(2, vote({Opinion::yes, Opinion::yes, Opinion::yes}));
    const auto choice = p.choose(3, false);
    REQUIRE(choice);
    CHECK(choice->batch == Batch{add(1), add(3)});
    CHECK(choice->rejected == std::vector<std::size_t>{1});
    CHECK(p.asks()[1].reason == "because");
}

TEST_CASE("a vote with fewer opinions than asks, or more, is counted as far as it goes") {
    Proposer p = opened({ask(1), ask(2)});
    p.add_vote(0, vote({Opinion::yes}));
    p.add_vote(1, vote({Opinion::yes, Opinion::yes, Opinion::yes}));
    p.add_vote(2, vote({}));
    const auto choice = p.choose(3, false);
    REQUIRE(choice);
    CHECK(choice->batch == Batch{add(1)});
    CHECK(choice->undecided == std::vector<std::size_t>{1});
}

TEST_CASE("acks count for this ballot, once a seat, and only of the lives that COMMIT named") {
    Proposer p = opened({ask(1)});
    CHECK_FALSE(p.add_ack(0, {9, ballot, 1}));  // nothing was committed yet
    p.add_vote(0, vote({Opinion::yes}));
    p.add_vote(1, vote({Opinion::yes}));
    p.commit({add(1)}, {{0, 10}, {1, 11}});
    CHECK_FALSE(p.choose(3, true));
    CHECK(p.add_ack(0, {9, ballot, 10}));
    CHECK_FALSE(p.add_ack(0, {9, ballot, 10}));
    CHECK_FALSE(p.add_ack(1, {9, ballot, 12}));  // another life
    CHECK_FALSE(p.add_ack(2, {9, ballot, 13}));  // not named
    CHECK_FALSE(p.add_ack(1, {8, ballot, 11}));
    CHECK_FALSE(p.add_ack(1, {9, {4, 1}, 11}));
    CHECK_FALSE(p.decided(3));
    CHECK(p.add_ack(1, {9, ballot, 11}));
    CHECK(p.decided(3));
    CHECK_FALSE(p.decided(5));
}

TEST_CASE("votes after COMMIT are counted for the log and change nothing") {
    Proposer p = opened({ask(1)});
    p.add_vote(0, vote({Opinion::yes}));
    p.add_vote(1, vote({Opinion::yes}));
    p.commit({add(1)}, {});
    CHECK(p.add_vote(2, vote({Opinion::yes}, {Accepted{9, {4, 0}, {add(7)}}})));
    CHECK(p.asks()[0].yes == 3);
    CHECK_FALSE(p.best());
    CHECK(p.batch() == Batch{add(1)});
}

TEST_CASE("an idle proposer counts nothing") {
    Proposer p = opened({ask(1)});
    p.drop();
    CHECK(p.idle());
    CHECK_FALSE(p.add_vote(0, vote({Opinion::yes})));
    CHECK_FALSE(p.add_ack(0, {9, ballot, 1}));
    CHECK_FALSE(p.choose(1, true));
    CHECK_FALSE(p.decided(1));
}
