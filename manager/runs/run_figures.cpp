#include "manager/runs/run_figures.hpp"

#include "manager/runs/sim_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }
double count(std::uint64_t n) { return static_cast<double>(n); }

// Nearest rank: the smallest value that so many of the samples do not exceed.
double quantile(const std::vector<double>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
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
        std::erase_if(list_, [](const RunFigure& figure) { return figure.samples.empty(); });
        return std::move(list_);
    }

private:
    void single(std::string name, double value) { list_.push_back({std::move(name), {value}, true}); }
    std::vector<double>& sample(std::string name) {
        list_.push_back({std::move(name), {}, false});
        return list_.back().samples;
    }

    void messages() {
        std::uint64_t deliveries = 0;
        std::uint64_t repairs = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t finished_deliveries = 0;  // of messages of which no copy was in flight at the end
        std::vector<double> coverage;
        std::vector<double> latency;
        std::vector<double> complete;
        std::vector<double> hops;
        std::vector<double> sends;
        for (const RunMessage& m : run_.messages()) {
            deliveries += m.receipts.size();
            if (m.spread_over) duplicates += m.duplicates;
            if (m.spread_over) finished_deliveries += m.receipts.size();
            if (m.targets > 0) coverage.push_back(m.coverage());
            if (m.sends > 0) sends.push_back(count(m.sends));
            std::int64_t last = m.born_ns;
            for (const RunReceipt& r : m.receipts) {
                latency.push_back(ms(r.mono_ns - m.born_ns));
                hops.push_back(r.hop);
                repairs += r.repair ? 1 : 0;
                last = std::max(last, r.mono_ns);
            }
            if (m.targets > 1 && m.reached == m.targets) complete.push_back(ms(last - m.born_ns));
        }
        single("messages", count(run_.messages().size()));
        if (run_.messages().empty()) return;
        single("deliveries", count(deliveries));
        sample("coverage") = std::move(coverage);
        sample("latency_ms") = std::move(latency);
        sample("to_all_ms") = std::move(complete);
        sample("hops") = std::move(hops);
        sample("sends_per_message") = std::move(sends);
        if (finished_deliveries > 0) single("duplicates_per_delivery", count(duplicates) / count(finished_deliveries));
        single("repairs", count(repairs));
    }

    // Sends of each peer: how the traffic is distributed.
    void load() {
        if (run_.messages().empty()) return;
        std::vector<double>& sends = sample("sends_per_peer");
        for (const auto& [id, node] : run_.nodes()) {
            if (node.role == Role::peer && node.registered_ns != 0) sends.push_back(count(node.sends));
        }
    }

    void decisions() {
        std::vector<double> add;
        std::vector<double> remove;
        std::uint64_t rejected = 0;
        for (const ProposalView& p : run_.decisions()) {
            if (p.outcome == ProposalOutcome::rejected) ++rejected;
            if (p.outcome != ProposalOutcome::approved) continue;
            (p.add ? add : remove).push_back(ms(p.decided_ns - p.mono_ns));
        }
        sample("decision_add_ms") = std::move(add);
        sample("decision_remove_ms") = std::move(remove);
        single("rejected", count(rejected));
    }

    void detections() {
        std::vector<double> suspected;
        std::vector<double> removed;
        std::vector<double> known;
        std::uint64_t alive = 0;
        std::uint64_t missed = 0;
        for (const RunDetection& d : run_.detections()) {
            const bool dead = d.how == NodeState::killed || d.how == NodeState::died;
            if (d.how == NodeState::alive) ++alive;
            if (!dead) continue;
            if (d.removed_ns == 0) ++missed;
            if (d.suspected_ns != 0) suspected.push_back(ms(d.suspected_ns - d.ended_ns));
            if (d.removed_ns != 0) removed.push_back(ms(d.removed_ns - d.ended_ns));
            if (d.known_all_ns != 0) known.push_back(ms(d.known_all_ns - d.ended_ns));
        }
        sample("suspected_after_ms") = std::move(suspected);
        sample("removed_after_ms") = std::move(removed);
        sample("known_to_all_after_ms") = std::move(known);
        single("removed_alive", count(alive));
        single("dead_not_removed", count(missed));
    }

    void traffic() {
        std::vector<double> bytes;
        std::vector<double> sent;
        for (const auto& [id, node] : run_.nodes()) {
            if (!node.transport || node.role != Role::peer) continue;
            if (node.transport->bytes_sent > 0)
                bytes.push_back(count(node.transport->bytes_sent));  // none if simulated
            sent.push_back(count(node.transport->messages_sent));
        }
        sample("bytes_sent_per_peer") = std::move(bytes);
        sample("wire_messages_per_peer") = std::move(sent);
        single("duration_s", static_cast<double>(run_.end_ns() - run_.start_ns()) / 1e9);
    }

    const RunAnalysis& run_;
    std::vector<RunFigure> list_;
};

// Smirnov's limit law of the greatest distance.
double smirnov(double lambda) {
    if (lambda < 0.2) return 1;  // 1 - 10^-12; the series does not converge here
    double p = 0;
    for (int k = 1; k <= 100; ++k) {
        const double term = 2 * (k % 2 == 1 ? 1 : -1) * std::exp(-2 * lambda * lambda * k * k);
        p += term;
        if (std::abs(term) < 1e-10) break;
    }
    return std::clamp(p, 0.0, 1.0);
}

const RunFigure* find_figure(const std::vector<RunFigure>& figures, const std::string& name) {
    const auto at = std::find_if(figures.begin(), figures.end(), [&](const RunFigure& f) { return f.name == name; });
    return at == figures.end() ? nullptr : &*at;
}

std::string verdict(const RunFigure& a, const RunFigure& b) {
    if (a.single) {
        const double x = a.samples.front();
        const double y = b.samples.front();
        return std::abs(x - y) <= 0.05 * std::max(std::abs(x), std::abs(y)) ? "" : "differs";
    }
    const double p = ks_p_value(a.samples, b.samples);
    char text[48];
    std::snprintf(text, sizeof text, "differs (p = %.2g)", p);
    return p < 0.01 ? text : "";
}

std::string percent(double from, double to) {
    if (from == 0) return to == 0 ? "0" : "";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", 100 * (to - from) / from);
    return text;
}

void add_compared(Table& table, const std::string& name, double a, double b, const std::string& says) {
    table.add({{name},
               {figure_text(a)},
               {figure_text(b)},
               {percent(a, b)},
               {says, "", says.empty() ? Style::plain : Style::yellow}});
}

}  // namespace

std::string figure_text(double value) {
    char text[40];
    const double size = std::abs(value);
    const int decimals = value == std::floor(value) ? 0 : size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4;
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

Summary summarize(std::vector<double> samples) {
    Summary s;
    s.n = samples.size();
    if (samples.empty()) return s;
    std::sort(samples.begin(), samples.end());
    const Spread spread = spread_of(samples);
    s.mean = spread.mean;
    s.deviation = spread.deviation;
    s.half_width = spread.half_width;
    s.p50 = quantile(samples, 0.5);
    s.p95 = quantile(samples, 0.95);
    s.p99 = quantile(samples, 0.99);
    s.max = samples.back();
    return s;
}

std::vector<RunFigure> figures_of(const RunAnalysis& run) { return Figures(run).all(); }

Table figure_table(const std::vector<RunFigure>& figures) {
    Table table({{"figure"},
                 {"n", true},
                 {"mean", true},
                 {"sd", true},
                 {"p50", true},
                 {"p95", true},
                 {"p99", true},
                 {"max", true}});
    for (const RunFigure& figure : figures) {
        const Summary s = summarize(figure.samples);
        if (figure.single) {
            table.add({{figure.name}, {}, {figure_text(s.mean)}, {}, {}, {}, {}, {}});
            continue;
        }
        table.add({{figure.name},
                   {std::to_string(s.n)},
                   {figure_text(s.mean)},
                   {figure_text(s.deviation)},
                   {figure_text(s.p50)},
                   {figure_text(s.p95)},
                   {figure_text(s.p99)},
                   {figure_text(s.max)}});
    }
    return table;
}

std::string summary_json(const std::vector<RunFigure>& figures) {
    std::string out = "{";
    for (const RunFigure& figure : figures) {
        const Summary s = summarize(figure.samples);
        out += (out.size() > 1 ? ",\n " : "\n ") + json_string(figure.name) + ": ";
        char text[320];
        if (figure.single) {
            std::snprintf(text, sizeof text, "%.9g", s.mean);
        } else {
            std::snprintf(text, sizeof text,
                          "{\"n\": %zu, \"mean\": %.9g, \"sd\": %.9g, \"ci95\": [%.9g, %.9g], \"p50\": %.9g, "
                          "\"p95\": %.9g, \"p99\": %.9g, \"max\": %.9g}",
                          s.n, s.mean, s.deviation, s.mean - s.half_width, s.mean + s.half_width, s.p50, s.p95, s.p99,
                          s.max);
        }
        out += text;
    }
    return out + "\n}\n";
}

double ks_p_value(std::vector<double> a, std::vector<double> b) {
    constexpr std::size_t least = 4;
    if (a.size() < least || b.size() < least) return 1;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    double distance = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const double at = std::min(a[i], b[j]);
        while (i < a.size() && a[i] <= at) ++i;
        while (j < b.size() && b[j] <= at) ++j;
        distance = std::max(distance, std::abs(count(i) / count(a.size()) - count(j) / count(b.size())));
    }
    const double n = std::sqrt(count(a.size()) * count(b.size()) / count(a.size() + b.size()));
    return smirnov((n + 0.12 + 0.11 / n) * distance);  // Stephens' correction for small samples
}

Table compare_table(const std::vector<RunFigure>& a, const std::vector<RunFigure>& b) {
    Table table({{"figure"}, {"first", true}, {"second", true}, {"change_percent", true}, {"verdict"}});
    for (const RunFigure& one : a) {
        const RunFigure* other = find_figure(b, one.name);
        if (other == nullptr) {
            table.add({{one.name}, {figure_text(summarize(one.samples).mean)}, {}, {}, {"only in the first"}});
            continue;
        }
        const Summary x = summarize(one.samples);
        const Summary y = summarize(other->samples);
        const std::string says = verdict(one, *other);
        if (one.single) {
            add_compared(table, one.name, x.mean, y.mean, says);
            continue;
        }
        add_compared(table, one.name + " n", count(x.n), count(y.n), "");
        add_compared(table, one.name + " mean", x.mean, y.mean, says);
        add_compared(table, one.name + " p50", x.p50, y.p50, "");
        add_compared(table, one.name + " p95", x.p95, y.p95, "");
        add_compared(table, one.name + " max", x.max, y.max, "");
    }
    for (const RunFigure& other : b) {
        if (find_figure(a, other.name) != nullptr) continue;
        table.add({{other.name}, {}, {figure_text(summarize(other.samples).mean)}, {}, {"only in the second"}});
    }
    return table;
}

}  // namespace gossip
