#include "manager/runs/run_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

constexpr double level = 0.01;

// A figure on one side.
struct Side {
    std::vector<double> units;
    std::optional<Summary> alone;  // of the only run
};

struct ReportRow {
    std::string name;
    Unit unit{};
    Side first;
    Side second;
    std::optional<double> p;
};

const RunFigure* find_figure(const std::vector<RunFigure>& figures, const std::string& name) {
    const auto at = std::ranges::find(figures, name, &RunFigure::name);
    return at == figures.end() ? nullptr : &*at;
}

Side side_of(const RunSet& runs, const std::string& name, bool alone) {
    Side side;
    for (const std::vector<RunFigure>& run : runs) {
        const RunFigure* figure = find_figure(run, name);
        if (figure == nullptr) continue;
        const Summary summary = summarize(*figure);
        if (alone) return {figure->means, summary};
        if (summary.spread.mean) side.units.push_back(*summary.spread.mean);
    }
    return side;
}

std::vector<ReportRow> lines_of(const RunSet& a, const RunSet& b) {
    const bool alone = a.size() == 1 && b.size() == 1;
    std::vector<ReportRow> lines;
    for (const RunFigure& figure : a.front()) {
        ReportRow line{figure.name,
                       alone ? figure.unit : Unit::run,
                       side_of(a, figure.name, alone),
                       side_of(b, figure.name, alone),
                       {}};
        if (!alone) line.p = welch_p(line.first.units, line.second.units);
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string number(const char* form, double value) {
    char text[32];
    std::snprintf(text, sizeof text, form, value);
    return text;
}

Cell change_cell(const std::optional<double>& from, const std::optional<double>& to) {
    const bool both = from && to && (*from != 0 || *to == 0);
    if (!both) return figure_cell("");
    return {number("%.1f", *from == 0 ? 0 : 100 * (*to - *from) / *from)};
}

Cell mean_cell(const Spread& s, Unit unit) {
    Cell cell = figure_cell(figure_text(s.mean));
    if (s.half_width && unit != Unit::peer) cell.shown = cell.text + " ± " + figure_text(*s.half_width);
    return cell;
}

void add_line(Table& table, const ReportRow& line, bool differs) {
    const Spread first = spread_of(line.first.units);
    const Spread second = spread_of(line.second.units);
    table.add({{line.name},
               {std::string(unit_name(line.unit))},
               {std::to_string(first.n)},
               mean_cell(first, line.unit),
               {std::to_string(second.n)},
               mean_cell(second, line.unit),
               change_cell(first.mean, second.mean),
               figure_cell(line.p ? number("%.3g", *line.p) : ""),
               {!line.p   ? "not tested"
                : differs ? "differs"
                          : "",
                "", differs ? Style::yellow : Style::dim}});
}

// The quantiles of all values say how they are distributed; they are no samples of anything.
void add_quantiles(Table& table, const ReportRow& line) {
    if (!line.first.alone || !line.second.alone || line.unit == Unit::run) return;
    const Summary& x = *line.first.alone;
    const Summary& y = *line.second.alone;
    const std::string first_n = std::to_string(x.values);
    const std::string second_n = std::to_string(y.values);
    for (const auto& [name, from, to] :
         {std::tuple{" p50", x.p50, y.p50}, {" p95", x.p95, y.p95}, {" max", x.max, y.max}}) {
        table.add({{line.name + name},
                   {"value"},
                   {first_n},
                   figure_cell(figure_text(from)),
                   {second_n},
                   figure_cell(figure_text(to)),
                   change_cell(from, to),
                   figure_cell(""),
                   {"not tested", "", Style::dim}});
    }
}

}  // namespace

Table compare_table(const RunSet& a, const RunSet& b) {
    Table table({{"figure"},
                 {"unit"},
                 {"first_n", true},
                 {"first", true},
                 {"second_n", true},
                 {"second", true},
                 {"change_percent", true},
                 {"p", true},
                 {"verdict"}});
    const std::vector<ReportRow> lines = lines_of(a, b);
    std::vector<std::optional<double>> p_values;
    for (const ReportRow& line : lines) p_values.push_back(line.p);
    const std::vector<bool> differs = significant(p_values, level);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        add_line(table, lines[i], differs[i]);
        add_quantiles(table, lines[i]);
    }
    return table;
}

}  // namespace gossip
