#pragma once
// gossipctl predict: what formulas predict for a network before it runs.

#include "sim/study/prediction.hpp"

#include <string>
#include <vector>

namespace gossip {

// Its exit code. Takes the options of gossipctl sim, and --config and --set of gossipctl run.
[[nodiscard]] int predict_command(const std::vector<std::string>& arguments);

// sim::predict with the sizes of the wire's lines in bytes.
[[nodiscard]] std::vector<sim::Predicted> predictions(const sim::ExperimentOptions& options);

}  // namespace gossip
