#include "manager/lab/sweep_results.hpp"

#include "manager/base/csv.hpp"
#include "manager/base/statistics.hpp"
#include "manager/runs/run_figures.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr double level = 0.05;

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

std::vector<std::string> fields(const std::string& line) {
    std::vector<std::string> out;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '\t');) out.push_back(field);
    return out;
}

// The heading and one run, as gossipctl sim -o tsv prints them.
std::optional<SweepResult> result_of_table(const std::string& path) {
    std::istringstream in(read_text(path));
    std::string names;
    std::string values;
    if (!std::getline(in, names) || !std::getline(in, values)) return std::nullopt;
    const auto heads = fields(names);
    const auto cells = fields(values);
    SweepResult result;
    const std::map<std::string, std::string*> words{{"trace_hash", &result.trace_hash},
                                                    {"version", &result.from.version},
                                                    {"commit", &result.from.commit},
                                                    {"compiler", &result.from.compiler}};
    for (std::size_t i = 0; i < heads.size() && i < cells.size(); ++i) {
        if (const auto at = words.find(heads[i]); at != words.end()) *at->second = cells[i];
        const bool figure = !words.contains(heads[i]) && heads[i] != "seed" && heads[i] != "outcome";
        if (figure) result.figures[heads[i]] = parse_number(cells[i]);
    }
    return result;
}

std::optional<SweepResult> result_of_run(const std::string& folder) {
    const auto report = analyse_run(folder);
    const auto* run = std::get_if<RunReport>(&report);
    if (run == nullptr) return std::nullopt;
    const RunBegan& began = run->analysis.began();
    SweepResult result{{}, run->reading.trace_hash, {began.version, began.commit, began.compiler}};
    for (const RunFigure& figure : figures_of(run->analysis)) {
        result.figures[figure.name] = summarize(figure).spread.mean;
    }
    return result;
}

std::set<std::string> figures_in(const SweepResults& results) {
    std::set<std::string> names;
    for (const auto& result : results) {
        if (!result) continue;
        for (const auto& [name, value] : result->figures) names.insert(name);
    }
    return names;
}

std::string words_for(const Provenance& from) {
    if (from.commit.empty()) return "an earlier version, which did not say";
    return from.version + ", commit " + from.commit + " (" + from.compiler + ")";
}

// One metric's values at one combination, by seed.
std::map<std::string, double> samples_of(const std::vector<SweepJob>& jobs, const SweepResults& results,
                                         std::size_t combination, const std::string& metric) {
    std::map<std::string, double> samples;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (jobs[i].combination != combination || !results[i]) continue;
        const auto at = results[i]->figures.find(metric);
        if (at != results[i]->figures.end() && at->second) samples[jobs[i].seed] = *at->second;
    }
    return samples;
}

// Paired by seed, so that the differences show the parameters' effect alone.
std::vector<double> differences(const std::map<std::string, double>& first,
                                const std::map<std::string, double>& these) {
    std::vector<double> all;
    for (const auto& [seed, value] : these) {
        if (const auto at = first.find(seed); at != first.end()) all.push_back(value - at->second);
    }
    return all;
}

// A row of the table.
struct Line {
    std::size_t combination{0};
    std::string metric;
    Spread spread;
    std::vector<double> against_first;
    std::optional<double> p;
};

std::vector<Line> lines_of(const SweepPlan& plan, const std::vector<SweepJob>& jobs, const SweepResults& results) {
    std::vector<std::string> metrics = plan.metrics;
    if (metrics.empty() && plan.script.empty()) metrics = {"latency_p50_ms", "hops_mean", "redundancy", "coverage_min"};
    if (metrics.empty()) metrics = {"latency_ms", "hops", "duplicates_per_delivery", "coverage", "removed_after_ms"};
    std::vector<Line> lines;
    const std::size_t count = combinations(plan).size();
    for (const std::string& metric : metrics) {
        const auto first = samples_of(jobs, results, 0, metric);
        for (std::size_t c = 0; c < count; ++c) {
            const auto these = samples_of(jobs, results, c, metric);
            if (these.empty()) continue;
            std::vector<double> values;
            for (const auto& [seed, value] : these) values.push_back(value);
            Line line{c, metric, spread_of(values), {}, {}};
            if (c > 0) line.against_first = differences(first, these);
            line.p = paired_p(line.against_first);
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

std::string text_of(const std::optional<double>& value) { return value ? figure_text(*value) : ""; }

std::string p_text(const std::optional<double>& p) {
    char text[32];
    return p && std::snprintf(text, sizeof text, "%.3g", *p) > 0 ? text : "";
}

std::string difference_text(const Line& line, bool significant) {
    const Spread s = spread_of(line.against_first);
    if (!s.half_width) return "";
    return figure_text(*s.mean) + " ± " + figure_text(*s.half_width) + (significant ? " *" : "");
}

}  // namespace

bool has_table(const SweepJob& job) { return job.result.ends_with(".tsv"); }

bool is_done(const SweepJob& job) {
    const std::string text = read_text(job.result);
    return has_table(job) ? !text.empty() : text.find("\"exit_code\":0,") != std::string::npos;
}

SweepResults results_of(const std::vector<SweepJob>& jobs) {
    SweepResults results;
    for (const SweepJob& job : jobs) {
        results.emplace_back();
        if (!is_done(job)) continue;
        results.back() =
            has_table(job) ? result_of_table(job.result) : result_of_run(fs::path(job.result).parent_path().string());
    }
    return results;
}

std::string mixture(const SweepResults& results, const std::optional<Provenance>& own) {
    std::set<std::string> all;
    for (const auto& result : results) {
        if (result) all.insert(words_for(result->from));
    }
    if (own) all.insert(words_for(*own));
    if (all.size() < 2) return {};
    std::string text;
    for (const std::string& words : all) text += (text.empty() ? "" : "; ") + words;
    return text;
}

std::string results_csv(const SweepPlan& plan, const std::vector<SweepJob>& jobs, const SweepResults& results) {
    const std::set<std::string> names = figures_in(results);
    std::vector<std::string> head;
    for (const auto& [name, values] : plan.parameters) head.push_back(name);
    head.emplace_back("seed");
    head.insert(head.end(), names.begin(), names.end());
    head.insert(head.end(), {"trace_hash", "version", "commit", "compiler"});
    std::string out = csv_line(head);
    const auto all = combinations(plan);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (!results[i]) continue;
        std::vector<std::string> row;
        for (const auto& [name, value] : all[jobs[i].combination]) row.push_back(value);
        row.push_back(jobs[i].seed);
        for (const std::string& name : names) {
            const auto at = results[i]->figures.find(name);
            char text[40] = "";
            const bool measured = at != results[i]->figures.end() && at->second;
            if (measured) std::snprintf(text, sizeof text, "%.9g", *at->second);
            row.emplace_back(text);
        }
        const Provenance& from = results[i]->from;
        row.insert(row.end(), {results[i]->trace_hash, from.version, from.commit, from.compiler});
        out += csv_line(row);
    }
    return out;
}

Table results_table(const SweepPlan& plan, const std::vector<SweepJob>& jobs, const SweepResults& results) {
    std::vector<Column> columns;
    for (const auto& [name, values] : plan.parameters) {
        const auto is_number = [](const std::string& value) { return parse_number(value).has_value(); };
        columns.push_back({name, std::ranges::all_of(values, is_number)});
    }
    columns.insert(columns.end(), {{"metric"},
                                   {"n", true},
                                   {"mean", true},
                                   {"ci95_low", true},
                                   {"ci95_high", true},
                                   {"against_first"},
                                   {"p", true}});
    Table table(columns);
    const std::vector<Line> lines = lines_of(plan, jobs, results);
    std::vector<std::optional<double>> p_values;
    for (const Line& line : lines) p_values.push_back(line.p);
    const std::vector<bool> stars = significant(p_values, level);
    const auto all = combinations(plan);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Line& line = lines[i];
        std::vector<Cell> row;
        for (const auto& [name, value] : all[line.combination]) row.push_back({value});
        row.insert(row.end(), {{line.metric},
                               {std::to_string(line.spread.n)},
                               figure_cell(text_of(line.spread.mean)),
                               figure_cell(text_of(line.spread.low())),
                               figure_cell(text_of(line.spread.high())),
                               {difference_text(line, stars[i])},
                               {p_text(line.p)}});
        table.add(std::move(row));
    }
    return table;
}

std::string unknown_metric(const SweepPlan& plan, const SweepResults& results) {
    const std::set<std::string> known = figures_in(results);
    for (const std::string& metric : plan.metrics) {
        if (known.empty() || known.contains(metric)) continue;
        const std::string near = closest(metric, {known.begin(), known.end()});
        return "metrics: no run has \"" + metric + "\"" +
               (near.empty() ? "; the heading of results.csv names what there is" : "; did you mean " + near + "?");
    }
    return {};
}

}  // namespace gossip
