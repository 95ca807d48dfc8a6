#pragma once
// A run in the forms of other tools. Each is a pure function of what the event log says.

#include "manager/runs/run_figures.hpp"

#include <string>
#include <vector>

namespace gossip {

struct ExportedFile {
    std::string name;  // within the run's folder
    std::string text;
};

// messages.csv receipts.csv decisions.csv detections.csv nodes.csv (RFC 4180) and summary.json
[[nodiscard]] std::vector<ExportedFile> export_csv(const RunAnalysis& run, const std::string& trace_hash);
// The overlay when the network was closed, for Graphviz (neato, sfdp) and for Gephi, igraph, NetworkX.
[[nodiscard]] std::string export_dot(const RunAnalysis& run);
[[nodiscard]] std::string export_graphml(const RunAnalysis& run);
// The trace event format that ui.perfetto.dev and chrome://tracing open: a track a node, an arrow a hop.
[[nodiscard]] std::string export_perfetto(const RunAnalysis& run);

// The page of manager/web as one file with the run in it; it loads nothing else. The error names the missing file.
struct HtmlPage {
    std::string text;
};
[[nodiscard]] std::variant<HtmlPage, std::string> export_html(const std::string& folder, const RunAnalysis& run);

// Both ends among the run's peers; each once. `both`: both ends held it.
struct RunLink {
    NodeId a{};
    NodeId b{};
    bool both{false};
};
[[nodiscard]] std::vector<RunLink> links_of(const RunAnalysis& run);

}  // namespace gossip
