#include "protocol/seed/list/directory.hpp"

#include "seed_net.hpp"

#include "protocol/ring.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

constexpr Time t0{};
const OverlayConfig overlay;

Directory of(std::size_t peers) {
    Directory d;
    for (std::size_t k = 0; k < peers; ++k) d.add(peer_id(k), 1, t0);
    return d;
}

std::vector<NodeId> ids(std::size_t peers) {
    std::vector<NodeId> all;
    for (std::size_t k = 0; k < peers; ++k) all.push_back(peer_id(k));
    return all;
}

}  // namespace

TEST_CASE("successors are those of the plain function over the whole list, also for who is not in it") {
    Rng rng(5);
    Directory d;
    std::set<NodeId> twin;
    for (int i = 0; i < 400; ++i) {
        const NodeId id = peer_id(rng.below(40));
        if (rng.chance(600'000)) {
            d.add(id, 1, t0);
            twin.insert(id);
        } else {
            d.remove(id);
            twin.erase(id);
        }
        const std::vector<NodeId> all(twin.begin(), twin.end());
        const NodeId asking = peer_id(rng.below(60));
        REQUIRE(d.successors(asking, 4) == ring_successors(asking, all, 4));
        REQUIRE(d.sample(100, NodeId::none, overlay, rng).size() == all.size());
    }
}

TEST_CASE("a sample has no doubles, nobody that is not listed, not the asker, and is uniform") {
    const Directory d = of(20);
    Rng rng(6);
    std::map<NodeId, int> drawn;
    for (int i = 0; i < 4000; ++i) {
        std::set<NodeId> seen;
        const auto sample = d.sample(5, peer_id(3), overlay, rng);
        REQUIRE(sample.size() == 5);
        for (const Candidate& c : sample) {
            REQUIRE(seen.insert(c.id).second);
            ++drawn[c.id];
        }
    }
    CHECK(drawn.size() == 19);
    CHECK_FALSE(drawn.contains(peer_id(3)));
    for (const auto& [id, times] : drawn) {
        CHECK(times > 900);  // 1053 expected, deviation 28
        CHECK(times < 1200);
    }
}

TEST_CASE("a sample of more than there are is everybody else") {
    Rng rng(7);
    for (std::size_t n = 0; n < 8; ++n) {
        for (std::size_t count = 0; count < 8; ++count) {
            const std::size_t others = n > 0 ? n - 1 : 0;
            CHECK(of(n).sample(count, peer_id(0), overlay, rng).size() == std::min(count, others));
            CHECK(of(n).sample(count, peer_id(99), overlay, rng).size() == std::min(count, n));
        }
    }
}

TEST_CASE("silence is counted from the last sign of life of any kind") {
    Directory d = of(3);
    d.lease(peer_id(0), 4, t0 + 10s);
    d.touch(peer_id(1), t0 + 20s);
    CHECK(d.all_silent_since(t0).empty());
    CHECK(d.all_silent_since(t0 + 1s) == std::vector{peer_id(2)});
    CHECK(d.all_silent_since(t0 + 15s) == std::vector{peer_id(0), peer_id(2)});
    CHECK(d.all_silent_since(t0 + 21s) == ids(3));
    CHECK(d.silent_since(peer_id(2), t0 + 1s));
    CHECK_FALSE(d.silent_since(peer_id(1), t0 + 20s));
    CHECK_FALSE(d.silent_since(peer_id(9), t0 + 99s));  // not listed: nothing to say
}

TEST_CASE("only protocol 1 that leases here is told first of decisions") {
    Directory d = of(10);
    d.add(peer_id(10), 0, t0);
    Rng rng(8);
    CHECK(d.lease_holders(3, rng).empty());
    d.lease(peer_id(2), 1, t0);
    d.lease(peer_id(7), 1, t0);
    d.lease(peer_id(10), 1, t0);
    std::set<NodeId> told;
    for (int i = 0; i < 50; ++i) {
        const auto holders = d.lease_holders(3, rng);
        CHECK(holders.size() <= 2);
        told.insert(holders.begin(), holders.end());
    }
    CHECK(told == std::set{peer_id(2), peer_id(7)});
    CHECK(d.leases_here(peer_id(2)));
    CHECK_FALSE(d.leases_here(peer_id(3)));
    for (std::size_t k = 0; k < 10; ++k) d.lease(peer_id(k), 1, t0);
    CHECK(d.lease_holders(3, rng).size() == 3);
}

TEST_CASE("degrees go to the other seeds once, and are what candidates carry") {
    Directory d = of(3);
    Rng rng(9);
    CHECK(d.take_degrees(10).empty());
    d.lease(peer_id(0), 4, t0);
    d.lease(peer_id(1), 0, t0);
    d.lease(peer_id(2), 9, t0);
    CHECK(d.take_degrees(1).size() == 1);
    CHECK(d.take_degrees(10).size() == 2);  // also that a peer has no links yet
    CHECK(d.take_degrees(10).empty());
    d.lease(peer_id(0), 4, t0);
    CHECK(d.take_degrees(10).empty());
    d.lease(peer_id(0), 5, t0);
    const auto news = d.take_degrees(10);
    REQUIRE(news.size() == 1);
    CHECK(news[0].id == peer_id(0));
    CHECK(news[0].degree == 5);
    d.learn_degree({peer_id(1), 77, 1});
    d.learn_degree({peer_id(50), 77, 1});
    for (const Candidate& c : d.sample(10, NodeId::none, overlay, rng)) {
        CHECK(c.degree == (c.id == peer_id(0) ? 5U : c.id == peer_id(1) ? 77U : 9U));
    }
    CHECK(d.take_degrees(10).empty());  // hearsay is not passed on
}

TEST_CASE("who has told no degree yet has the one of its seniority, below the cap") {
    Directory d = of(100);
    Rng rng(10);
    d.lease(peer_id(24), 5, t0);
    std::map<NodeId, std::uint32_t> degrees;
    for (const Candidate& c : d.sample(100, NodeId::none, overlay, rng)) degrees[c.id] = c.degree;
    CHECK(degrees[peer_id(0)] == overlay.links * 10);
    CHECK(degrees[peer_id(3)] == overlay.links * 5);
    CHECK(degrees[peer_id(24)] == 5);
    CHECK(degrees[peer_id(99)] == overlay.links);
    CHECK(expected_degree(overlay, 1, 1'000'000) == degree_limit(overlay, false) - 1);
}

TEST_CASE("rebuilding keeps the order of admission") {
    Ledger ledger;
    const FakeCrypto crypto(1);
    for (const std::size_t peer : {9U, 2U, 5U}) {
        ledger.apply(ledger.next(crypto, {Change{ChangeKind::add, peer_id(peer), life(1)}}));
    }
    Directory d;
    d.rebuild(ledger, t0);
    Rng rng(11);
    OverlayConfig many_links;
    many_links.links = 30;
    std::map<std::uint32_t, NodeId> by_degree;
    for (const Candidate& c : d.sample(3, NodeId::none, many_links, rng)) by_degree[c.degree] = c.id;
    REQUIRE(by_degree.size() == 3);
    CHECK(by_degree.begin()->second == peer_id(5));
    CHECK(by_degree.rbegin()->second == peer_id(9));
}

TEST_CASE("rebuilding takes the list as it is and gives everybody a new lease") {
    Directory d = of(3);
    d.lease(peer_id(0), 4, t0);
    Ledger ledger;
    const FakeCrypto crypto(1);
    ledger.apply(ledger.next(crypto, {Change{ChangeKind::add, peer_id(5), life(1)}}));
    d.rebuild(ledger, t0 + 60s);
    CHECK(d.all_silent_since(t0 + 61s) == std::vector{peer_id(5)});
    CHECK(d.all_silent_since(t0 + 60s).empty());
    CHECK_FALSE(d.leases_here(peer_id(5)));
}
