#pragma once
// What theory says of a network before it runs: figures of an experiment under the names of its
// metrics, so that a run can be held against them, and the times and rates that follow from the timers.

#include "sim/study/experiment.hpp"

#include <string>
#include <vector>

namespace gossip::sim {

struct Predicted {
    std::string name;  // a Metric's, when a run measures it
    double value{0};
    double tolerance{0};  // the share by which a run may differ and still agree; 0: no run measures it
    int decimals{3};
    std::string formula;
    std::string source;
    [[nodiscard]] bool agrees(double measured) const;
};

// For networks of two peers and more. Figures that the asked-for faults put out of reach of the
// theory are left out, such as hops and latency under a partition or between regions.
[[nodiscard]] std::vector<Predicted> predict(const ExperimentOptions& options);

// Links of the overlay: pairs of peers, expected.
[[nodiscard]] double expected_edges(const ExperimentOptions& options);

// Until a peer that answers nothing any more is removed, in seconds; and the longest silence after
// which it never is.
struct SilenceTimes {
    double suspected{0};
    double removed{0};
    double forgiven{0};
};
[[nodiscard]] SilenceTimes silence_times(const ExperimentOptions& options);

// Live peers removed a peer and hour when each message is lost with this probability.
[[nodiscard]] double false_removal_rate(const ExperimentOptions& options, double loss);

}  // namespace gossip::sim
