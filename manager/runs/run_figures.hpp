#pragma once
// The figures of a run: samples with their names, the same for stats, summary.json and compare.

#include "manager/base/table.hpp"
#include "manager/runs/run_analysis.hpp"

#include <string>
#include <vector>

namespace gossip {

struct RunFigure {
    std::string name;  // "latency_ms"
    std::vector<double> samples;
    bool single{false};  // one number of the whole run, not a sample of many
};

// Nearest-rank quantiles; the interval is Student's, 95 %.
struct Summary {
    std::size_t n{0};
    double mean{0};
    double deviation{0};
    double half_width{0};
    double p50{0};
    double p95{0};
    double p99{0};
    double max{0};
};
[[nodiscard]] Summary summarize(std::vector<double> samples);

// In the order in which they are shown; those without a sample are left out.
[[nodiscard]] std::vector<RunFigure> figures_of(const RunAnalysis& run);

[[nodiscard]] Table figure_table(const std::vector<RunFigure>& figures);
[[nodiscard]] std::string summary_json(const std::vector<RunFigure>& figures);

// "12.5", "0.003", "1700": with as many digits as are significant.
[[nodiscard]] std::string figure_text(double value);

// Each figure of one run beside the other's, and whether they differ: single numbers by more than a twentieth,
// samples by the two-sample Kolmogorov-Smirnov test at 1 % (Smirnov 1948; the asymptotic law).
[[nodiscard]] Table compare_table(const std::vector<RunFigure>& a, const std::vector<RunFigure>& b);
// The test's p-value; 1 where there are too few samples to say anything.
[[nodiscard]] double ks_p_value(std::vector<double> a, std::vector<double> b);

}  // namespace gossip
