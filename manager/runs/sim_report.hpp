#pragma once
// The figures of simulated runs as a table, TSV or JSON lines.

#include "manager/base/statistics.hpp"
#include "manager/base/table.hpp"
#include "sim/study/prediction.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gossip {

struct SimRun {
    std::uint64_t seed{0};
    std::uint64_t trace_hash{0};
    std::string outcome;  // "complete", "interrupted", "bring-up failed", "violation"
    std::vector<sim::Metric> metrics;
    std::string violation;                    // of an invariant, in words; empty: none
    std::vector<sim::Predicted> predicted{};  // what formulas predict for some figures; of complete runs only
};

// Each run; of several also, for each figure, mean, standard deviation and the 95 % interval of the mean over the
// complete runs that measured it (Student's t; the unit is the run). JSON is one object a line, the summary last.
[[nodiscard]] std::string sim_report(const std::vector<SimRun>& runs, TableFormat format, bool colored);

// The values of a figure in the complete runs that measured it.
[[nodiscard]] std::vector<double> samples_of(const std::vector<SimRun>& runs, std::size_t metric);

// One run as an object on a line.
[[nodiscard]] std::string json_line(const SimRun& run);

}  // namespace gossip
