#include "manager/runs/run_figures.hpp"

#include "node/base/value_text.hpp"
#include "sim/study/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <utility>

namespace gossip {
namespace {

double count(std::uint64_t n) { return static_cast<double>(n); }

double quantile(const std::vector<double>& sorted, double q) { return sorted[sim::nearest_rank(q, sorted.size()) - 1]; }

double mean_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / count(values.size());
}

class Figures {
public:
    explicit Figures(const RunAnalysis& run) : run_(run) {}

    std::vector<RunFigure> all() {
        messages();
        load();
        decisions();
        detections();
        traffic();
        return std::move(list_);
    }

private:
    using Values = std::vector<double>;

    void single(std::string name, std::optional<double> value) {
        const Values values = value ? Values{*value} : Values{};
        list_.push_back({std::move(name), Unit::run, values, values});
    }
    void each(std::string name, Unit unit, const Values& values) {
        list_.push_back({std::move(name), unit, values, values});
    }
    // Several values a unit.
    void grouped(std::string name, Unit unit, const std::vector<Values>& groups) {
        RunFigure figure{std::move(name), unit, {}, {}};
        for (const Values& group : groups) {
            if (group.empty()) continue;
            figure.samples.insert(figure.samples.end(), group.begin(), group.end());
            figure.means.push_back(mean_of(group));
        }
        list_.push_back(std::move(figure));
    }

    void messages() {
        Values coverage;
        std::vector<Values> latency;
        std::vector<Values> hops;
        Values complete;
        Values sends;
        std::uint64_t deliveries = 0;
        std::uint64_t repairs = 0;
        for (const RunMessage& m : run_.messages()) {
            deliveries += m.receipts.size();
            if (m.targets > 0) coverage.push_back(m.coverage());
            if (m.sends > 0) sends.push_back(count(m.sends));
            latency.emplace_back();
            hops.emplace_back();
            std::int64_t last = m.born_ns;
            for (const RunReceipt& r : m.receipts) {
                latency.back().push_back(in_milliseconds(r.mono_ns - m.born_ns));
                hops.back().push_back(r.hop);
                repairs += r.repair ? 1 : 0;
                last = std::max(last, r.mono_ns);
            }
            if (m.targets > 1 && m.reached == m.targets) complete.push_back(in_milliseconds(last - m.born_ns));
        }
        single("messages", count(run_.messages().size()));
        single("deliveries", count(deliveries));
        each("coverage", Unit::message, coverage);
        grouped("latency_ms", Unit::message, latency);
        each("to_all_ms", Unit::message, complete);
        grouped("hops", Unit::message, hops);
        each("sends_per_message", Unit::message, sends);
        single("duplicates_per_delivery", duplicates_per_delivery());
        single("repairs", count(repairs));
    }

    // Of messages of which no copy was in flight at the end.
    [[nodiscard]] std::optional<double> duplicates_per_delivery() const {
        std::uint64_t duplicates = 0;
        std::uint64_t deliveries = 0;
        for (const RunMessage& m : run_.messages()) {
            if (!m.spread_over) continue;
            duplicates += m.duplicates;
            deliveries += m.receipts.size();
        }
        return deliveries > 0 ? std::optional(count(duplicates) / count(deliveries)) : std::nullopt;
    }

    // Sends of each peer: how the traffic is distributed.
    void load() {
        Values sends;
        for (const auto& [id, node] : run_.nodes()) {
            const bool counts = !run_.messages().empty() && node.role == Role::peer && node.registered_ns;
            if (counts) sends.push_back(count(node.sends));
        }
        each("sends_per_peer", Unit::peer, sends);
    }

    void decisions() {
        std::map<Epoch, Values> add;
        std::map<Epoch, Values> remove;
        std::uint64_t rejected = 0;
        for (const ProposalView& p : run_.decisions()) {
            if (p.outcome == ProposalOutcome::rejected) ++rejected;
            if (p.outcome != ProposalOutcome::approved) continue;
            (p.add ? add : remove)[p.epoch].push_back(in_milliseconds(p.decided_ns - p.mono_ns));
        }
        const auto by_epoch = [](const std::map<Epoch, Values>& values) {
            std::vector<Values> groups;
            for (const auto& [epoch, group] : values) groups.push_back(group);
            return groups;
        };
        grouped("decision_add_ms", Unit::epoch, by_epoch(add));
        grouped("decision_remove_ms", Unit::epoch, by_epoch(remove));
        single("rejected", count(rejected));
    }

    void detections() {
        detections_of("", Unit::death,
                      [](NodeState how) { return how == NodeState::killed || how == NodeState::died; });
        detections_of("paused_", Unit::pause, [](NodeState how) { return how == NodeState::paused; });
        std::uint64_t alive = 0;
        for (const RunDetection& d : run_.detections()) alive += d.how == NodeState::alive ? 1 : 0;
        single("removed_alive", count(alive));
    }

    void detections_of(const std::string& prefix, Unit unit, bool (*counts)(NodeState)) {
        Values suspected;
        Values removed;
        Values known;
        std::uint64_t all = 0;
        for (const RunDetection& d : run_.detections()) {
            if (!counts(d.how)) continue;
            ++all;
            // Without its cause the first suspicion is all that is known of the end.
            if (d.suspected_ns && d.cause_known) suspected.push_back(in_milliseconds(*d.suspected_ns - d.ended_ns));
            if (d.removed_ns) removed.push_back(in_milliseconds(*d.removed_ns - d.ended_ns));
            if (d.known_all_ns) known.push_back(in_milliseconds(*d.known_all_ns - d.ended_ns));
        }
        each(prefix + "suspected_after_ms", unit, suspected);
        each(prefix + "removed_after_ms", unit, removed);
        each(prefix + "known_to_all_after_ms", unit, known);
        single(prefix.empty() ? "removed_dead" : "removed_paused", count(removed.size()));
        single(prefix.empty() ? "dead_not_removed" : "paused_not_removed", count(all - removed.size()));
    }

    void traffic() {
        Values bytes;
        Values sent;
        for (const auto& [id, node] : run_.nodes()) {
            if (!node.transport || node.role != Role::peer) continue;
            if (node.transport->bytes_sent > 0)
                bytes.push_back(count(node.transport->bytes_sent));  // none if simulated
            sent.push_back(count(node.transport->messages_sent));
        }
        each("bytes_sent_per_peer", Unit::peer, bytes);
        each("wire_messages_per_peer", Unit::peer, sent);
        single("duration_s", static_cast<double>(run_.end_ns() - run_.start_ns()) / 1e9);
    }

    const RunAnalysis& run_;
    std::vector<RunFigure> list_;
};

std::string json_number(const std::optional<double>& value) {
    char text[40] = "null";
    if (value) std::snprintf(text, sizeof text, "%.9g", *value);
    return text;
}

std::string figure_json(const RunFigure& figure) {
    const Summary s = summarize(figure);
    const Spread& spread = s.spread;
    if (figure.unit == Unit::run) return json_number(spread.mean);
    std::string out = "{\"unit\": " + json_string(unit_name(figure.unit)) + ", \"n\": " + std::to_string(spread.n) +
                      ", \"mean\": " + json_number(spread.mean);
    out += ", \"sd\": " + json_number(spread.deviation) + ", \"ci95\": ";
    out += spread.half_width ? "[" + json_number(spread.low()) + ", " + json_number(spread.high()) + "]" : "null";
    out += ", \"values\": " + std::to_string(s.values);
    for (const auto& [name, value] : {std::pair{"p50", s.p50}, {"p95", s.p95}, {"p99", s.p99}, {"max", s.max}}) {
        out += ", \"" + std::string(name) + "\": " + json_number(value);
    }
    return out + "}";
}

}  // namespace

std::string figure_text(double value) {
    char text[40];
    const double size = std::abs(value);
    const int decimals = value == std::floor(value) ? 0 : size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4;
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string figure_text(const std::optional<double>& value) { return value ? figure_text(*value) : ""; }

Cell figure_cell(std::string text) {
    std::string instead = text.empty() ? "–" : "";
    return {std::move(text), std::move(instead)};
}

std::string_view unit_name(Unit unit) {
    constexpr std::string_view names[] = {"run", "message", "epoch", "death", "pause", "peer"};
    return names[static_cast<std::size_t>(unit)];
}

Summary summarize(const RunFigure& figure) {
    Summary s;
    s.spread = spread_of(figure.means);
    if (figure.unit == Unit::peer) s.spread.half_width.reset();
    s.values = figure.samples.size();
    if (s.values == 0) return s;
    std::vector<double> sorted = figure.samples;
    std::sort(sorted.begin(), sorted.end());
    s.p50 = quantile(sorted, 0.5);
    s.p95 = quantile(sorted, 0.95);
    s.p99 = quantile(sorted, 0.99);
    s.max = sorted.back();
    return s;
}

std::vector<RunFigure> figures_of(const RunAnalysis& run) { return Figures(run).all(); }

Table figure_table(const std::vector<RunFigure>& figures) {
    Table table({{"figure"},
                 {"unit"},
                 {"n", true},
                 {"mean", true},
                 {"ci95_low", true},
                 {"ci95_high", true},
                 {"sd", true},
                 {"values", true},
                 {"p50", true},
                 {"p95", true},
                 {"p99", true},
                 {"max", true}});
    for (const RunFigure& figure : figures) {
        const Summary s = summarize(figure);
        // Programs get every digit.
        const auto cell = [](const std::optional<double>& value) {
            return value ? Cell{json_number(value), figure_text(*value)} : figure_cell("");
        };
        std::vector<Cell> row{
            {figure.name}, {std::string(unit_name(figure.unit))}, {std::to_string(s.spread.n)}, cell(s.spread.mean)};
        if (figure.unit != Unit::run) {
            row.insert(row.end(), {cell(s.spread.low()),
                                   cell(s.spread.high()),
                                   cell(s.spread.deviation),
                                   {std::to_string(s.values)},
                                   cell(s.p50),
                                   cell(s.p95),
                                   cell(s.p99),
                                   cell(s.max)});
        }
        table.add(std::move(row));
    }
    return table;
}

std::string summary_json(const std::vector<RunFigure>& figures, const RunBegan& from, const std::string& trace_hash) {
    std::string out = "{";
    for (const auto& [name, value] : {std::pair{"version", from.version},
                                      {"commit", from.commit},
                                      {"compiler", from.compiler},
                                      {"seed", std::to_string(from.seed)}}) {
        out += "\n " + json_string(name) + ": " + json_string(value) + ",";
    }
    out += "\n \"trace_hash\": " + (trace_hash.empty() ? "null" : json_string(trace_hash));
    for (const RunFigure& figure : figures) out += ",\n " + json_string(figure.name) + ": " + figure_json(figure);
    return out + "\n}\n";
}

}  // namespace gossip
