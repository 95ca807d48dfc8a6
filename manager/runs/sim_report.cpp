#include "manager/runs/sim_report.hpp"

#include "protocol/names.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string hex(std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
    return text;
}

std::vector<double> samples_of(const std::vector<SimRun>& runs, std::size_t metric) {
    std::vector<double> samples;
    for (const SimRun& run : runs) samples.push_back(run.metrics[metric].value);
    return samples;
}

// The prediction for a measured figure; nullptr when there is no formula for it, or the run did not measure it.
const sim::Predicted* theory_of(const SimRun& run, const sim::Metric& metric) {
    for (const sim::Predicted& p : run.predicted) {
        if (p.name == metric.name && p.tolerance > 0 && metric.value != 0) return &p;
    }
    return nullptr;
}

std::string json_theory(const SimRun& run) {
    if (run.predicted.empty()) return {};
    std::string figures;
    std::string differs;
    for (const sim::Metric& m : run.metrics) {
        const sim::Predicted* theory = theory_of(run, m);
        if (theory == nullptr) continue;
        figures += (figures.empty() ? "" : ", ") + json_string(m.name) + ": " + fixed(theory->value, m.decimals);
        if (!theory->agrees(m.value)) differs += (differs.empty() ? "" : ", ") + json_string(m.name);
    }
    return ", \"predicted\": {" + figures + "}, \"differs\": [" + differs + "]";
}

std::string json_summary(const std::vector<SimRun>& runs) {
    std::string out = "{\"summary\": " + std::to_string(runs.size());
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        const sim::Metric& m = runs.front().metrics[i];
        const Spread s = spread_of(samples_of(runs, i));
        const int decimals = m.decimals + 2;
        out += ", \"" + m.name + "\": {\"mean\": " + fixed(s.mean, decimals) +
               ", \"sd\": " + fixed(s.deviation, decimals) + ", \"ci95\": [" + fixed(s.mean - s.half_width, decimals) +
               ", " + fixed(s.mean + s.half_width, decimals) + "]}";
    }
    return out + "}\n";
}

std::string tsv_lines(const std::vector<SimRun>& runs) {
    std::vector<Column> columns{{"seed"}, {"outcome"}};
    for (const sim::Metric& m : runs.front().metrics) columns.push_back({m.name, true});
    columns.push_back({"trace_hash"});
    Table table(columns);
    for (const SimRun& run : runs) {
        std::vector<Cell> row{{std::to_string(run.seed)}, {run.outcome}};
        for (const sim::Metric& m : run.metrics) row.push_back({fixed(m.value, m.decimals)});
        row.push_back({hex(run.trace_hash)});
        table.add(std::move(row));
    }
    return table.render(TableFormat::tsv, false);
}

// One row a figure: there are too many for columns.
std::string one_table(const SimRun& run, bool colored) {
    Table table({{"figure"}, {"value", true}, {"predicted", true, true}, {"", false, true}});
    table.add({{"seed"}, {std::to_string(run.seed)}});
    table.add({{"outcome"}, {run.outcome}});
    for (const sim::Metric& m : run.metrics) {
        const sim::Predicted* theory = theory_of(run, m);
        const bool differs = theory != nullptr && !theory->agrees(m.value);
        table.add({{m.name},
                   {fixed(m.value, m.decimals)},
                   {theory == nullptr ? "" : fixed(theory->value, m.decimals)},
                   {differs ? "differs" : "", {}, Style::yellow}});
    }
    table.add({{"trace_hash"}, {hex(run.trace_hash)}});
    return table.render(TableFormat::table, colored);
}

std::string summary_table(const std::vector<SimRun>& runs, bool colored) {
    Table table({{"figure"}, {"mean", true}, {"sd", true}, {"ci95_low", true}, {"ci95_high", true}});
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        const sim::Metric& m = runs.front().metrics[i];
        const Spread s = spread_of(samples_of(runs, i));
        const int decimals = m.decimals + 1;
        table.add({{m.name},
                   {fixed(s.mean, decimals)},
                   {fixed(s.deviation, decimals)},
                   {fixed(s.mean - s.half_width, decimals)},
                   {fixed(s.mean + s.half_width, decimals)}});
    }
    return std::to_string(runs.size()) + " runs\n" + table.render(TableFormat::table, colored);
}

}  // namespace

std::string json_line(const SimRun& run) {
    std::string out = "{\"seed\": \"" + std::to_string(run.seed) + "\", \"outcome\": " + json_string(run.outcome);
    for (const sim::Metric& m : run.metrics) out += ", \"" + m.name + "\": " + fixed(m.value, m.decimals);
    return out + json_theory(run) + ", \"trace_hash\": \"" + hex(run.trace_hash) + "\"}\n";
}

std::string sim_report(const std::vector<SimRun>& runs, TableFormat format, bool colored) {
    if (runs.empty()) return {};
    switch (format) {
        case TableFormat::json: {
            std::string out;
            for (const SimRun& run : runs) out += json_line(run);
            return out + (runs.size() > 1 ? json_summary(runs) : "");
        }
        case TableFormat::tsv:
            return tsv_lines(runs);
        case TableFormat::table:
            break;
    }
    return runs.size() == 1 ? one_table(runs.front(), colored) : summary_table(runs, colored);
}

}  // namespace gossip
