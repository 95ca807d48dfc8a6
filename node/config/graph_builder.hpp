#pragma once
// What the readers of graphs share: vertices by name, and edges with the line that they are on.

#include "protocol/overlay/given_links.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

// The links, or one line that begins with name:line and says what was wrong and what to do.
using ReadGraph = std::variant<std::shared_ptr<const GivenLinks>, std::string>;

[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);
// In quotes, shortened for an error message.
[[nodiscard]] std::string quoted_name(std::string_view name);

class GraphBuilder {
public:
    static constexpr std::size_t most_vertices = 50'000;
    static constexpr std::size_t most_edges = 1'000'000;

    explicit GraphBuilder(std::string file) : file_(std::move(file)) {}

    // The line that the reader is at; errors name it.
    void at_line(std::size_t line) { line_ = line; }
    void fail(const std::string& text) { fail_at(line_, text); }
    [[nodiscard]] bool failed() const { return !problem_.empty(); }

    // Adds a node of the file. In a format without nodes, finish(true) adds those that edges name.
    void node(std::string_view name);
    void edge(std::string_view from, std::string_view to);
    // Orders the vertices by their numbers when all names are numbers.
    void sort_numbers();

    [[nodiscard]] ReadGraph finish(bool edges_make_nodes);

private:
    struct NamedEdge {
        std::string from;
        std::string to;
        std::size_t line;
    };
    void fail_at(std::size_t line, const std::string& text);
    std::optional<std::uint32_t> vertex(const std::string& name, std::size_t line);
    void add_missing();

    std::string file_;
    std::size_t line_{1};
    std::string problem_;
    std::vector<std::string> names_;  // by vertex
    std::map<std::string, std::uint32_t, std::less<>> vertices_;
    std::vector<NamedEdge> edges_;
};

// Each reads a text of its form into the builder.
void read_edge_list(std::string_view text, GraphBuilder& builder);
void read_gml(std::string_view text, GraphBuilder& builder);
void read_graphml(std::string_view text, GraphBuilder& builder);

}  // namespace gossip
