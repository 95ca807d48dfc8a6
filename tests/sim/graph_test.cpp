#include "sim/graph/graph.hpp"
#include "sim/graph/power_law.hpp"

#include "sim/study/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace gossip;
using namespace gossip::sim;

TEST_CASE("quantiles of a histogram lie within 1/1024 above the nearest rank of the sorted samples") {
    Rng rng(3);
    for (const int bits : {3, 10, 30, 60}) {
        Histogram h;
        std::vector<std::uint64_t> samples;
        for (int i = 0; i < 5000; ++i) samples.push_back(rng.next() >> (64 - bits));
        for (const std::uint64_t v : samples) h.add(v);
        std::sort(samples.begin(), samples.end());
        for (const double q : {0.0, 0.5, 0.95, 0.999}) {
            const auto exact = static_cast<double>(samples[nearest_rank(q, 5000) - 1]);
            const auto shown = static_cast<double>(*h.quantile(q));
            CHECK(shown >= exact);
            CHECK(shown <= exact * (1 + 1.0 / 1024) + 1);
        }
        CHECK(h.max() == samples.back());
        CHECK(h.quantile(1.0) == samples.back());
        CHECK(h.count() == 5000);
    }
}

TEST_CASE("an empty histogram has no quantiles") {
    const Histogram h;
    CHECK(!h.quantile(0.5));
    CHECK(!h.mean());
    CHECK(!h.max());
}

TEST_CASE("components and path lengths of graphs known by heart") {
    const std::vector<Graph::Edge> edges{{0, 1}, {1, 2}, {4, 3}};  // a path of three, a pair, a loner
    const Graph graph(6, edges);
    CHECK(components(graph).count == 3);
    CHECK(components(graph).largest == 3);
    // Of the path 1 1 2 both ways, of the pair 1 both ways: 10 hops over 8 pairs.
    CHECK(mean_path(graph, 100, Rng(1)) == doctest::Approx(10.0 / 8));

    std::vector<Graph::Edge> ring;
    for (std::uint32_t i = 0; i < 100; ++i) ring.emplace_back(i, (i + 1) % 100);
    CHECK(components(Graph(100, ring)).count == 1);
    CHECK(mean_path(Graph(100, ring), 7, Rng(1)) == doctest::Approx(2500.0 / 99));
    CHECK(Graph(100, ring).edges() == 100);
}

TEST_CASE("the fitted exponent is that of the law the degrees were drawn from") {
    Rng rng(9);
    for (const double exponent : {2.2, 3.0}) {
        std::vector<std::uint32_t> degrees;
        for (int i = 0; i < 100'000; ++i) {
            const double u = (static_cast<double>(rng.next() >> 11) + 0.5) / 9007199254740992.0;
            const double x = 5.5 * std::pow(u, -1 / (exponent - 1));  // continuous from 5.5, rounded
            degrees.push_back(static_cast<std::uint32_t>(std::min(x + 0.5, 1e6)));
        }
        const PowerLaw law = fit_power_law(degrees);
        CHECK(law.exponent == doctest::Approx(exponent).epsilon(0.02));
        CHECK(law.distance < 0.02);
    }
}

TEST_CASE("the exponent of a tail that begins at a given degree") {
    Rng rng(3);
    std::vector<std::uint32_t> degrees;
    for (int i = 0; i < 20'000; ++i) {
        const double u = (static_cast<double>(rng.below(1'000'000)) + 1) / 1'000'001.0;
        degrees.push_back(static_cast<std::uint32_t>(3.5 * std::pow(u, -1 / 1.5) + 0.5));  // 2.5 from 4 on
    }
    CHECK(tail_exponent(degrees, 4) == doctest::Approx(2.5).epsilon(0.03));
    CHECK(tail_exponent(std::vector<std::uint32_t>{1, 2}, 4) == 0);
}

TEST_CASE("equal degrees are no power law, and a handful says nothing") {
    const std::vector<std::uint32_t> few(10, 3);
    CHECK(fit_power_law(few).exponent == 0);
    Rng rng(2);
    std::vector<std::uint32_t> narrow;
    for (int i = 0; i < 10'000; ++i) narrow.push_back(10 + static_cast<std::uint32_t>(rng.below(3)));
    CHECK(fit_power_law(narrow).exponent == 0);
}
