#include "node/config/graph_builder.hpp"

#include "node/base/escape.hpp"

#include <algorithm>
#include <charconv>

namespace gossip {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string quoted_name(std::string_view name) { return "\"" + escape_text(std::string(name.substr(0, 60))) + "\""; }

void GraphBuilder::fail_at(std::size_t line, const std::string& text) {
    if (problem_.empty()) problem_ = file_ + ":" + std::to_string(line) + ": " + text;
}

void GraphBuilder::node(std::string_view name) {
    if (failed()) return;
    const auto number = static_cast<std::uint32_t>(names_.size());
    if (!vertices_.emplace(std::string(name), number).second) {
        return fail("node " + quoted_name(name) + " is there twice; give each node an id of its own");
    }
    names_.emplace_back(name);
    if (names_.size() > most_vertices)
        fail("more than " + std::to_string(most_vertices) + " nodes; use a smaller graph");
}

void GraphBuilder::edge(std::string_view from, std::string_view to) {
    if (failed()) return;
    if (from == to) {
        return fail("an edge from " + quoted_name(from) + " to itself; a peer has no link to itself, delete it");
    }
    edges_.push_back({std::string(from), std::string(to), line_});
    if (edges_.size() > most_edges) fail("more than " + std::to_string(most_edges) + " edges; use a smaller graph");
}

void GraphBuilder::add_missing() {
    for (const NamedEdge& e : edges_) {
        at_line(e.line);
        for (const std::string& name : {e.from, e.to}) {
            if (!vertices_.contains(name)) node(name);
        }
    }
}

void GraphBuilder::sort_numbers() {
    const auto is_number = [](const std::string& name) { return whole_number(name).has_value(); };
    if (!std::all_of(names_.begin(), names_.end(), is_number)) return;
    std::sort(names_.begin(), names_.end(),
              [](const std::string& a, const std::string& b) { return *whole_number(a) < *whole_number(b); });
    for (std::uint32_t i = 0; i < names_.size(); ++i) vertices_.at(names_[i]) = i;
}

std::optional<std::uint32_t> GraphBuilder::vertex(const std::string& name, std::size_t line) {
    const auto at = vertices_.find(name);
    if (at != vertices_.end()) return at->second;
    fail_at(line,
            "an edge names node " + quoted_name(name) + ", which is not in the file; add the node or delete the edge");
    return std::nullopt;
}

ReadGraph GraphBuilder::finish(bool edges_make_nodes) {
    if (edges_make_nodes) {
        add_missing();
        sort_numbers();
    }
    std::vector<GivenLinks::Edge> edges;
    for (const NamedEdge& e : edges_) {
        const auto from = vertex(e.from, e.line);
        const auto to = vertex(e.to, e.line);
        if (from && to) edges.emplace_back(*from, *to);
    }
    if (problem_.empty() && names_.empty()) {
        problem_ = file_ + ": holds no graph; write an edge a line, as in \"0 1\", or a GraphML or GML file";
    }
    if (!problem_.empty()) return problem_;
    return std::make_shared<const GivenLinks>(static_cast<std::uint32_t>(names_.size()), edges);
}

}  // namespace gossip
