#include "manager/lab/sim_results.hpp"

#include "manager/base/failure.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr double level = 0.05;

std::string format(const char* form, double value) {
    char text[64];
    std::snprintf(text, sizeof text, form, value);
    return text;
}

std::string hex(std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
    return text;
}

std::string csv_of(const std::vector<SimRun>& runs) {
    std::string out = "seed,outcome";
    for (const sim::Metric& m : runs.front().metrics) out += "," + m.name;
    out += ",trace_hash\n";
    for (const SimRun& run : runs) {
        out += std::to_string(run.seed) + "," + run.outcome;
        for (const sim::Metric& m : run.metrics) out += "," + format("%.9g", m.value);
        out += "," + hex(run.trace_hash) + "\n";
    }
    return out;
}

std::string summary_of(const std::vector<SimRun>& runs, const std::vector<std::string>& arguments) {
    std::string out = "{\n  \"runs\": " + std::to_string(runs.size()) + ",\n  \"arguments\": [";
    for (std::size_t i = 0; i < arguments.size(); ++i) out += (i == 0 ? "" : ", ") + json_string(arguments[i]);
    out += "],\n  \"figures\": {";
    for (std::size_t i = 0; i < runs.front().metrics.size(); ++i) {
        std::vector<double> samples;
        for (const SimRun& run : runs) samples.push_back(run.metrics[i].value);
        const Spread s = spread_of(samples);
        const auto number = [](double value) { return format("%.9g", value); };
        out += std::string(i == 0 ? "" : ",") + "\n    " + json_string(runs.front().metrics[i].name) +
               ": {\"n\": " + std::to_string(samples.size()) + ", \"mean\": " + number(s.mean) +
               ", \"sd\": " + number(s.deviation) + ", \"ci95\": [" + number(s.mean - s.half_width) + ", " +
               number(s.mean + s.half_width) + "], \"min\": " + number(*std::ranges::min_element(samples)) +
               ", \"max\": " + number(*std::ranges::max_element(samples)) + "}";
    }
    return out + "\n  }\n}\n";
}

std::string write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    return file ? "" : "cannot write " + path;
}

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char letter : line) {
        if (letter == ',')
            cells.emplace_back();
        else if (letter != '\r')
            cells.back() += letter;
    }
    return cells;
}

class ResultsReader {
public:
    explicit ResultsReader(std::string path) : path_(std::move(path)) {}

    std::variant<Results, std::string> run() {
        std::ifstream file(path_);
        if (!file) return "cannot read " + path_;
        std::string line;
        while (std::getline(file, line)) {
            ++number_;
            const auto cells = cells_of(line);
            const std::string problem = number_ == 1 ? read_head(cells) : read_run(cells);
            if (!problem.empty()) return path_ + ":" + std::to_string(number_) + ": " + problem;
        }
        if (results_.samples.empty() || results_.samples.front().size() < 2) {
            return path_ + ": fewer than two complete runs: their spread is unknown; gossipctl sim --runs N makes more";
        }
        return std::move(results_);
    }

private:
    std::string read_head(const std::vector<std::string>& cells) {
        const bool ours =
            cells.size() > 3 && cells[0] == "seed" && cells[1] == "outcome" && cells.back() == "trace_hash";
        if (!ours) return "is no runs.csv of gossipctl sim --out";
        results_.figures.assign(cells.begin() + 2, cells.end() - 1);
        results_.samples.resize(results_.figures.size());
        return {};
    }

    std::string read_run(const std::vector<std::string>& cells) {
        if (cells.size() != results_.figures.size() + 3) {
            return std::to_string(cells.size()) + " columns, wanted " + std::to_string(results_.figures.size() + 3);
        }
        if (cells[1] != "complete") return {};
        for (std::size_t i = 0; i < results_.figures.size(); ++i) {
            char* end = nullptr;
            const double value = std::strtod(cells[i + 2].c_str(), &end);
            const bool number = !cells[i + 2].empty() && *end == '\0' && std::isfinite(value);
            if (!number) return results_.figures[i] + " is no number: " + cells[i + 2];
            results_.samples[i].push_back(value);
        }
        return {};
    }

    std::string path_;
    int number_{0};
    Results results_;
};

Table table_of(const std::vector<SetComparison>& comparisons) {
    Table table({{"figure"}, {"base", true}, {"new", true}, {"change_percent", true}, {"p", true}, {"significant"}});
    for (const SetComparison& c : comparisons) {
        const bool from_zero = c.base.mean == 0;
        const double change = from_zero ? 0 : 100 * (c.now.mean / c.base.mean - 1);
        const auto mean = [](const Spread& s) {
            const std::string value = format("%.6g", s.mean);
            return Cell{value, value + " ± " + format("%.2g", s.half_width)};
        };
        const Style style = c.significant ? Style::yellow : Style::dim;
        table.add({{c.figure},
                   mean(c.base),
                   mean(c.now),
                   {from_zero ? "" : format("%.4g", change), from_zero ? "" : format("%+.2f%%", change), style},
                   {format("%.3g", c.p)},
                   {c.significant ? "yes" : "no", "", style}});
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
    "Means with 95 % intervals, and p by Welch's t-test, which does not suppose equal variances (Biometrika 34, "
    "1947).\n"
    "\"yes\" below 0.05 over all figures together, by Holm's procedure (Scand. J. Statist. 6, 1979). Exit code 0.\n";

struct CompareOptions {
    std::vector<std::string> paths;
    std::optional<TableFormat> format;
    bool help{false};
};

std::variant<CompareOptions, std::string> parse_compare(const std::vector<std::string>& arguments) {
    CompareOptions options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--help" || word == "-h") return options.help = true, options;
        if (word == "-o" || word == "--output") {
            options.format = i + 1 < arguments.size() ? parse_table_format(arguments[++i]) : std::nullopt;
            if (!options.format) return word + " needs table, json or tsv";
        } else if (word.starts_with('-')) {
            return "unknown option " + word + "; see gossipctl sim compare --help";
        } else {
            options.paths.push_back(word);
        }
    }
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
    if (runs.empty()) return {};
    std::string lines;
    for (const SimRun& run : runs) lines += json_line(run);
    std::string problem = write_file(folder + "/runs.jsonl", lines);
    if (problem.empty()) problem = write_file(folder + "/runs.csv", csv_of(runs));
    if (problem.empty()) problem = write_file(folder + "/summary.json", summary_of(runs, arguments));
    return problem;
}

std::variant<Results, std::string> read_results(const std::string& path) {
    std::error_code ignored;
    return ResultsReader(fs::is_directory(path, ignored) ? path + "/runs.csv" : path).run();
}

std::vector<SetComparison> compare(const Results& base, const Results& now) {
    std::vector<SetComparison> comparisons;
    std::vector<double> p_values;
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
