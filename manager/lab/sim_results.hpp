#pragma once
// The results of simulated runs as files, and the comparison of two sets.

#include "manager/runs/sim_report.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// Writes runs.jsonl, runs.csv and summary.json into this folder, which it creates. Empty, or the error.
[[nodiscard]] std::string write_results(const std::string& folder, const std::vector<SimRun>& runs,
                                        const std::vector<std::string>& arguments);

// What runs.csv holds.
struct Results {
    std::vector<std::string> figures;
    std::vector<std::vector<double>> samples;  // by figure; of the complete runs that measured it
};
// The error names the line. A folder stands for its runs.csv.
[[nodiscard]] std::variant<Results, std::string> read_results(const std::string& path);

struct SetComparison {
    std::string figure;
    Spread base;
    Spread now;
    std::optional<double> p;  // nothing: too few runs measured it
    bool significant{false};
};
// Compares the figures that both sets have.
[[nodiscard]] std::vector<SetComparison> compare(const Results& base, const Results& now);

// gossipctl sim compare BASE NEW; the exit code.
[[nodiscard]] int compare_command(const std::vector<std::string>& arguments);

}  // namespace gossip
