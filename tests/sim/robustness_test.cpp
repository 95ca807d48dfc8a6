// Robustness and diameter of graphs small enough to count by hand, and power laws with known parameters.

#include "sim/graph/robustness.hpp"

#include "sim/graph/power_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace gossip;
using namespace gossip::sim;

namespace {

Graph star(std::uint32_t leaves) {
    std::vector<Graph::Edge> edges;
    for (std::uint32_t i = 1; i <= leaves; ++i) edges.emplace_back(0, i);
    return Graph(leaves + 1, edges);
}

Graph ring(std::uint32_t nodes) {
    std::vector<Graph::Edge> edges;
    for (std::uint32_t i = 0; i < nodes; ++i) edges.emplace_back(i, (i + 1) % nodes);
    return Graph(nodes, edges);
}

}  // namespace

TEST_CASE("a star falls apart without its hub and stays whole without leaves") {
    const Graph graph = star(9);
    CHECK(largest_share_after(graph, Removal::hubs, 0.1, Rng(1)) == doctest::Approx(1.0 / 9));
    std::vector<bool> removed(10);
    removed[3] = removed[4] = true;
    CHECK(largest_share_without(graph, removed) == 1);
    CHECK(largest_share_without(graph, std::vector<bool>(10, true)) == 0);
    CHECK(diameter_at_least(graph) == 2);
}

TEST_CASE("a ring: two gaps leave two arcs, and the diameter is half of it") {
    const Graph graph = ring(20);
    std::vector<bool> removed(20);
    removed[0] = removed[5] = true;  // arcs of 4 and 14
    CHECK(largest_share_without(graph, removed) == doctest::Approx(14.0 / 18));
    CHECK(diameter_at_least(graph) == 10);
}

TEST_CASE("a power law's own draws are not rejected, a narrow bell is") {
    Rng rng(5);
    const auto uniform = [&] { return (static_cast<double>(rng.next() >> 11) + 0.5) / 9007199254740992.0; };
    std::vector<std::uint32_t> law;
    std::vector<std::uint32_t> bell;
    for (int i = 0; i < 3000; ++i) {
        law.push_back(static_cast<std::uint32_t>(std::min(2.5 * std::pow(uniform(), -1 / 1.5) + 0.5, 1e6)));
        std::uint32_t sum = 0;
        for (int k = 0; k < 12; ++k) sum += static_cast<std::uint32_t>(rng.below(5));
        bell.push_back(sum + 1);
    }
    const PowerLaw fitted = fit_power_law(law);
    CHECK(fitted.exponent == doctest::Approx(2.5).epsilon(0.08));
    CHECK(power_law_p(law, fitted, 40, Rng(1)) > 0.1);
    PowerLaw forced = fit_power_law(bell);
    CHECK(power_law_p(bell, forced, 40, Rng(1)) < power_law_p(law, fitted, 40, Rng(1)));
    CHECK(power_law_p(law, PowerLaw{}, 40, Rng(1)) == 1);
}
