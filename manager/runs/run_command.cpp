#include "manager/runs/run_command.hpp"

#include "manager/base/command_line.hpp"
#include "manager/runs/plot.hpp"
#include "manager/runs/run_comparison.hpp"
#include "manager/runs/run_folder.hpp"
#include "manager/runs/run_prediction.hpp"
#include "node/base/file.hpp"
#include "node/base/written_files.hpp"
#include "node/config/config_file.hpp"
#include "node/config/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace gossip {
namespace {

namespace fs = std::filesystem;

struct RunCommandLine {
    std::string verb;
    std::vector<std::string> words;
    std::string to;
    std::optional<TableFormat> format;
    bool predicted{false};
    bool help{false};
};

Failure usage(std::string text) { return {ErrorKind::usage, std::move(text)}; }

constexpr OptionOf<RunCommandLine> predicted_option{
    {"--predicted", "", "", ""},
    [](RunCommandLine& l, const std::string&) -> std::string { return l.predicted = true, ""; }};
constexpr OptionOf<RunCommandLine> to_option{
    {"--to", "", "PATH", ""}, [](RunCommandLine& l, const std::string& v) -> std::string { return l.to = v, ""; }};
constexpr OptionOf<RunCommandLine> output_option{{"--output", "-o", "table|json|tsv", ""}, set_format<RunCommandLine>};

std::vector<OptionOf<RunCommandLine>> options_of(std::string_view verb) {
    if (verb == "stats") return {predicted_option, output_option};
    if (verb == "compare") return {output_option};
    return {to_option};
}

std::variant<RunCommandLine, Failure> parse_words(const std::vector<std::string>& arguments) {
    RunCommandLine line;
    line.verb = arguments.front();
    const auto options = options_of(line.verb);
    const std::string see = "gossipctl " + line.verb + " --help";
    auto read = read_command_line(texts_of<RunCommandLine>(options), {arguments.begin() + 1, arguments.end()}, see);
    if (auto* problem = std::get_if<std::string>(&read)) return usage(std::move(*problem));
    auto& given = std::get<CommandLine>(read);
    if (given.help) return line.help = true, line;
    if (std::string problem = apply_options<RunCommandLine>(options, given, line); !problem.empty()) {
        return usage(std::move(problem));
    }
    line.words = std::move(given.words);
    return line;
}

std::string runs_folder() {
    const auto loaded = load_config(standard_sources(std::nullopt));
    const auto* config = std::get_if<LoadedConfig>(&loaded);
    return config == nullptr || config->node.runs_dir.empty() ? "runs" : config->node.runs_dir;
}

std::variant<std::string, Failure> folder_of(const std::string& name) {
    auto found = find_run(name, runs_folder());
    if (auto* problem = std::get_if<std::string>(&found)) return Failure{ErrorKind::command, std::move(*problem)};
    std::error_code error;
    const fs::path whole = fs::canonical(std::get<FoundRun>(found).path, error);
    return error ? std::get<FoundRun>(found).path : whole.string();
}

std::variant<RunReport, Failure> report_of(const std::string& name) {
    auto folder = folder_of(name);
    if (auto* failure = std::get_if<Failure>(&folder)) return std::move(*failure);
    auto report = analyse_run(std::get<std::string>(folder));
    if (auto* problem = std::get_if<std::string>(&report)) return Failure{ErrorKind::command, std::move(*problem)};
    const auto& reading = std::get<RunReport>(report).reading;
    const std::string remark = reading_remark(std::get<std::string>(folder), reading);
    if (!remark.empty()) std::fprintf(stderr, "%s\n", remark.c_str());
    return std::get<RunReport>(std::move(report));
}

void print(const RunCommandLine& line, const Table& table) {
    const TableFormat piped = ::isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    std::fputs(table.render(line.format.value_or(piped), colored).c_str(), stdout);
}

int show_stats(const RunCommandLine& line) {
    if (line.words.size() > 1) return complain(line.verb, ErrorKind::usage, "one run at a time");
    const std::string name = line.words.empty() ? "latest" : line.words.front();
    auto report = report_of(name);
    if (const auto* failure = std::get_if<Failure>(&report)) return complain(line.verb, failure->kind, failure->text);
    const RunAnalysis& run = std::get<RunReport>(report).analysis;
    const std::vector<RunFigure> figures = figures_of(run);
    const Table expected = measured_and_predicted(figures, std::get<std::string>(folder_of(name)), run);
    if (line.predicted) return print(line, expected), 0;
    print(line, figure_table(figures));
    const bool for_people = ::isatty(STDOUT_FILENO) != 0 && !line.format;
    if (!expected.empty() && (for_people || line.format == TableFormat::table)) {
        std::fputs("\n", stdout);
        print(line, expected);
    }
    return 0;
}

// A run, or a folder of several: 1, 2, …, as gossipctl sim FILE --runs N --out FOLDER makes.
std::vector<std::string> runs_in(const std::string& name) {
    std::vector<std::string> names;
    std::error_code error;
    const auto numbered = [&] { return name + "/" + std::to_string(names.size() + 1); };
    while (!fs::exists(name + "/events.jsonl", error) && fs::exists(numbered() + "/events.jsonl", error)) {
        names.push_back(numbered());
    }
    return names.empty() ? std::vector<std::string>{name} : names;
}

std::variant<RunSet, Failure> run_set(const std::string& name) {
    RunSet set;
    for (const std::string& run : runs_in(name)) {
        auto report = report_of(run);
        if (auto* failure = std::get_if<Failure>(&report)) return std::move(*failure);
        set.push_back(figures_of(std::get<RunReport>(report).analysis));
    }
    return set;
}

int compare_runs(const RunCommandLine& line) {
    if (line.words.size() != 2) return complain(line.verb, ErrorKind::usage, "two runs are needed");
    std::vector<RunSet> sets;
    for (const std::string& name : line.words) {
        auto set = run_set(name);
        if (const auto* failure = std::get_if<Failure>(&set)) return complain(line.verb, failure->kind, failure->text);
        sets.push_back(std::get<RunSet>(std::move(set)));
    }
    print(line, compare_table(sets[0], sets[1]));
    if (sets[0].size() == 1 && sets[1].size() == 1) {
        std::fputs(
            "note: two single runs are not tested; compare folders of several: gossipctl sim FILE --runs 10 --out "
            "FOLDER\n",
            stderr);
    }
    return 0;
}

int export_named(const RunCommandLine& line) {
    if (line.words.empty())
        return complain(line.verb, ErrorKind::usage, "a format is missing: html, perfetto, dot, graphml or csv");
    if (line.words.size() > 2) return complain(line.verb, ErrorKind::usage, "one run at a time");
    auto folder = folder_of(line.words.size() == 2 ? line.words[1] : "latest");
    if (const auto* failure = std::get_if<Failure>(&folder)) return complain(line.verb, failure->kind, failure->text);
    const auto done = export_run(std::get<std::string>(folder), line.words.front(), line.to);
    if (const auto* failure = std::get_if<Failure>(&done)) return complain(line.verb, failure->kind, failure->text);
    const auto& exported = std::get<Exported>(done);
    std::fwrite(exported.text.data(), 1, exported.text.size(), stdout);
    for (const std::string& path : exported.paths) std::printf("%s\n", path.c_str());
    return 0;
}

int plot_run(const RunCommandLine& line) {
    if (line.words.size() > 1) return complain(line.verb, ErrorKind::usage, "one run at a time");
    auto folder = folder_of(line.words.empty() ? "latest" : line.words.front());
    if (const auto* failure = std::get_if<Failure>(&folder)) return complain(line.verb, failure->kind, failure->text);
    const auto done = plot_into(std::get<std::string>(folder), line.to);
    if (const auto* failure = std::get_if<Failure>(&done)) return complain(line.verb, failure->kind, failure->text);
    for (const std::string& path : std::get<Exported>(done).paths) std::printf("%s\n", path.c_str());
    return 0;
}

struct Verb {
    std::string_view name;
    std::string_view usage;
    int (*run)(const RunCommandLine&);
};

constexpr Verb verbs[] = {
    {"export",
     "Examples:\n"
     "  gossipctl export html                       the newest run as one page, runs/latest/report.html\n"
     "  gossipctl export html latest --to talk.html one file that opens anywhere, without a network\n"
     "  gossipctl export csv runs/20261121-1036     tables and summary.json into the run's folder\n"
     "  gossipctl export dot --to - | sfdp -Tsvg > overlay.svg\n"
     "  gossipctl export perfetto                   for https://ui.perfetto.dev: a track a node, an arrow a hop\n"
     "  gossipctl export graphml                    for Gephi, igraph, NetworkX\n"
     "\n"
     "export html|perfetto|dot|graphml|csv [RUN] [--to FILE]\n"
     "RUN is a folder, the name of one in log.runs or its beginning, or latest (default). Without --to the files go\n"
     "into the run's folder; --to - prints. csv writes several files: its --to is a folder.\n",
     export_named},
    {"stats",
     "Examples:\n"
     "  gossipctl stats                             the figures of the newest run\n"
     "  gossipctl stats runs/20261121-1036 -o json\n"
     "  gossipctl stats --predicted                 measured beside what the formulas of gossipctl predict say\n"
     "\n"
     "stats [RUN] [--predicted] [-o table|json|tsv]\n"
     "From the run's event log: coverage, latency and hops of its messages, load, decisions, detection, traffic.\n"
     "n, mean, interval and sd are over the unit (messages, not their deliveries); the quantiles are of all values.\n"
     "A figure that was not measured is – (empty in TSV, null in JSON). docs/FIGURES.md defines each.\n",
     show_stats},
    {"compare",
     "Examples:\n"
     "  gossipctl compare runs/a runs/b\n"
     "  gossipctl compare before after              folders of several runs: gossipctl sim FILE --runs 10 --out "
     "before\n"
     "\n"
     "compare RUN RUN [-o table|json|tsv]\n"
     "Each figure of one side beside the other's. Of folders the unit is the run: p is Welch's, and \"differs\" "
     "stands\n"
     "where Holm's procedure over all figures finds it below 0.01. Two single runs are shown, with intervals over\n"
     "messages, epochs, deaths, and not tested: each has an overlay of its own, so runs of one scenario differ as "
     "well.\n"
     "docs/FIGURES.md defines the figures.\n",
     compare_runs},
    {"plot",
     "Examples:\n"
     "  gossipctl plot                              SVGs of the newest run in runs/latest/plots\n"
     "  gossipctl plot runs/20261121-1036 --to figures\n"
     "\n"
     "plot [RUN] [--to FOLDER]\n"
     "Coverage over time, latency, degrees with the fitted power law, detection: drawn by gnuplot (Debian:\n"
     "gnuplot-nox). The scripts with their data stay beside the pictures.\n",
     plot_run},
};

const Verb* find_verb(const std::string& name) {
    const auto* const at =
        std::find_if(std::begin(verbs), std::end(verbs), [&](const Verb& v) { return v.name == name; });
    return at == std::end(verbs) ? nullptr : at;
}

std::variant<std::vector<ExportedFile>, Failure> files_of(const std::string& folder, const std::string& format) {
    auto report = analyse_run(folder);
    if (auto* problem = std::get_if<std::string>(&report)) return Failure{ErrorKind::command, std::move(*problem)};
    const RunAnalysis& run = std::get<RunReport>(report).analysis;
    using Files = std::vector<ExportedFile>;
    if (format == "csv") return export_csv(run, std::get<RunReport>(report).reading.trace_hash);
    if (format == "dot") return Files{{"overlay.dot", export_dot(run)}};
    if (format == "graphml") return Files{{"overlay.graphml", export_graphml(run)}};
    if (format == "perfetto") return Files{{"perfetto.json", export_perfetto(run)}};
    auto page = export_html(folder, run);
    if (auto* problem = std::get_if<std::string>(&page)) return Failure{ErrorKind::command, std::move(*problem)};
    return Files{{"report.html", std::get<HtmlPage>(page).text}};
}

}  // namespace

const std::vector<std::string>& export_formats() {
    static const std::vector<std::string> formats{"html", "perfetto", "dot", "graphml", "csv"};
    return formats;
}

std::string reading_remark(const std::string& folder, const RunReading& reading) {
    std::string text;
    if (!reading.exit_code) text = "the run did not end in order, or has not ended; these are its events so far";
    if (reading.unreadable > 0) {
        text += (text.empty() ? "" : "; ") + std::to_string(reading.unreadable) + " lines cannot be read";
    }
    return text.empty() ? "" : "gossipctl: " + folder + ": " + text;
}

std::variant<Exported, Failure> export_run(const std::string& folder, const std::string& format,
                                           const std::string& to) {
    const auto& formats = export_formats();
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
        return usage("\"" + format + "\" is not html, perfetto, dot, graphml or csv");
    }
    if (format == "csv" && to == "-") return usage("csv is several files; --to names a folder for them");
    auto made = files_of(folder, format);
    if (auto* failure = std::get_if<Failure>(&made)) return std::move(*failure);
    Exported exported;
    for (const ExportedFile& file : std::get<std::vector<ExportedFile>>(made)) {
        if (to == "-") {
            exported.text = file.text;
            continue;
        }
        // A file that the user names is replaced; names that are ours may be taken in a folder of the user's.
        const bool named = format != "csv" && !to.empty();
        const std::string into = to.empty() ? folder : to;
        std::error_code error;
        if (!named) fs::create_directories(into, error);
        const std::string problem =
            named ? replace_file(to, file.text) : WrittenFiles(into).write(file.name, file.text, "--to");
        if (!problem.empty()) return Failure{ErrorKind::command, problem};
        exported.paths.push_back(named ? to : into + "/" + file.name);
    }
    return exported;
}

std::variant<Exported, Failure> plot_into(const std::string& folder, const std::string& to) {
    auto report = analyse_run(folder);
    if (auto* problem = std::get_if<std::string>(&report)) return Failure{ErrorKind::command, std::move(*problem)};
    const std::vector<Plot> plots = plots_of(std::get<RunReport>(report).analysis);
    if (plots.empty()) return Failure{ErrorKind::command, "there is nothing to plot: no message, no link, no removal"};
    Exported exported;
    const std::string where = to.empty() ? folder + "/plots" : to;
    std::error_code error;
    fs::create_directories(where, error);
    WrittenFiles::Names names;
    for (const Plot& plot : plots) names.insert(names.end(), {plot.name + ".gp", plot.name + ".svg"});
    WrittenFiles written(where);
    std::string problem = written.in_the_way(names, "--to");
    if (problem.empty()) problem = written.add(WrittenFiles::Kind::file, names);
    if (!problem.empty()) return Failure{ErrorKind::command, problem};
    for (const Plot& plot : plots) {
        if (auto failed = draw(where, plot)) return Failure{ErrorKind::command, std::move(*failed)};
        exported.paths.push_back(where + "/" + plot.name + ".svg");
    }
    return exported;
}

bool is_run_command(const std::string& name) { return find_verb(name) != nullptr; }

int run_command(const std::vector<std::string>& arguments) {
    const auto parsed = parse_words(arguments);
    if (const auto* failure = std::get_if<Failure>(&parsed))
        return complain(arguments.front(), failure->kind, failure->text);
    const auto& line = std::get<RunCommandLine>(parsed);
    const Verb& verb = *find_verb(line.verb);
    if (!line.help) return verb.run(line);
    std::fputs(std::string(verb.usage).c_str(), stdout);
    return 0;
}

}  // namespace gossip
