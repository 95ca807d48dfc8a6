#pragma once
// The graph of overlay.file: an edge list, a GraphML or a GML file, told apart by how the text begins.
//
// Which vertex is which peer: vertices are numbered in the order of the file's nodes; those of an edge list, which has
// no nodes, in ascending order when all are named by whole numbers, else in the order in which they first appear.

#include "node/config/graph_builder.hpp"

#include <string>
#include <string_view>

namespace gossip {

[[nodiscard]] ReadGraph parse_graph(const std::string& name, std::string_view text);
[[nodiscard]] ReadGraph read_graph_file(const std::string& path);

// A graph as one value, for a configuration that is saved or sent to another host: "3: 0-1 1-2", the number of
// vertices and the edges. The error names neither key nor place.
[[nodiscard]] std::string graph_text(const GivenLinks& links);
[[nodiscard]] ReadGraph parse_graph_text(std::string_view text);

}  // namespace gossip
