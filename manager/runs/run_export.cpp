#include "manager/runs/run_export.hpp"

#include "manager/base/csv.hpp"
#include "manager/base/json_object.hpp"
#include "manager/view/trace_view.hpp"
#include "node/base/value_text.hpp"
#include "node/transport/transport_counters.hpp"

#include <algorithm>
#include <cstdio>

namespace gossip {
namespace {

// ---------------------------------------------------------------- tables

class Csv {
public:
    explicit Csv(std::vector<std::string> heading) : out_(csv_line(heading)) {}
    template <class... Fields>
    void row(const Fields&... fields) {
        out_ += csv_line({std::string(fields)...});
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    std::string out_;
};

// Empty where the step was not seen.
std::string since(MaybeNs ns, std::int64_t from) { return ns ? milliseconds_text(*ns - from, 6) : ""; }

// Nothing while it is open.
MaybeNs decided(const ProposalView& p) {
    return p.outcome == ProposalOutcome::open ? std::nullopt : MaybeNs(p.decided_ns);
}

std::string_view outcome_name(ProposalOutcome outcome) {
    constexpr std::string_view names[] = {"open", "approved", "rejected", "unknown"};
    return names[static_cast<std::size_t>(outcome)];
}

std::string messages_csv(const RunAnalysis& run) {
    Csv csv({"message", "origin", "typed", "at_ms", "targets", "reached", "coverage", "deliveries", "duplicates",
             "sends", "last_after_ms", "hops_max", "text"});
    for (const RunMessage& m : run.messages()) {
        std::int64_t last = m.born_ns;
        std::uint32_t hops = 0;
        for (const RunReceipt& r : m.receipts) {
            last = std::max(last, r.mono_ns);
            hops = std::max(hops, r.hop);
        }
        char coverage[24];
        std::snprintf(coverage, sizeof coverage, "%.6f", m.coverage());
        csv.row(m.id, node_name(m.origin), std::string(m.typed ? "1" : "0"), since(m.born_ns, run.start_ns()),
                std::to_string(m.targets), std::to_string(m.reached), std::string(coverage),
                std::to_string(m.receipts.size()), std::to_string(m.duplicates), std::to_string(m.sends),
                milliseconds_text(last - m.born_ns, 6), std::to_string(hops), m.text);
    }
    return csv.take();
}

std::string receipts_csv(const RunAnalysis& run) {
    Csv csv({"message", "node", "from", "hop", "after_ms", "how"});
    for (const RunMessage& m : run.messages()) {
        for (const RunReceipt& r : m.receipts) {
            csv.row(m.id, node_name(r.node), node_name(r.from), std::to_string(r.hop),
                    milliseconds_text(r.mono_ns - m.born_ns, 6), std::string(r.repair ? "repair" : "push"));
        }
    }
    return csv.take();
}

std::string decisions_csv(const RunAnalysis& run) {
    Csv csv({"at_ms", "kind", "peer", "proposer", "yes", "no", "need", "outcome", "epoch", "took_ms", "reason"});
    for (const ProposalView& p : run.decisions()) {
        csv.row(since(p.mono_ns, run.start_ns()), std::string(p.add ? "add" : "remove"), node_name(p.subject),
                p.proposer == NodeId::none ? std::string() : node_name(p.proposer), std::to_string(p.count(true)),
                std::to_string(p.count(false)), std::to_string(p.need), std::string(outcome_name(p.outcome)),
                std::to_string(p.epoch), since(decided(p), p.mono_ns), p.reason);
    }
    return csv.take();
}

std::string detections_csv(const RunAnalysis& run) {
    Csv csv({"node", "how", "at_ms", "suspected_after_ms", "consensus_after_ms", "reported_after_ms",
             "proposed_after_ms", "removed_after_ms", "removed_all_after_ms", "known_all_after_ms", "epoch"});
    for (const RunDetection& d : run.detections()) {
        csv.row(node_name(d.node), std::string(state_name(d.how)), since(d.ended_ns, run.start_ns()),
                since(d.suspected_ns, d.ended_ns), since(d.consensus_ns, d.ended_ns), since(d.reported_ns, d.ended_ns),
                since(d.proposed_ns, d.ended_ns), since(d.removed_ns, d.ended_ns), since(d.removed_all_ns, d.ended_ns),
                since(d.known_all_ns, d.ended_ns), std::to_string(d.epoch));
    }
    return csv.take();
}

std::string nodes_csv(const RunAnalysis& run) {
    Csv csv({"node", "role", "state", "started_ms", "registered_ms", "ended_ms", "links", "links_most", "said",
             "received", "duplicates", "sends", "wire_messages_sent", "bytes_sent", "bytes_received"});
    for (const auto& [id, n] : run.nodes()) {
        const TransportCounters t = n.transport.value_or(TransportCounters{});
        const auto if_reported = [&](std::uint64_t value) {
            return n.transport ? std::to_string(value) : std::string();
        };
        csv.row(node_name(id), std::string(role_name(n.role)), std::string(state_name(n.state)),
                since(n.started_ns, run.start_ns()), since(n.registered_ns, run.start_ns()),
                since(n.ended_ns, run.start_ns()), std::to_string(n.links.size()), std::to_string(n.degree),
                std::to_string(n.said), std::to_string(n.received), std::to_string(n.duplicates),
                std::to_string(n.sends), if_reported(t.messages_sent), if_reported(t.bytes_sent),
                if_reported(t.bytes_received));
    }
    return csv.take();
}

// ---------------------------------------------------------------- traces

double micros(std::int64_t ns) { return static_cast<double>(ns) / 1e3; }

// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: the trace event format.
class Perfetto {
public:
    explicit Perfetto(const RunAnalysis& run) : run_(run) {
        for (const auto& [id, node] : run.nodes()) tracks_.emplace(id, tracks_.size() + 1);
    }

    std::string all() {
        for (const auto& [id, node] : run_.nodes()) add_node(node);
        for (const RunMessage& m : run_.messages()) add_message(m);
        for (const RunDetection& d : run_.detections()) add_detection(d);
        for (const ProposalView& p : run_.decisions()) add_decision(p);
        for (const ManagerNote& note : run_.view().notes()) add(event("i", "fault: " + note.text, 0, note.mono_ns));
        return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + out_ + "\n]}\n";
    }

private:
    JsonObject event(std::string_view phase, const std::string& name, std::size_t track, std::int64_t ns) const {
        char at[40];
        std::snprintf(at, sizeof at, "%.3f", micros(ns - run_.start_ns()));
        JsonObject object;
        object.text("ph", phase).text("name", name).count("pid", 1).count("tid", track).raw("ts", at);
        return object;
    }
    void add(const JsonObject& object) { out_ += (out_.empty() ? "" : ",\n") + object.done(); }
    void slice(const std::string& name, std::string_view category, NodeId node, std::int64_t from, std::int64_t to) {
        char length[40];
        std::snprintf(length, sizeof length, "%.3f", std::max(1.0, micros(to - from)));
        add(event("X", name, tracks_[node], from).text("cat", category).raw("dur", length));
    }

    void add_node(const RunNode& node) {
        const std::string name = std::string(role_name(node.role)) + " " + short_name(node.id);
        add(event("M", "thread_name", tracks_[node.id], run_.start_ns())
                .raw("args", JsonObject().text("name", name).done()));
        const std::int64_t end = node.ended_ns.value_or(run_.end_ns());
        slice(std::string(state_name(node.state)), "life", node.id,
              std::max(node.started_ns.value_or(run_.start_ns()), run_.start_ns()), end);
    }

    // An arrow from the sender to the receiver of each hop.
    void add_message(const RunMessage& m) {
        std::map<NodeId, std::int64_t> had{{m.origin, m.born_ns}};
        for (const RunReceipt& r : m.receipts) had.emplace(r.node, r.mono_ns);
        if (m.begun) slice("says " + m.id, "gossip", m.origin, m.born_ns, m.born_ns);
        for (const RunReceipt& r : m.receipts) {
            slice("hop " + std::to_string(r.hop) + " of " + m.id, "gossip", r.node, r.mono_ns, r.mono_ns);
            const auto sender = had.find(r.from);
            if (sender == had.end()) continue;
            const std::string name = r.repair ? "repair" : "push";
            add(event("s", name, tracks_[r.from], sender->second).text("cat", "gossip").count("id", ++arrows_));
            add(event("f", name, tracks_[r.node], r.mono_ns)
                    .text("cat", "gossip")
                    .text("bp", "e")
                    .count("id", arrows_));
        }
    }

    void add_detection(const RunDetection& d) {
        const std::int64_t end = d.removed_ns.value_or(run_.end_ns());
        slice(std::string(state_name(d.how)) + ", not removed yet", "detection", d.node, d.ended_ns, end);
        const std::pair<const char*, MaybeNs> steps[] = {{"suspected", d.suspected_ns},
                                                         {"witnesses agree", d.consensus_ns},
                                                         {"reported", d.reported_ns},
                                                         {"removed", d.removed_ns},
                                                         {"known to all", d.known_all_ns}};
        for (const auto& [name, at] : steps) {
            if (at) add(event("i", name, tracks_[d.node], *at).text("cat", "detection").text("s", "t"));
        }
    }

    void add_decision(const ProposalView& p) {
        if (p.proposer == NodeId::none || !decided(p)) return;
        const std::string what = (p.add ? "add " : "remove ") + short_name(p.subject);
        slice(what + ": " + std::string(outcome_name(p.outcome)), "decision", p.proposer, p.mono_ns, p.decided_ns);
    }

    const RunAnalysis& run_;
    std::map<NodeId, std::size_t> tracks_;
    std::size_t arrows_{0};
    std::string out_;
};

std::string xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        if (c == '<') out += "&lt;";
        if (c == '"') out += "&quot;";
        if (c != '&' && c != '<' && c != '"') out += c;
    }
    return out;
}

std::size_t degree_of(const RunAnalysis& run, NodeId id) { return run.nodes().at(id).links.size(); }

bool in_graph(const RunNode& node) { return node.role == Role::peer && node.state != NodeState::elsewhere; }

}  // namespace

std::vector<RunLink> links_of(const RunAnalysis& run) {
    std::map<std::pair<NodeId, NodeId>, int> ends;
    for (const auto& [id, node] : run.nodes()) {
        if (!in_graph(node) || !is_running(node.state)) continue;
        for (const NodeId other : node.links) {
            if (run.nodes().contains(other)) ++ends[{std::min(id, other), std::max(id, other)}];
        }
    }
    std::vector<RunLink> links;
    for (const auto& [pair, count] : ends) links.push_back({pair.first, pair.second, count == 2});
    return links;
}

std::vector<ExportedFile> export_csv(const RunAnalysis& run, const std::string& trace_hash) {
    return {{"messages.csv", messages_csv(run)},
            {"receipts.csv", receipts_csv(run)},
            {"decisions.csv", decisions_csv(run)},
            {"detections.csv", detections_csv(run)},
            {"nodes.csv", nodes_csv(run)},
            {"summary.json", summary_json(figures_of(run), run.began(), trace_hash)}};
}

std::string export_dot(const RunAnalysis& run) {
    std::string out = "graph overlay {\n  layout=sfdp; overlap=prism; node [shape=circle, style=filled];\n";
    for (const auto& [id, node] : run.nodes()) {
        if (!in_graph(node)) continue;
        const char* color = node.state == NodeState::alive ? "#9fd8c4" : "#e0b8a0";
        out += "  \"" + node_name(id) + "\" [label=\"" + short_name(id) + "\", fillcolor=\"" + color +
               "\", tooltip=\"" + std::string(state_name(node.state)) + ", " + std::to_string(degree_of(run, id)) +
               " links\"];\n";
    }
    for (const RunLink& link : links_of(run)) {
        out += "  \"" + node_name(link.a) + "\" -- \"" + node_name(link.b) + "\"" +
               (link.both ? "" : " [style=dashed]") + ";\n";
    }
    return out + "}\n";
}

std::string export_graphml(const RunAnalysis& run) {
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
        "  <key id=\"state\" for=\"node\" attr.name=\"state\" attr.type=\"string\"/>\n"
        "  <key id=\"degree\" for=\"node\" attr.name=\"degree\" attr.type=\"int\"/>\n"
        "  <key id=\"sends\" for=\"node\" attr.name=\"sends\" attr.type=\"long\"/>\n"
        "  <key id=\"both\" for=\"edge\" attr.name=\"both_ends\" attr.type=\"boolean\"/>\n"
        "  <graph id=\"overlay\" edgedefault=\"undirected\">\n";
    for (const auto& [id, node] : run.nodes()) {
        if (!in_graph(node)) continue;
        out += "    <node id=\"" + xml(node_name(id)) + "\"><data key=\"state\">" +
               std::string(state_name(node.state)) + "</data><data key=\"degree\">" +
               std::to_string(degree_of(run, id)) + "</data><data key=\"sends\">" + std::to_string(node.sends) +
               "</data></node>\n";
    }
    for (const RunLink& link : links_of(run)) {
        out += "    <edge source=\"" + xml(node_name(link.a)) + "\" target=\"" + xml(node_name(link.b)) +
               "\"><data key=\"both\">" + (link.both ? "true" : "false") + "</data></edge>\n";
    }
    return out + "  </graph>\n</graphml>\n";
}

std::string export_perfetto(const RunAnalysis& run) { return Perfetto(run).all(); }

}  // namespace gossip
