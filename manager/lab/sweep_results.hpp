#pragma once
// What a sweep's runs measured, as a file of all figures and as a table of some.

#include "manager/base/table.hpp"
#include "manager/base/version.hpp"
#include "manager/lab/sweep_file.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gossip {

// One run: its command, and the file that is there when it is done.
struct SweepJob {
    std::size_t combination{0};
    std::string seed;
    std::vector<std::string> words;
    std::string result;
};

struct SweepResult {
    std::map<std::string, std::optional<double>> figures;  // nothing: the run did not measure it
    std::string trace_hash;                                // empty: of processes
    Provenance from;
};

// Of each job; nothing where the run is not there, or cannot be read.
using SweepResults = std::vector<std::optional<SweepResult>>;

// `gossipctl sim -o tsv` wrote the result; else it is a recorded run's manifest.
[[nodiscard]] bool has_table(const SweepJob& job);
// Whether the run ended in order; one that was interrupted is repeated.
[[nodiscard]] bool is_done(const SweepJob& job);
[[nodiscard]] SweepResults results_of(const std::vector<SweepJob>& jobs);

// What these results were made by, when that is more than one executable or another than `own`, in words; else empty.
[[nodiscard]] std::string mixture(const SweepResults& results, const std::optional<Provenance>& own);

// A row a run: parameters, seed, every figure, trace_hash and where it comes from.
[[nodiscard]] std::string results_csv(const SweepPlan& plan, const std::vector<SweepJob>& jobs,
                                      const SweepResults& results);

// Mean and interval over the runs of each combination, and the paired difference to the first combination: its p value
// (Student's t), and * where Holm's procedure over all differences of the table finds it below 0.05.
[[nodiscard]] Table results_table(const SweepPlan& plan, const std::vector<SweepJob>& jobs,
                                  const SweepResults& results);

// For a metric that no run has, the one with the most similar name.
[[nodiscard]] std::string unknown_metric(const SweepPlan& plan, const SweepResults& results);

}  // namespace gossip
