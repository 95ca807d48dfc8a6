#pragma once
// A run's figures beside those that the formulas predict for its configuration.

#include "manager/runs/run_figures.hpp"

#include <string>

namespace gossip {

// Empty where there is nothing to compare: no message, or no configuration in the folder.
[[nodiscard]] Table measured_and_predicted(const std::vector<RunFigure>& figures, const std::string& folder,
                                           const RunAnalysis& run);

}  // namespace gossip
