#pragma once
// Predictions from theory: values of an experiment's metrics under the same names, to compare with a run, and times
// and rates that follow from the timers.

#include "sim/study/experiment.hpp"

#include <string>
#include <vector>

namespace gossip::sim {

struct Predicted {
    std::string name;  // that of the Metric, if a run measures it
    double value{0};
    double tolerance{0};  // relative deviation at which a run still agrees; 0: not measured
    int decimals{3};
    std::string formula;
    std::string source;
    [[nodiscard]] bool agrees(double measured) const;
};

// For networks of at least two peers. Metrics to which the theory does not apply under the requested faults are left
// out, such as hops and latency under a partition or with regions.
[[nodiscard]] std::vector<Predicted> predict(const ExperimentOptions& options);

// The expected number of links of the overlay.
[[nodiscard]] double expected_edges(const ExperimentOptions& options);

// For a peer that stops answering, in seconds.
struct SilenceTimes {
    double suspected{0};  // until it is suspected, on average
    double removed{0};    // until it is removed, on average
    double forgiven{0};   // the longest silence after which it is never removed
};
[[nodiscard]] SilenceTimes silence_times(const ExperimentOptions& options);

// Removals of live peers, per peer and hour, if each message is lost with this probability.
[[nodiscard]] double false_removal_rate(const ExperimentOptions& options, double loss);

}  // namespace gossip::sim
