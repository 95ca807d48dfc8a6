#pragma once
// The figures of a run: samples with their names, the same for stats, summary.json and compare.
// docs/FIGURES.md defines each.

#include "manager/base/statistics.hpp"
#include "manager/base/table.hpp"
#include "manager/runs/run_analysis.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// What a figure's values are independent by: its mean, deviation and interval are taken over these, and never over the
// deliveries of one message, which share its way through the overlay.
enum class Unit : std::uint8_t {
    run,  // one number of the whole run
    message,
    epoch,  // what one epoch decided was decided together
    death,  // a node that was killed or died
    pause,  // a node that was stopped
    peer,   // all peers of the run, not a sample of them: no interval
};
[[nodiscard]] std::string_view unit_name(Unit unit);

struct RunFigure {
    std::string name;  // "latency_ms"
    Unit unit{};
    std::vector<double> samples;  // all values; empty: not measured
    std::vector<double> means;    // of each unit
};

// The spread is that of the units, the quantiles are nearest-rank of all values.
struct Summary {
    Spread spread;
    std::size_t values{0};
    std::optional<double> p50;
    std::optional<double> p95;
    std::optional<double> p99;
    std::optional<double> max;
};
[[nodiscard]] Summary summarize(const RunFigure& figure);

// In the order in which they are shown: always the same ones, with or without values.
[[nodiscard]] std::vector<RunFigure> figures_of(const RunAnalysis& run);

[[nodiscard]] Table figure_table(const std::vector<RunFigure>& figures);
// With where the run comes from; `trace_hash` is that of a simulated run.
[[nodiscard]] std::string summary_json(const std::vector<RunFigure>& figures, const RunBegan& from,
                                       const std::string& trace_hash);

// "12.5", "0.003", "1700": with as many digits as are significant.
[[nodiscard]] std::string figure_text(double value);
[[nodiscard]] std::string figure_text(const std::optional<double>& value);  // empty without a value
// One that was not measured is empty in TSV, null in JSON, and – in a table.
[[nodiscard]] Cell figure_cell(std::string text);

}  // namespace gossip
