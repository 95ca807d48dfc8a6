// Verbs about the run as a whole: topology, stats, export, open.

#include "manager/base/failure.hpp"
#include "manager/runs/plot.hpp"
#include "manager/runs/run_command.hpp"
#include "manager/runs/run_prediction.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "manager/view/overlay_shape.hpp"

#include <algorithm>
#include <filesystem>

namespace gossip::commands {
namespace {

// The event log, after writing all events received so far.
std::variant<std::string, Failure> recorded(Session& session) {
    RunRecorder* recorder = session.recorder();
    if (recorder == nullptr) return Failure{ErrorKind::command, "this run is not recorded; see log.runs and --out"};
    recorder->flush();
    return recorder->folder().path();
}

Table shape_table(const OverlayShape& shape) {
    Table table({{"figure"}, {"value", true}});
    const auto add = [&](const std::string& name, double value) { table.add({{name}, {figure_text(value)}}); };
    const auto count = [](std::size_t value) { return static_cast<double>(value); };
    std::map<std::uint32_t, std::size_t> counts;
    for (const std::uint32_t degree : shape.degrees) ++counts[degree];
    add("peers", count(shape.peers));
    add("links", count(shape.links));
    add("components", count(shape.components.count));
    add("largest_component", count(shape.components.largest));
    add("path_mean", shape.path_mean);
    if (shape.peers > 0) {
        add("degree_mean", 2 * count(shape.links) / count(shape.peers));
        add("degree_max", counts.rbegin()->first);
    }
    if (shape.law.exponent > 0) {
        add("alpha", shape.law.exponent);
        add("alpha_from_degree", count(shape.law.from));
        add("alpha_ks", shape.law.distance);
        add("alpha_n", count(shape.law.tail));
    }
    for (const auto& [degree, peers] : counts) add("peers_with_" + std::to_string(degree) + "_links", count(peers));
    return table;
}

Result show_topology(Session& session, const std::string& picture) {
    const OverlayShape shape = shape_of(session.network().view());
    session.console().result(shape_table(shape));
    if (picture.empty()) return std::nullopt;
    const std::filesystem::path path(picture);
    const DegreeSeries series{"links", shape.degrees};
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    const auto problem = draw(folder, degree_plot(std::span(&series, 1), path.stem().string()));
    return problem ? Result(Failure{ErrorKind::command, *problem}) : std::nullopt;
}

Result show_stats(Session& session) {
    auto folder = recorded(session);
    if (auto* failure = std::get_if<Failure>(&folder)) return std::move(*failure);
    std::vector<NodeId> all;
    for (const auto& [id, node] : session.network().nodes()) all.push_back(id);
    if (auto failure = Session::from_wait(session.network().refresh(all), session.loop())) return failure;
    session.recorder()->flush();
    auto report = analyse_run(std::get<std::string>(folder));
    if (auto* problem = std::get_if<std::string>(&report)) return Failure{ErrorKind::command, std::move(*problem)};
    const RunAnalysis& run = std::get<RunReport>(report).analysis;
    const std::vector<RunFigure> figures = figures_of(run);
    session.console().result(figure_table(figures));
    if (session.console().format() != TableFormat::table) return std::nullopt;
    const Table expected = measured_and_predicted(figures, std::get<std::string>(folder), run);
    if (expected.empty()) return std::nullopt;
    session.console().result("\n");
    session.console().result(expected);
    return std::nullopt;
}

Result export_so_far(Session& session, const std::string& format, const std::string& to) {
    auto folder = recorded(session);
    if (auto* failure = std::get_if<Failure>(&folder)) return std::move(*failure);
    auto done = export_run(std::get<std::string>(folder), format, to);
    if (auto* failure = std::get_if<Failure>(&done)) return std::move(*failure);
    for (const std::string& path : std::get<Exported>(done).paths) session.console().result(path + "\n");
    return std::nullopt;
}

Result show_places(Session& session) {
    Table table({{"what"}, {"where"}});
    if (!session.page().empty()) table.add({{"page"}, {session.page()}});
    if (session.recorder() != nullptr) table.add({{"run"}, {session.recorder()->folder().path()}});
    if (const std::string logs = session.network().log_folder(); !logs.empty()) table.add({{"logs"}, {logs}});
    session.console().result(table);
    return std::nullopt;
}

}  // namespace

Compiled topology(const Command& command) {
    const bool plot = command.words.size() == 3 && command.words[1].text == "--plot";
    if (command.words.size() != 1 && !plot) return "only --plot FILE.svg is understood";
    const std::string picture = plot ? command.words[2].text : "";
    if (plot && !picture.ends_with(".svg")) return "the picture is an SVG: name it FILE.svg";
    return [picture](Session& session) { return show_topology(session, picture); };
}

Compiled stats(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments; gossipctl stats RUN is for earlier runs";
    return show_stats;
}

Compiled export_(const Command& command) {
    if (command.words.size() < 2 || command.words.size() > 3) return "a format is needed, and a file if you like";
    const std::string& format = command.words[1].text;
    const auto& formats = export_formats();
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
        return "\"" + format + "\" is not html, perfetto, dot, graphml or csv";
    }
    return [format, to = command.words.size() == 3 ? command.words[2].text : ""](Session& session) {
        return export_so_far(session, format, to);
    };
}

Compiled open(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return show_places;
}

}  // namespace gossip::commands
