#include "node/config/graph_file.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace gossip {
namespace {

enum class Form : std::uint8_t { edge_list, gml, graphml };

// GraphML begins with a tag; GML with a key, a value, or "graph [", possibly after comments.
Form form_of(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) break;
        text.remove_prefix(first);
        if (text.front() == '<') return Form::graphml;
        if (text.front() != '#') {
            const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n["));
            const bool gml = word == "graph" || word == "Creator" || word == "Version" || word == "comment";
            return gml ? Form::gml : Form::edge_list;
        }
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
    return Form::edge_list;
}

}  // namespace

// ---------------------------------------------------------------- files

ReadGraph parse_graph(const std::string& name, std::string_view text) {
    GraphBuilder builder(name);
    const Form form = form_of(text);
    if (text.find('\0') != std::string_view::npos) {
        builder.fail("is no text; an edge list, a GraphML or a GML file is needed");
    } else if (form == Form::graphml) {
        read_graphml(text, builder);
    } else if (form == Form::gml) {
        read_gml(text, builder);
    } else {
        read_edge_list(text, builder);
    }
    return builder.finish(form == Form::edge_list);
}

ReadGraph read_graph_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes text;
    if (!file || !read_all(file.get(), text)) return path + ": cannot read it: " + error_text(errno);
    return parse_graph(path, text);
}

// ---------------------------------------------------------------- one value

std::string graph_text(const GivenLinks& links) {
    std::string text = std::to_string(links.vertices()) + ":";
    for (std::uint32_t vertex = 0; vertex < links.vertices(); ++vertex) {
        for (const std::uint32_t other : links.of(vertex)) {
            if (other > vertex) text += " " + std::to_string(vertex) + "-" + std::to_string(other);
        }
    }
    return text;
}

ReadGraph parse_graph_text(std::string_view text) {
    const std::string form = R"(must be "VERTICES: A-B C-D ...", as in "3: 0-1 1-2")";
    const std::size_t colon = text.find(':');
    const auto vertices = whole_number(text.substr(0, colon));
    if (colon == std::string_view::npos || !vertices || *vertices < 1) return form;
    if (*vertices > GraphBuilder::most_vertices) {
        return "must have at most " + std::to_string(GraphBuilder::most_vertices) + " vertices";
    }
    std::vector<GivenLinks::Edge> edges;
    text.remove_prefix(colon + 1);
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) break;
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const std::size_t dash = word.find('-');
        const auto from = whole_number(word.substr(0, dash));
        const auto to = dash == std::string_view::npos ? std::nullopt : whole_number(word.substr(dash + 1));
        if (!from || !to) return form + "; " + quoted_name(word) + " is not an edge";
        if (*from == *to || std::max(*from, *to) >= *vertices) {
            return "has an edge " + quoted_name(word) + " that does not join two of its " + std::to_string(*vertices) +
                   " vertices, 0 to " + std::to_string(*vertices - 1);
        }
        edges.emplace_back(static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(*to));
        if (edges.size() > GraphBuilder::most_edges) {
            return "must have at most " + std::to_string(GraphBuilder::most_edges) + " edges";
        }
    }
    return std::make_shared<const GivenLinks>(static_cast<std::uint32_t>(*vertices), edges);
}

}  // namespace gossip
