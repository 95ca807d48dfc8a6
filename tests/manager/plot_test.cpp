// Plots: the scripts that gnuplot is given.

#include "manager/runs/plot.hpp"

#include <doctest/doctest.h>

using namespace gossip;

TEST_CASE("degree plot: the share of nodes with at least so many links, and a fit where there are enough") {
    DegreeSeries few{"a \"few\"", {1, 1, 2, 4}};
    const Plot plot = degree_plot(std::span(&few, 1));
    CHECK(plot.name == "degree");
    CHECK(plot.script.find("set output \"degree.svg\"") != std::string::npos);
    CHECK(plot.script.find("$d0 << END\n1 1\n2 0.5\n4 0.25\nEND\n") != std::string::npos);
    CHECK(plot.script.find("title \"a \\\"few\\\"\"") != std::string::npos);
    CHECK(plot.script.find("k^-") == std::string::npos);
    DegreeSeries law{"law", {}};
    for (std::uint32_t k = 1; k <= 64; k *= 2) {
        for (std::uint32_t i = 0; i < 4096 / (k * k); ++i) law.degrees.push_back(k);
    }
    CHECK(degree_plot(std::span(&law, 1)).script.find("k^-") != std::string::npos);
}

TEST_CASE("plots of a run without anything to plot: none") {
    RunAnalysis run;
    run.apply(RunBegan{{1, 2}, 1, "v", 42, 3});
    run.finish();
    CHECK(plots_of(run).empty());
}
