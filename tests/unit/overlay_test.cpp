#include "protocol/overlay.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace gossip;

namespace {

std::vector<Candidate> candidates(std::initializer_list<std::uint32_t> degrees) {
    std::vector<Candidate> result;
    for (const std::uint32_t d : degrees) result.push_back({NodeId{100 + result.size()}, d, 1});
    return result;
}

std::map<NodeId, double> shares(const OverlayConfig& config, const std::vector<Candidate>& pool, int draws) {
    Rng rng(7);
    std::map<NodeId, double> result;
    for (int i = 0; i < draws; ++i) result[choose_link({config, pool, {}}, rng)] += 1.0 / draws;
    return result;
}

}  // namespace

TEST_CASE("preferential choice is in proportion to degree + 1") {
    const auto pool = candidates({0, 1, 3, 15});
    for (const char* s : {"pa", "pa-ring"}) {
        OverlayConfig config{.strategy = find_overlay(s)};
        const auto share = shares(config, pool, 60'000);
        for (const Candidate& c : pool) {
            CHECK(share.at(c.id) == doctest::Approx((c.degree + 1) / 23.0).epsilon(0.08));
        }
    }
}

TEST_CASE("zipf choice is by rank weight over the list sorted by id, whatever its order and degrees") {
    auto pool = candidates({9, 0, 0, 50});
    std::swap(pool[0], pool[3]);
    OverlayConfig config{.strategy = find_overlay("zipf"), .alpha = 1.0};
    const auto share = shares(config, pool, 60'000);
    const double sum = 1.0 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4;
    for (std::uint64_t k = 1; k <= 4; ++k) {
        CHECK(share.at(NodeId{99 + k}) == doctest::Approx(1.0 / static_cast<double>(k) / sum).epsilon(0.08));
    }
}

TEST_CASE("random choice is uniform") {
    OverlayConfig config{.strategy = find_overlay("random")};
    for (const auto& [id, share] : shares(config, candidates({0, 100, 3, 7}), 60'000)) {
        CHECK(share == doctest::Approx(0.25).epsilon(0.05));
    }
}

TEST_CASE("nobody at the cap and nobody excluded is chosen, and nobody at all when none is left") {
    Rng rng(1);
    for (const char* s : {"pa-ring", "pa", "zipf", "random"}) {
        OverlayConfig config{.strategy = find_overlay(s), .cap = 20};
        const auto pool = candidates({18, 5, 20, 4, 17});  // at 18 of 20 only ring links are taken
        const std::vector<NodeId> excluded{NodeId{101}};
        for (int i = 0; i < 500; ++i) {
            const NodeId id = choose_link({config, pool, excluded}, rng);
            CHECK((id == NodeId{103} || id == NodeId{104}));
        }
        CHECK(choose_link({config, candidates({18, 20}), {}}, rng) == NodeId::none);
        CHECK(choose_link({config, {}, {}}, rng) == NodeId::none);
    }
}

TEST_CASE("the ring target is the nearest successor that can be had") {
    const std::vector<NodeId> successors{NodeId{30}, NodeId{10}, NodeId{20}};
    CHECK(ring_target(successors, {}) == NodeId{30});
    CHECK(ring_target(successors, std::vector{NodeId{10}, NodeId{30}}) == NodeId{20});
    CHECK(ring_target(successors, std::vector{NodeId{10}, NodeId{20}, NodeId{30}}) == NodeId::none);
    CHECK(ring_target({}, {}) == NodeId::none);
}

TEST_CASE("a lost link is always replaced below the floor, else with probability q") {
    Rng rng(3);
    OverlayConfig config{.floor = 2, .replace_per_million = 400'000};
    int replaced = 0;
    for (int i = 0; i < 20'000; ++i) {
        REQUIRE(config.strategy->replaces(config, {.remaining = 0}, rng));
        REQUIRE(config.strategy->replaces(config, {.remaining = 1}, rng));
        replaced += config.strategy->replaces(config, {.remaining = 2}, rng) ? 1 : 0;
    }
    CHECK(replaced / 20'000.0 == doctest::Approx(0.4).epsilon(0.05));
}

TEST_CASE("redirects: at most three other neighbours, each as likely") {
    Rng rng(5);
    std::vector<NodeId> links;
    for (std::uint64_t i = 1; i <= 10; ++i) links.push_back(NodeId{i});
    std::map<NodeId, int> named;
    for (int i = 0; i < 3'000; ++i) {
        const auto r = redirects(links, NodeId{4}, rng);
        REQUIRE(r.size() == 3);
        for (const NodeId id : r) ++named[id];
    }
    CHECK_FALSE(named.contains(NodeId{4}));
    CHECK(named.size() == 9);
    for (const auto& [id, count] : named) CHECK(count == doctest::Approx(1'000).epsilon(0.12));
    CHECK(redirects(std::vector{NodeId{4}}, NodeId{4}, rng).empty());
}

// Growth by these rules alone, without the network: the cap holds and the law appears.
TEST_CASE("preferential attachment from samples of 64 obeys the cap and has a power law's tail") {
    Rng rng(11);
    OverlayConfig config{.cap = 128};
    std::vector<std::uint32_t> degree(4, 3);
    for (std::size_t joiner = 4; joiner < 6'000; ++joiner) {
        std::vector<Candidate> sample;
        for (int i = 0; i < 64; ++i) {
            const auto id = static_cast<std::size_t>(rng.below(degree.size()));
            sample.push_back({NodeId{id + 1}, degree[id], 1});
        }
        std::vector<NodeId> taken;
        for (std::uint32_t k = 0; k < config.links; ++k) {
            const NodeId target = choose_link({config, sample, taken}, rng);
            taken.insert(std::upper_bound(taken.begin(), taken.end(), target), target);
            ++degree[static_cast<std::size_t>(target) - 1];
        }
        degree.push_back(config.links);
    }
    const auto highest = *std::max_element(degree.begin(), degree.end());
    CHECK(highest <= degree_limit(config, false));
    CHECK(highest > 60);
    // Maximum likelihood exponent above xmin (Clauset, Shalizi, Newman 2009, equation 3.7).
    double logs = 0;
    int n = 0;
    for (const std::uint32_t d : degree) {
        if (d < 6) continue;
        logs += std::log(d / 5.5);
        ++n;
    }
    const double exponent = 1 + n / logs;
    CHECK(exponent > 2.3);
    CHECK(exponent < 3.5);
}
