#pragma once
// Two runs, or two sets of runs of two scenarios, figure by figure.

#include "manager/runs/run_figures.hpp"

#include <vector>

namespace gossip {

using RunSet = std::vector<std::vector<RunFigure>>;  // of each run

// The unit of a test is the run: Welch's t-test at 1 % over all figures together (Holm). Two single runs are not
// tested: each has an overlay of its own, which moves all of its messages, so that runs of one scenario differ as well.
// Their means are shown with intervals over the figure's own unit.
[[nodiscard]] Table compare_table(const RunSet& a, const RunSet& b);

}  // namespace gossip
