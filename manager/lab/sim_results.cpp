#include "manager/lab/sim_results.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/csv.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/version.hpp"
#include "manager/runs/run_figures.hpp"
#include "node/base/value_text.hpp"
#include "node/base/written_files.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr double level = 0.05;

std::string format(const char* form, double value) {
    char text[64];
    std::snprintf(text, sizeof text, form, value);
    return text;
}

std::string number(const std::optional<double>& value) { return value ? format("%.9g", *value) : ""; }

std::string csv_of(const std::vector<SimRun>& runs) {
    const Provenance& from = provenance();
    std::vector<std::string> head{"seed", "outcome"};
    for (const sim::Metric& m : runs.front().metrics) head.push_back(m.name);
    head.insert(head.end(), {"trace_hash", "version", "commit", "compiler"});
    std::string out = csv_line(head);
    for (const SimRun& run : runs) {
        std::vector<std::string> row{std::to_string(run.seed), run.outcome};
        for (const sim::Metric& m : run.metrics) row.push_back(number(m.value));
        row.insert(row.end(), {hex_text(run.trace_hash), from.version, from.commit, from.compiler});
        out += csv_line(row);
    }
    return out;
}

std::string json_number(const std::optional<double>& value) { return value ? number(value) : "null"; }

std::string figure_json(const std::vector<double>& samples) {
    const Spread s = spread_of(samples);
    const auto [least, most] = std::ranges::minmax_element(samples);
    const bool any = !samples.empty();
    return "{\"unit\": \"run\", \"n\": " + std::to_string(s.n) + ", \"mean\": " + json_number(s.mean) +
           ", \"sd\": " + json_number(s.deviation) +
           ", \"ci95\": " + (s.half_width ? "[" + number(s.low()) + ", " + number(s.high()) + "]" : "null") +
           ", \"min\": " + (any ? number(*least) : "null") + ", \"max\": " + (any ? number(*most) : "null") + "}";
}

std::string summary_of(const std::vector<SimRun>& runs, const std::vector<std::string>& arguments) {
    const Provenance& from = provenance();
    const auto complete = std::ranges::count(runs, "complete", &SimRun::outcome);
    std::string out =
        "{\n  \"version\": " + json_string(from.version) + ",\n  \"commit\": " + json_string(from.commit) +
        ",\n  \"compiler\": " + json_string(from.compiler) + ",\n  \"runs\": " + std::to_string(runs.size()) +
        ",\n  \"complete\": " + std::to_string(complete) + ",\n  \"arguments\": [";
    for (std::size_t i = 0; i < arguments.size(); ++i) out += (i == 0 ? "" : ", ") + json_string(arguments[i]);
    out += "],\n  \"trace_hashes\": [";
    for (std::size_t i = 0; i < runs.size(); ++i) out += (i == 0 ? "\"" : ", \"") + hex_text(runs[i].trace_hash) + "\"";
    out += "],\n  \"figures\": {";
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        out += std::string(i == 0 ? "" : ",") + "\n    " + json_string(runs.front().metrics[i].name) + ": " +
               figure_json(samples_of(runs, i));
    }
    return out + "\n  }\n}\n";
}

class ResultsReader {
public:
    explicit ResultsReader(std::string path) : path_(std::move(path)) {}

    std::variant<Results, std::string> run() {
        std::ifstream file(path_);
        if (!file) return "cannot read " + path_;
        std::ostringstream text;
        text << file.rdbuf();
        const auto rows = parse_csv(text.str());
        if (!rows) return path_ + ": a quoted field does not end";
        for (const std::vector<std::string>& cells : *rows) {
            ++number_;
            const std::string problem = number_ == 1 ? read_head(cells) : read_run(cells);
            if (!problem.empty()) return path_ + ":" + std::to_string(number_) + ": " + problem;
        }
        if (complete_ < 2) {
            return path_ + ": fewer than two complete runs: their spread is unknown; gossipctl sim --runs N makes more";
        }
        return std::move(results_);
    }

private:
    // seed, outcome, the figures, trace_hash, and where they come from.
    std::string read_head(const std::vector<std::string>& cells) {
        const auto end = std::ranges::find(cells, "trace_hash");
        const bool ours = cells.size() > 3 && cells[0] == "seed" && cells[1] == "outcome" && end != cells.end();
        if (!ours) return "is no runs.csv of gossipctl sim --out";
        results_.figures.assign(cells.begin() + 2, end);
        results_.samples.resize(results_.figures.size());
        columns_ = cells.size();
        return {};
    }

    std::string read_run(const std::vector<std::string>& cells) {
        if (cells.size() != columns_) {
            return std::to_string(cells.size()) + " columns, wanted " + std::to_string(columns_);
        }
        if (cells[1] != "complete") return {};
        ++complete_;
        for (std::size_t i = 0; i < results_.figures.size(); ++i) {
            if (cells[i + 2].empty()) continue;  // not measured
            char* end = nullptr;
            const double value = std::strtod(cells[i + 2].c_str(), &end);
            if (*end != '\0' || !std::isfinite(value)) return results_.figures[i] + " is no number: " + cells[i + 2];
            results_.samples[i].push_back(value);
        }
        return {};
    }

    std::size_t columns_{0};
    std::size_t complete_{0};
    std::string path_;
    int number_{0};
    Results results_;
};

Table table_of(const std::vector<SetComparison>& comparisons) {
    Table table({{"figure"},
                 {"base_n", true},
                 {"base", true},
                 {"new_n", true},
                 {"new", true},
                 {"change_percent", true},
                 {"p", true},
                 {"significant"}});
    for (const SetComparison& c : comparisons) {
        const bool both = c.base.mean && c.now.mean && *c.base.mean != 0;
        const double change = both ? 100 * (*c.now.mean / *c.base.mean - 1) : 0;
        const auto mean = [](const Spread& s) {
            if (!s.mean) return figure_cell("");
            const std::string value = format("%.6g", *s.mean);
            return Cell{value, s.half_width ? value + " ± " + format("%.2g", *s.half_width) : value};
        };
        const Style style = c.significant ? Style::yellow : Style::dim;
        const std::string verdict = !c.p ? "" : c.significant ? "yes" : "no";
        table.add({{c.figure},
                   {std::to_string(c.base.n)},
                   mean(c.base),
                   {std::to_string(c.now.n)},
                   mean(c.now),
                   {both ? format("%.4g", change) : "", both ? format("%+.2f%%", change) : "–", style},
                   figure_cell(c.p ? format("%.3g", *c.p) : ""),
                   {verdict, verdict.empty() ? "not tested" : "", style}});
    }
    return table;
}

constexpr std::string_view usage =
    "Examples:\n"
    "  gossipctl sim --runs 20 --out before          figures of 20 runs: runs.jsonl, runs.csv, summary.json\n"
    "  gossipctl sim --runs 20 --links 4 --out after\n"
    "  gossipctl sim compare before after            which figures have changed\n"
    "\n"
    "gossipctl sim compare [-o table|json|tsv] BASE NEW\n"
    "Means over runs with 95 % intervals, and p by Welch's t-test, which does not suppose equal variances (Biometrika "
    "34,\n"
    "1947). A figure that fewer than two runs of a set measured is not tested.\n"
    "\"yes\" below 0.05 over all figures together, by Holm's procedure (Scand. J. Statist. 6, 1979). Exit code 0.\n";

struct CompareOptions {
    std::vector<std::string> paths;
    std::optional<TableFormat> format;
    bool help{false};
};

constexpr OptionOf<CompareOptions> compare_options[] = {
    {{"--output", "-o", "table|json|tsv", ""}, set_format<CompareOptions>},
};

std::variant<CompareOptions, std::string> parse_compare(const std::vector<std::string>& arguments) {
    CompareOptions options;
    const auto texts = texts_of<CompareOptions>(compare_options);
    const auto read = read_command_line(texts, arguments, "gossipctl sim compare --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    if (line.help) return options.help = true, options;
    if (std::string problem = apply_options<CompareOptions>(compare_options, line, options); !problem.empty()) {
        return problem;
    }
    options.paths = line.words;
    if (options.paths.size() != 2)
        return std::string("two results are needed, as in: gossipctl sim compare before after");
    return options;
}

}  // namespace

std::string write_results(const std::string& folder, const std::vector<SimRun>& runs,
                          const std::vector<std::string>& arguments) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return "cannot make the folder " + folder + ": " + error.message();
    WrittenFiles written(folder);
    if (runs.empty()) return written.in_the_way({"runs.jsonl", "runs.csv", "summary.json"}, "--out");
    std::string lines;
    for (const SimRun& run : runs) lines += json_line(run);
    std::string problem = written.write("runs.jsonl", lines, "--out");
    if (problem.empty()) problem = written.write("runs.csv", csv_of(runs), "--out");
    if (problem.empty()) problem = written.write("summary.json", summary_of(runs, arguments), "--out");
    return problem;
}

std::variant<Results, std::string> read_results(const std::string& path) {
    std::error_code ignored;
    return ResultsReader(fs::is_directory(path, ignored) ? path + "/runs.csv" : path).run();
}

std::vector<SetComparison> compare(const Results& base, const Results& now) {
    std::vector<SetComparison> comparisons;
    std::vector<std::optional<double>> p_values;
    for (std::size_t i = 0; i < base.figures.size(); ++i) {
        const auto same = std::ranges::find(now.figures, base.figures[i]);
        if (same == now.figures.end()) continue;
        const auto& before = base.samples[i];
        const auto& after = now.samples[static_cast<std::size_t>(same - now.figures.begin())];
        p_values.push_back(welch_p(before, after));
        comparisons.push_back({base.figures[i], spread_of(before), spread_of(after), p_values.back(), false});
    }
    const auto flags = significant(p_values, level);
    for (std::size_t i = 0; i < comparisons.size(); ++i) comparisons[i].significant = flags[i];
    return comparisons;
}

int compare_command(const std::vector<std::string>& arguments) {
    auto parsed = parse_compare(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed))
        return complain("sim: compare", ErrorKind::usage, *problem);
    const auto& options = std::get<CompareOptions>(parsed);
    if (options.help) return std::fputs(std::string(usage).c_str(), stdout), 0;
    std::vector<Results> both;
    for (const std::string& path : options.paths) {
        auto read = read_results(path);
        if (const auto* problem = std::get_if<std::string>(&read))
            return complain("sim: compare", ErrorKind::usage, *problem);
        both.push_back(std::get<Results>(std::move(read)));
    }
    const TableFormat usual = isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    const Table table = table_of(compare(both[0], both[1]));
    std::fputs(table.render(options.format.value_or(usual), colored).c_str(), stdout);
    return 0;
}

}  // namespace gossip
