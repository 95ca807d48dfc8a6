#include "manager/runs/sim_report.hpp"

#include "manager/base/version.hpp"
#include "manager/runs/run_figures.hpp"
#include "node/base/value_text.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string fixed(const std::optional<double>& value, int decimals) { return value ? fixed(*value, decimals) : ""; }
std::string json_number(const std::optional<double>& value, int decimals) {
    return value ? fixed(*value, decimals) : "null";
}
Cell cell(const std::optional<double>& value, int decimals) { return figure_cell(fixed(value, decimals)); }

// The prediction for a measured figure; nullptr when there is no formula for it, or the run did not measure it.
const sim::Predicted* theory_of(const SimRun& run, const sim::Metric& metric) {
    for (const sim::Predicted& p : run.predicted) {
        if (p.name == metric.name && p.tolerance > 0 && metric.value) return &p;
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
        if (!theory->agrees(*m.value)) differs += (differs.empty() ? "" : ", ") + json_string(m.name);
    }
    return ", \"predicted\": {" + figures + "}, \"differs\": [" + differs + "]";
}

std::string json_provenance() {
    const Provenance& from = provenance();
    return ", \"version\": " + json_string(from.version) + ", \"commit\": " + json_string(from.commit) +
           ", \"compiler\": " + json_string(from.compiler);
}

// A run that did not end as planned has figures of its beginning only.
std::size_t complete(const std::vector<SimRun>& runs) {
    return static_cast<std::size_t>(std::ranges::count(runs, "complete", &SimRun::outcome));
}

std::string json_summary(const std::vector<SimRun>& runs) {
    std::string out = "{\"summary\": " + std::to_string(runs.size()) +
                      ", \"complete\": " + std::to_string(complete(runs)) + ", \"unit\": \"run\"";
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        const sim::Metric& m = runs.front().metrics[i];
        const Spread s = spread_of(samples_of(runs, i));
        const auto number = [&](const std::optional<double>& value) { return json_number(value, m.decimals + 2); };
        const std::string interval = s.half_width ? "[" + number(s.low()) + ", " + number(s.high()) + "]" : "null";
        out += ", \"" + m.name + "\": {\"n\": " + std::to_string(s.n) + ", \"mean\": " + number(s.mean) +
               ", \"sd\": " + number(s.deviation) + ", \"ci95\": " + interval + "}";
    }
    return out + json_provenance() + "}\n";
}

std::string tsv_lines(const std::vector<SimRun>& runs) {
    std::vector<Column> columns{{"seed"}, {"outcome"}};
    for (const sim::Metric& m : runs.front().metrics) columns.push_back({m.name, true});
    columns.insert(columns.end(), {{"trace_hash"}, {"version"}, {"commit"}, {"compiler"}});
    const Provenance& from = provenance();
    Table table(columns);
    for (const SimRun& run : runs) {
        std::vector<Cell> row{{std::to_string(run.seed)}, {run.outcome}};
        for (const sim::Metric& m : run.metrics) row.push_back({fixed(m.value, m.decimals)});
        row.insert(row.end(), {{hex_text(run.trace_hash)}, {from.version}, {from.commit}, {from.compiler}});
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
        const bool differs = theory != nullptr && !theory->agrees(*m.value);
        table.add({{m.name},
                   cell(m.value, m.decimals),
                   {theory == nullptr ? "" : fixed(theory->value, m.decimals)},
                   {differs ? "differs" : "", {}, Style::yellow}});
    }
    table.add({{"trace_hash"}, {hex_text(run.trace_hash)}});
    return table.render(TableFormat::table, colored);
}

std::string summary_table(const std::vector<SimRun>& runs, bool colored) {
    Table table({{"figure"}, {"n", true}, {"mean", true}, {"sd", true}, {"ci95_low", true}, {"ci95_high", true}});
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        const sim::Metric& m = runs.front().metrics[i];
        const Spread s = spread_of(samples_of(runs, i));
        const auto value = [&](const std::optional<double>& of) { return cell(of, m.decimals + 1); };
        table.add(
            {{m.name}, {std::to_string(s.n)}, value(s.mean), value(s.deviation), value(s.low()), value(s.high())});
    }
    const std::size_t ended = complete(runs);
    const std::string some = ended == runs.size() ? "" : ", of which " + std::to_string(ended) + " are complete";
    return std::to_string(runs.size()) + " runs" + some + "; n counts runs that measured the figure\n" +
           table.render(TableFormat::table, colored);
}

}  // namespace

std::vector<double> samples_of(const std::vector<SimRun>& runs, std::size_t metric) {
    std::vector<double> samples;
    for (const SimRun& run : runs) {
        const auto& value = run.metrics[metric].value;
        if (run.outcome == "complete" && value) samples.push_back(*value);
    }
    return samples;
}

std::string json_line(const SimRun& run) {
    std::string out = "{\"seed\": \"" + std::to_string(run.seed) + "\", \"outcome\": " + json_string(run.outcome);
    for (const sim::Metric& m : run.metrics) out += ", \"" + m.name + "\": " + json_number(m.value, m.decimals);
    return out + json_theory(run) + ", \"trace_hash\": \"" + hex_text(run.trace_hash) + "\"" + json_provenance() +
           "}\n";
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
