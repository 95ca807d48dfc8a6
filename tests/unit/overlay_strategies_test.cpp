// The rows of protocol/overlay/table.cpp, each by its law.

#include "protocol/overlay.hpp"
#include "protocol/overlay/given_links.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

using namespace gossip;

namespace {

std::vector<Candidate> candidates(std::initializer_list<std::uint32_t> degrees) {
    std::vector<Candidate> result;
    for (const std::uint32_t d : degrees) result.push_back({NodeId{100 + result.size()}, d, 1});
    return result;
}

OverlayConfig with(const char* name) { return {.strategy = find_overlay(name)}; }

// Of joiners that find 0, 1, 2, … others.
std::vector<std::uint32_t> opened(const OverlayConfig& config, std::initializer_list<std::size_t> others) {
    std::vector<std::uint32_t> result;
    for (const std::size_t n : others) result.push_back(config.strategy->links(config, NodeId::none, n));
    return result;
}

NodeId peer(std::uint32_t ip, std::uint32_t vertex) { return node_id({ip, static_cast<std::uint16_t>(7000 + vertex)}); }

constexpr std::uint32_t here = 0x7f000001;
constexpr std::uint32_t elsewhere = 0x0a000001;

// A star around vertex 2 with an edge beside it: 0-2, 1-2, 2-3, 0-1; vertex 4 has no link.
OverlayConfig given() {
    OverlayConfig config = with("file");
    config.given = std::make_shared<const GivenLinks>(5, std::vector<GivenLinks::Edge>{{0, 2}, {1, 2}, {2, 3}, {1, 0}});
    return config;
}

}  // namespace

TEST_CASE("every strategy says what it is, under a name of its own; the first is the default") {
    std::set<std::string_view> names;
    for (const OverlayStrategy* s : overlay_strategies()) {
        CAPTURE(s->name());
        CHECK(names.insert(s->name()).second);
        CHECK(find_overlay(s->name()) == s);
        CHECK_FALSE(s->facts().source.empty());
        CHECK_FALSE(s->facts().rule.empty());
        CHECK(s->facts().options.find("cap") != std::string_view::npos);
    }
    CHECK(names.size() >= 9);
    CHECK(OverlayConfig{}.strategy == find_overlay("pa-ring"));
    CHECK(find_overlay("star") == nullptr);
    CHECK(find_overlay("") == nullptr);
}

TEST_CASE("how many links a joiner opens, by the strategy and by how many others there are") {
    CHECK(opened(with("pa"), {0, 1, 10, 99}) == std::vector{3U, 3U, 3U, 3U});
    CHECK(links_to_open(with("pa"), NodeId::none, 9) == 3);
    CHECK(links_to_open(with("pa-ring"), NodeId::none, 9) == 2);
    CHECK(opened(with("zipf-half"), {0, 1, 2, 3, 9, 10, 99}) == std::vector{0U, 1U, 2U, 2U, 5U, 6U, 50U});
    CHECK(opened(with("zipf-log"), {0, 1, 2, 3, 6, 7, 9, 15, 99}) == std::vector{0U, 1U, 2U, 3U, 3U, 4U, 4U, 5U, 5U});
    CHECK(opened(with("tophalf"), {0, 1, 2, 3, 9, 10, 99}) == std::vector{0U, 1U, 1U, 1U, 4U, 5U, 49U});
    CHECK(opened(with("rank2"), {0, 9, 99}) == std::vector{3U, 3U, 3U});
    OverlayConfig capped = with("zipf-half");
    capped.cap = 40;
    CHECK(opened(capped, {99}) == std::vector{38U});
}

TEST_CASE("document 000's and 004's strategies choose by rank, with the exponents they are named for") {
    constexpr int draws = 60'000;
    for (const auto& [name, exponent] : {std::pair{"zipf-half", 1.0}, {"zipf-log", 1.0}, {"rank2", 2.0}}) {
        const OverlayConfig config = with(name);
        const auto pool = candidates({3, 0, 90, 1});
        Rng rng(7);
        std::map<NodeId, int> count;
        for (int i = 0; i < draws; ++i) ++count[choose_link({config, pool, {}}, rng)];
        double sum = 0;
        for (int k = 1; k <= 4; ++k) sum += std::pow(k, -exponent);
        for (int k = 1; k <= 4; ++k) {
            const double share = count.at(NodeId{99U + static_cast<unsigned>(k)}) / static_cast<double>(draws);
            CHECK(share == doctest::Approx(std::pow(k, -exponent) / sum).epsilon(0.08));
        }
    }
}

TEST_CASE("rank2 opens as many links as three draws with replacement name different peers") {
    const OverlayConfig config = with("rank2");
    CHECK(config.strategy->repeats());
    CHECK(config.strategy->mean_links(config, 1) == doctest::Approx(1));
    // Two peers with weights 1 and 1/4: 1 - P(all the same).
    const double same = std::pow(0.8, 3) + std::pow(0.2, 3);
    CHECK(config.strategy->mean_links(config, 2) == doctest::Approx(1 * same + 2 * (1 - same)).epsilon(1e-6));
    CHECK(config.strategy->mean_links(config, 99) < 3);
}

TEST_CASE("tophalf goes down the list by degree, past who is excluded or full") {
    OverlayConfig config = with("tophalf");
    config.cap = 20;
    const auto pool = candidates({4, 9, 19, 9, 2});
    Rng rng(1);
    std::vector<NodeId> excluded;
    std::vector<NodeId> order;
    while (true) {
        const NodeId id = choose_link({config, pool, excluded}, rng);
        if (id == NodeId::none) break;
        order.push_back(id);
        excluded.insert(std::upper_bound(excluded.begin(), excluded.end(), id), id);
    }
    CHECK(order == std::vector{NodeId{101}, NodeId{103}, NodeId{100}, NodeId{104}});
}

TEST_CASE("half of the list: who starts more than 64 peers is warned, and nobody else") {
    for (const OverlayStrategy* s : overlay_strategies()) {
        if (s->follows_given()) continue;
        const bool half = s->name() == "zipf-half" || s->name() == "tophalf";
        CAPTURE(s->name());
        CHECK_FALSE(s->warning({}, 64).has_value());
        CHECK(s->warning({}, 65).has_value() == half);
        if (half) CHECK(s->warning({}, 100)->find("50 each at 100") != std::string::npos);
    }
}

TEST_CASE("given links: neighbours both ways, ascending, each edge once") {
    const GivenLinks links(4, {{3, 1}, {1, 3}, {0, 3}, {3, 1}});
    CHECK(links.vertices() == 4);
    CHECK(links.edges() == 2);
    CHECK(links.largest_degree() == 2);
    const auto of = [&](std::uint32_t v) { return std::vector(links.of(v).begin(), links.of(v).end()); };
    CHECK(of(0) == std::vector{3U});
    CHECK(of(1) == std::vector{3U});
    CHECK(of(2).empty());
    CHECK(of(3) == std::vector{0U, 1U});
}

TEST_CASE("file: the end with the higher number opens the link, to the address that the list has for it") {
    const OverlayConfig config = given();
    const auto links = [&](std::uint32_t vertex) { return config.strategy->links(config, peer(here, vertex), 4); };
    CHECK(links(0) == 0);
    CHECK(links(1) == 1);
    CHECK(links(2) == 2);
    CHECK(links(3) == 1);
    CHECK(links(4) == 0);
    const std::vector<Candidate> known{{peer(elsewhere, 1), 0, 1}, {peer(here, 3), 0, 1}};
    Rng rng(1);
    CHECK(choose_link({config, known, {}, peer(here, 2)}, rng) == peer(here, 0));
    const std::vector<NodeId> first{peer(here, 0)};
    CHECK(choose_link({config, known, first, peer(here, 2)}, rng) == peer(elsewhere, 1));
    const std::vector<NodeId> both{peer(elsewhere, 1), peer(here, 0)};
    CHECK(choose_link({config, known, both, peer(here, 2)}, rng) == NodeId::none);
    CHECK(choose_link({config, known, {}, peer(here, 0)}, rng) == NodeId::none);
}

TEST_CASE("file: a lost link is opened again by the end that opened it, and a peer beyond the graph links at random") {
    const OverlayConfig config = given();
    Rng rng(1);
    const auto replaces = [&](std::uint32_t self, std::uint32_t other) {
        return config.strategy->replaces(config, {peer(here, self), peer(here, other), 0}, rng);
    };
    CHECK(replaces(2, 0));
    CHECK_FALSE(replaces(0, 2));
    CHECK(replaces(9, 2));
    CHECK(config.strategy->links(config, peer(here, 9), 5) == config.links);
    CHECK(config.strategy->links(config, node_id({here, 6999}), 5) == config.links);
    const std::vector<Candidate> known{{peer(here, 1), 0, 1}};
    CHECK(choose_link({config, known, {}, peer(here, 9)}, rng) == peer(here, 1));
    CHECK(fewest_links(config) == 0);
    CHECK(fewest_links(with("random")) == 2);
}

TEST_CASE("file: what is wrong with a graph is said with the key that is to be changed") {
    OverlayConfig config = with("file");
    CHECK(config.strategy->problem(config)->starts_with("overlay.file: strategy \"file\" needs a graph"));
    config = given();
    CHECK_FALSE(config.strategy->problem(config).has_value());
    CHECK_FALSE(config.strategy->warning(config, 5).has_value());
    CHECK(*config.strategy->warning(config, 6) == "overlay.file has 5 vertices for 6 peers: the others link at random");
    CHECK(config.strategy->warning(config, 4)->ends_with("links to the other vertices are not there"));
    config.cap = 4;
    CHECK_FALSE(config.strategy->problem(config).has_value());
    config.cap = 2;
    CHECK(config.strategy->problem(config)->starts_with("overlay.cap: must be at least 3"));
    config.cap = 128;
    config.first_port = 65'533;
    CHECK(config.strategy->problem(config)->starts_with("overlay.file: has 5 vertices, and each needs a port"));
}
