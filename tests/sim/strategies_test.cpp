// Overlays of every strategy: grown, and registered under all checkers.

#include "tests/sim/network_scenarios.hpp"

#include "protocol/overlay/given_links.hpp"
#include "sim/cluster/grown_overlay.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

std::vector<NodeId> names(std::uint32_t peers) {
    std::vector<NodeId> ids;
    for (std::uint32_t i = 0; i < peers; ++i) ids.push_back(NodeId{0x7f0000010000 + std::uint64_t{7000 + i}});
    return ids;
}

// A ring with a chord from vertex 0 to the middle.
std::shared_ptr<const GivenLinks> chorded_ring(std::uint32_t vertices) {
    std::vector<GivenLinks::Edge> edges;
    for (std::uint32_t v = 0; v < vertices; ++v) edges.emplace_back(v, (v + 1) % vertices);
    edges.emplace_back(0, vertices / 2);
    return std::make_shared<const GivenLinks>(vertices, edges);
}

OverlayConfig config_of(std::string_view strategy, std::uint32_t peers) {
    OverlayConfig config;
    config.strategy = find_overlay(strategy);
    config.given = chorded_ring(peers);
    return config;
}

GrownOverlay grown(std::string_view strategy, std::uint32_t peers, std::uint64_t seed = 1) {
    const OverlayConfig config = config_of(strategy, peers);
    const auto ids = names(peers);
    return {ids, config, Rng(seed)};
}

std::vector<std::uint32_t> degrees(const GrownOverlay& overlay, std::uint32_t peers) {
    std::vector<std::uint32_t> result;
    for (std::uint32_t i = 0; i < peers; ++i) result.push_back(overlay.degree(i));
    return result;
}

}  // namespace

TEST_CASE("grown: as many links as the strategy's joiners open, for 10 peers and for 100") {
    for (const std::uint32_t n : {10U, 100U}) {
        const auto sum = [n](const auto& opened) {
            std::size_t links = 0;
            for (std::size_t others = 1; others < n; ++others) links += std::min<std::size_t>(opened(others), others);
            return links;
        };
        CAPTURE(n);
        const auto three = [](std::size_t) { return std::size_t{3}; };
        for (const char* strategy : {"pa", "zipf", "random"}) CHECK(grown(strategy, n).links() == sum(three));
        CHECK(grown("zipf-half", n).links() == sum([](std::size_t others) { return others / 2 + 1; }));
        CHECK(grown("tophalf", n).links() ==
              sum([](std::size_t others) { return std::max<std::size_t>(others / 2, 1); }));
        CHECK(grown("zipf-log", n).links() == sum([](std::size_t others) {
                  std::size_t log = 0;
                  while ((std::size_t{2} << log) <= others + 1) ++log;
                  return std::min<std::size_t>(5, log + 1);
              }));
        CHECK(grown("file", n).links() == n + 1);
    }
    CHECK(grown("zipf-half", 10).links() == 29);
    CHECK(grown("zipf-log", 10).links() == 27);
    CHECK(grown("tophalf", 10).links() == 21);
}

TEST_CASE("grown: zipf-half and zipf-log put the links on the first ids, and nobody is below its own number") {
    for (const std::uint32_t n : {10U, 100U}) {
        CAPTURE(n);
        const auto half = degrees(grown("zipf-half", n), n);
        CHECK(half.back() == (n - 1) / 2 + 1);
        for (std::size_t others = 1; others < n; ++others) {  // that were there when it joined
            CHECK(half[others] >= std::min(others, others / 2 + 1));
        }
        CHECK(half.front() > half[n / 2]);
        const auto log = degrees(grown("zipf-log", n), n);
        CHECK(log.back() == std::min(5U, n == 10 ? 4U : 5U));
        CHECK(log.front() == *std::max_element(log.begin(), log.end()));
    }
}

TEST_CASE("grown: a joiner of tophalf links with those that have the most links") {
    const std::uint32_t n = 100;
    const GrownOverlay overlay = grown("tophalf", n);
    const auto all = degrees(overlay, n);
    CHECK(all.back() == (n - 1) / 2);
    // The richer half grew richer; the rest has what it opened.
    CHECK(all.front() == n - 1);
    std::uint32_t least_chosen = n;
    for (const auto& end : overlay.of(n - 1)) least_chosen = std::min(least_chosen, all[end.other]);
    CHECK(least_chosen >= all[n - 2]);
}

TEST_CASE("grown: three draws of rank2 are one to three links, as many as theory says, and most go to the first") {
    for (const std::uint32_t n : {10U, 100U}) {
        double links = 0;
        constexpr std::uint32_t runs = 40;
        for (std::uint32_t run = 0; run < runs; ++run) {
            const GrownOverlay overlay = grown("rank2", n, run + 1);
            links += static_cast<double>(overlay.links()) / runs;
            CHECK(overlay.degree(0) > (n - 1) / 2);
            CHECK(overlay.degree(n - 1) <= 3);
        }
        const OverlayConfig config = config_of("rank2", n);
        double expected = 0;
        for (std::size_t others = 1; others < n; ++others) expected += config.strategy->mean_links(config, others);
        CAPTURE(n);
        CHECK(links == doctest::Approx(expected).epsilon(0.04));
    }
}

TEST_CASE("grown: a given graph is taken edge by edge, and only by as many peers") {
    for (const std::uint32_t n : {10U, 100U}) {
        const GrownOverlay overlay = grown("file", n);
        const auto links = chorded_ring(n);
        for (std::uint32_t v = 0; v < n; ++v) {
            std::vector<std::uint32_t> others;
            for (const auto& end : overlay.of(v)) others.push_back(end.other);
            CHECK(others == std::vector(links->of(v).begin(), links->of(v).end()));
        }
    }
    CHECK_FALSE(GrownOverlay::problem(config_of("file", 10), 10).has_value());
    CHECK(GrownOverlay::problem(config_of("file", 10), 11)
              ->starts_with("overlay.file has 10 vertices, and there are 11"));
    OverlayConfig without = config_of("file", 10);
    without.given.reset();
    CHECK(GrownOverlay::problem(without, 10)->starts_with("overlay.file: strategy \"file\" needs a graph"));
    for (const OverlayStrategy* s : overlay_strategies()) {
        CHECK_FALSE(GrownOverlay::problem(config_of(s->name(), 10), 10).has_value());
    }
}

TEST_CASE("registered: with every strategy peers link, and a message reaches all of them once") {
    for (const OverlayStrategy* strategy : overlay_strategies()) {
        constexpr std::uint32_t peers = 16;
        Config config = fast_config();
        config.gossip.max_messages = 0;
        config.overlay = config_of(strategy->name(), peers);
        TestNetwork net(config, 3, 5);
        CAPTURE(strategy->name());
        REQUIRE(net.bring_up(peers));
        REQUIRE(net.published_everywhere(net.peer(3), "hello", 10s));
        net.run_for(5s);
        CHECK(net.gossip.reach(net.log.last_published()) == peers);
        CHECK(one_sided(live_links(net.cluster)) == "");
        CHECK(net.violation() == "");
    }
}

TEST_CASE("registered: the links are those of the given graph, also after a peer was away") {
    constexpr std::uint32_t peers = 16;
    Config config = fast_config();
    config.overlay = config_of("file", peers);
    TestNetwork net(config, 3, 5);
    REQUIRE(net.bring_up(peers));
    const auto as_given = [&net] {
        const auto& given = *net.cluster.config().overlay.given;
        for (std::uint32_t v = 0; v < peers; ++v) {
            const PeerMachine* machine = net.cluster.peer(net.peer(v));
            if (machine == nullptr) return false;
            std::vector<NodeId> expected;
            for (const std::uint32_t other : given.of(v)) expected.push_back(net.peer(other));
            std::vector<NodeId> got = machine->status().links;
            std::sort(got.begin(), got.end());
            if (got != expected) return false;
        }
        return true;
    };
    REQUIRE(net.cluster.run_until(as_given, 30s));
    for (const std::uint32_t away : {0U, 8U}) {
        net.cluster.crash(net.peer(away));
        REQUIRE(net.cluster.run_until([&] { return net.cluster.listed_nowhere(net.peer(away)); }, 60s));
        net.cluster.start(net.peer(away));
        REQUIRE(net.cluster.run_until(as_given, 200s));
    }
    CHECK(net.violation() == "");
}

TEST_CASE("registered: who is told of half of the list links with about half of it, also when all start at once") {
    constexpr std::uint32_t peers = 30;
    for (const char* strategy : {"zipf-half", "tophalf"}) {
        Config config = fast_config();
        config.overlay = config_of(strategy, peers);
        TestNetwork net(config, 3, 9);
        REQUIRE(net.bring_up(peers));
        net.run_for(30s);
        std::size_t ends = 0;
        for (const NodeId p : net.cluster.peers()) ends += net.cluster.peer(p)->status().links.size();
        const double mean = static_cast<double>(ends) / peers;
        CAPTURE(strategy);
        CHECK(mean >= peers / 2 - 1);
        CHECK(mean < 0.75 * peers);
    }
}
