#pragma once
// Plots as SVG, drawn by gnuplot (Debian: gnuplot-nox). Each is a script with its data in it, kept beside the
// picture, so that anybody can change it and draw it again.

#include "manager/runs/run_analysis.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gossip {

struct Plot {
    std::string name;    // "coverage"
    std::string script;  // writes NAME.svg where gnuplot is started
};

// Coverage over time, latency, degrees and detection; those for which the run has data.
[[nodiscard]] std::vector<Plot> plots_of(const RunAnalysis& run);

// P(degree >= k) of several graphs on logarithmic axes, each with its fitted power law where there is one.
struct DegreeSeries {
    std::string title;
    std::vector<std::uint32_t> degrees;
};
[[nodiscard]] Plot degree_plot(std::span<const DegreeSeries> series, const std::string& name = "degree");

// Writes NAME.gp and NAME.svg into the folder; the error says what is missing or what gnuplot said.
[[nodiscard]] std::optional<std::string> draw(const std::string& folder, const Plot& plot);

}  // namespace gossip
