#include "manager/runs/run_prediction.hpp"

#include "manager/runs/run_config.hpp"
#include "sim/study/prediction.hpp"

#include <algorithm>
#include <cmath>

namespace gossip {
namespace {

// The name of the simulator's metric among a run's figures.
struct Pair {
    std::string_view figure;
    std::string_view metric;
    double tolerance;
};
// The formulas ignore queues and schedulers. A small network whose peers start together has a few more links than
// one that grew, and its delays are uneven, so its shortest paths in time differ.
constexpr Pair pairs[] = {{"hops", "hops_mean", 0.4},
                          {"sends_per_message", "sends_per_message", 0.2},
                          {"duplicates_per_delivery", "redundancy", 0.2}};

double mean_targets(const RunAnalysis& run) {
    double sum = 0;
    double count = 0;
    for (const RunMessage& m : run.messages()) {
        if (m.targets == 0) continue;
        sum += static_cast<double>(m.targets);
        ++count;
    }
    return count == 0 ? 0 : sum / count;
}

const RunFigure* find_figure(const std::vector<RunFigure>& figures, std::string_view name) {
    const auto at = std::find_if(figures.begin(), figures.end(), [&](const RunFigure& f) { return f.name == name; });
    return at == figures.end() ? nullptr : &*at;
}

}  // namespace

Table measured_and_predicted(const std::vector<RunFigure>& figures, const std::string& folder, const RunAnalysis& run) {
    Table table({{"figure"}, {"measured", true}, {"predicted", true}, {"verdict"}, {"formula"}});
    const auto config = config_of_run(folder);
    const auto peers = static_cast<std::uint32_t>(std::lround(mean_targets(run)));
    if (!config || peers < 4) return table;
    sim::ExperimentOptions options;
    options.peers = peers;
    options.config = *config;
    const auto predicted = sim::predict(options);
    for (const Pair& pair : pairs) {
        const RunFigure* figure = find_figure(figures, pair.figure);
        const auto at = std::find_if(predicted.begin(), predicted.end(),
                                     [&](const sim::Predicted& p) { return p.name == pair.metric; });
        if (figure == nullptr || at == predicted.end()) continue;
        const std::optional<double> mean = summarize(*figure).spread.mean;
        if (!mean) continue;
        const double measured = *mean;
        const double most = (pair.tolerance + 2.0 / peers) * std::max(at->value, 0.5);
        const bool near = std::abs(measured - at->value) <= most;
        table.add({{figure->name},
                   {figure_text(measured)},
                   {figure_text(at->value)},
                   {near ? "agrees" : "differs", "", near ? Style::plain : Style::yellow},
                   {at->formula, "", Style::dim}});
    }
    return table;
}

}  // namespace gossip
