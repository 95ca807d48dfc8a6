// What is to be announced, and what was announced and has not come.

#include "protocol/rumors/plumtree.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace std::chrono_literals;

namespace {

RumorKey key(std::uint64_t n) { return {n, n * 7}; }
Time at(Duration d) { return Time{} + d; }
constexpr NodeId a{1};
constexpr NodeId b{2};

}  // namespace

TEST_CASE("tree: announcements go together, so many at a time") {
    Plumtree tree;
    CHECK(tree.announce(key(0)));
    for (std::uint64_t n = 1; n < Plumtree::announced_limit + 5; ++n) CHECK_FALSE(tree.announce(key(n)));
    CHECK(tree.take_announcements().size() == Plumtree::announced_limit);
    CHECK(tree.take_announcements().size() == 5);
    CHECK(tree.take_announcements().empty());
    CHECK(tree.announce(key(1)));
}

TEST_CASE("tree: what does not come is asked of one after the other, and of none that is gone") {
    Plumtree tree;
    CHECK(tree.announced(key(1), a, at(0ms)));
    CHECK_FALSE(tree.announced(key(1), b, at(1ms)));
    CHECK_FALSE(tree.announced(key(2), a, at(2ms)));
    CHECK(tree.next() == at(Plumtree::graft_after));
    CHECK(tree.overdue(at(Plumtree::graft_after - 1ms)).empty());
    const auto first = tree.overdue(at(Plumtree::graft_after + 2ms));
    REQUIRE(first.size() == 1);
    CHECK(first[0].to == a);
    CHECK(first[0].keys == std::vector<RumorKey>{key(1), key(2)});
    CHECK(tree.next() == at(2 * Plumtree::graft_after + 1ms));
    const auto second = tree.overdue(at(1s));
    REQUIRE(second.size() == 1);
    CHECK(second[0].to == b);
    CHECK_FALSE(tree.next());

    (void)tree.announced(key(3), a, at(1s));
    (void)tree.announced(key(4), a, at(1s));
    (void)tree.announced(key(4), b, at(1s));
    tree.arrived(key(3));
    tree.lost(a);
    const auto third = tree.overdue(at(5s));
    REQUIRE(third.size() == 1);
    CHECK(third[0].to == b);
    CHECK(third[0].keys == std::vector<RumorKey>{key(4)});
}

TEST_CASE("tree: what a neighbour announces twice is asked of it once") {
    Plumtree tree;
    CHECK(tree.announced(key(1), a, at(0ms)));
    CHECK_FALSE(tree.announced(key(1), a, at(1ms)));
    CHECK_FALSE(tree.announced(key(1), b, at(2ms)));
    const auto requests = tree.overdue(at(1h));
    REQUIRE(requests.size() == 2);
    for (const Plumtree::Request& r : requests) CHECK(r.keys == std::vector<RumorKey>{key(1)});
}

TEST_CASE("tree: what strangers announce without end is bounded, and a request is no longer than an answer") {
    Plumtree tree;
    for (std::uint64_t n = 0; n < Plumtree::wanted_limit + 100; ++n) (void)tree.announced(key(n), a, at(0ms));
    std::size_t asked = 0;
    for (const auto& request : tree.overdue(at(1s))) {
        CHECK(request.keys.size() <= Plumtree::request_limit);
        asked += request.keys.size();
    }
    CHECK(asked == Plumtree::wanted_limit);
}

TEST_CASE("tree: one message at a time is looked at, when its copies had time to come") {
    Plumtree tree;
    CHECK_FALSE(tree.sample(key(1), at(0ms)));
    CHECK_FALSE(tree.sample(key(2), at(Plumtree::sample_after - 1ms)));
    CHECK(tree.sample(key(3), at(Plumtree::sample_after)) == key(1));
    CHECK_FALSE(tree.sample(key(4), at(Plumtree::sample_after + 1ms)));
    CHECK(tree.sample(key(5), at(5s)) == key(3));
    for (std::uint32_t i = 1; i < Plumtree::samples; ++i) CHECK_FALSE(tree.short_of_copies(true));
    CHECK_FALSE(tree.short_of_copies(false));
    for (std::uint32_t i = 1; i < Plumtree::samples; ++i) CHECK_FALSE(tree.short_of_copies(true));
    CHECK(tree.short_of_copies(true));
    CHECK_FALSE(tree.short_of_copies(true));
}

TEST_CASE("tree: the rate is that of the last second or so, and falls when nothing comes") {
    Plumtree tree;
    tree.weigh(0, at(10s));
    for (int i = 0; i < 10; ++i) tree.weigh(100, at(10s + i * 100ms));
    CHECK(tree.rate() == 0);
    tree.weigh(100, at(11s));
    CHECK(tree.rate() == 1000);
    tree.weigh(0, at(21s));
    CHECK(tree.rate() == 10);
    tree.weigh(0, at(31s));
    CHECK(tree.rate() == 0);
}
