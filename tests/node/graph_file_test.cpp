#include "node/config/graph_file.hpp"

#include "node/config/config_file.hpp"
#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace gossip;

namespace {

// "3: 0-1 1-2", or the error.
std::string read(std::string_view text) {
    const ReadGraph result = parse_graph("g", text);
    if (const auto* error = std::get_if<std::string>(&result)) return *error;
    return graph_text(*std::get<std::shared_ptr<const GivenLinks>>(result));
}

std::string value(std::string_view text) {
    const ReadGraph result = parse_graph_text(text);
    if (const auto* error = std::get_if<std::string>(&result)) return *error;
    return graph_text(*std::get<std::shared_ptr<const GivenLinks>>(result));
}

}  // namespace

TEST_CASE("an edge list: numbers ascending, other names as they come; comments, weights and both directions") {
    CHECK(read("0 1\n1 2\n") == "3: 0-1 1-2");
    CHECK(read("30 7\n7 100\n") == "3: 0-1 0-2");
    CHECK(read("# SNAP\n% Matrix Market\n\n0\t1 0.5\n1,0\n1;2 # last\r\n") == "3: 0-1 1-2");
    CHECK(read("b a\na 10\n") == "3: 0-1 1-2");
    CHECK(read("1 2 {'weight': 3}") == "2: 0-1");
}

TEST_CASE("GML: nodes in the order of the file, whatever their ids and labels") {
    CHECK(read(R"(Creator "x"
graph [
  directed 0
  node [ id 5 label "five [" graphics [ x 1.5 y -2 id 9 ] ]
  node [ id 2 label "" ]
  node [ id 9 ]
  # none
  edge [ source 2 target 5 value 1 ]
  edge [ target 9 source 5 ]
])") == "3: 0-1 0-2");
    CHECK(read("graph [ node [ id 1 ] node [ id 2 ] ]") == "2:");
}

TEST_CASE("GraphML: nodes and edges, whatever else is in the file") {
    CHECK(read(R"(<?xml version="1.0"?>
<!-- <node id="not one"/> -->
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="x > y" attr.type="string"/>
  <graph edgedefault='undirected'>
    <node id='a'><data key="d0"><![CDATA[<edge source="a" target="a"/>]]></data></node>
    <node id="b"/>
    <g:node id="c" />
    <edge id="e" source="a" target = "b"/>
    <edge target="c" source="b"></edge>
  </graph>
</graphml>)") == "3: 0-1 1-2");
}

TEST_CASE("what is wrong with a graph is said with its line and what to do") {
    const std::vector<std::pair<std::string_view, std::string_view>> cases{
        {"", "g: holds no graph; write an edge a line"},
        {"# nothing\n", "g: holds no graph"},
        {"0 1\n\n2\n", "g:3: one node only, \"2\"; an edge is two of them"},
        {"0 1\n1 1\n", "g:2: an edge from \"1\" to itself"},
        {std::string_view("0 1\0", 4), "g:1: is no text"},
        {"graph [\n node [ id 1 ]\n node [ id 1 ]\n]", "g:3: node \"1\" is there twice"},
        {"graph [\n node [ id 1 ]\n edge [ source 1\n target 2 ]\n]", "g:3: an edge names node \"2\", which is not"},
        {"graph [\n node [ label \"a\" ]\n]", "g:2: a node without id"},
        {"graph [\n node [ id 1 ]\n edge [ source 1 ] ]", "g:3: an edge without source or target"},
        {"graph [\n node [ id 1 ]\n", "g:3: ends within \"graph [\""},
        {"graph [ ] ]", "g:1: a ] too many"},
        {"graph [ [ ] ]", "g:1: a [ without a key"},
        {"graph [\n label \"a ]", "g:2: a text that begins with \" and does not end"},
        {"graph [\n directed ]", "g:2: key directed has no value"},
        {"Creator \"x\"\n", "g:2: has no graph [ … ] in it"},
        {"<graphml>\n</graphml>", "g:2: has no <graph> in it"},
        {"<graph>\n<node/>", "g:2: a node without id"},
        {"<graph>\n<node id='a'/>\n<edge source='a'/>", "g:3: an edge without source or target"},
        {"<graph>\n<node id='a'/>\n<edge source='a' target='b'/>", "g:3: an edge names node \"b\""},
        {"<graph>\n<node id='a'", "g:2: a tag that does not end; close it with >"},
        {"<graph>\n<!-- <node", "g:2: a comment that does not end"},
        {"<graph>\n<hyperedge/>", "g:2: a hyperedge; a link has two ends"},
    };
    for (const auto& [text, said] : cases) {
        CAPTURE(text);
        const std::string error = read(text);
        CAPTURE(error);
        CHECK(error.starts_with(said));
    }
    std::string lists = "graph [";
    for (int i = 0; i < 100; ++i) lists += " a [";
    CHECK(read(lists) == "g:1: lists are nested too deeply");
}

TEST_CASE("a graph of more vertices than there are ports is refused while it is read") {
    std::string text;
    for (int i = 0; i < 50'001; ++i) text += "0 " + std::to_string(i + 1) + "\n";
    CHECK(read(text).starts_with("g:50000: more than 50000 nodes"));
}

TEST_CASE("a graph as one value comes back, and a bad one is refused") {
    CHECK(value("3: 0-1 1-2") == "3: 0-1 1-2");
    CHECK(value("4:  2-1") == "4: 1-2");
    CHECK(value("2:") == "2:");
    CHECK(value("0-1").starts_with("must be \"VERTICES: A-B"));
    CHECK(value("x: 0-1").starts_with("must be"));
    CHECK(value("0:").starts_with("must be"));
    CHECK(value("3: 0-1 12").find("\"12\" is not an edge") != std::string::npos);
    CHECK(value("3: 0-1, 1-2").find("\"0-1,\" is not an edge") != std::string::npos);
    CHECK(value("3: 0-3").starts_with("has an edge \"0-3\" that does not join two of its 3 vertices"));
    CHECK(value("3: 1-1").starts_with("has an edge \"1-1\""));
    CHECK(value("50001:").starts_with("must have at most 50000 vertices"));
}

TEST_CASE("overlay.file: read where it is named, kept by value, and needed by strategy file") {
    TempFolder folder;
    const std::string graph = folder.file("g.txt");
    std::ofstream(graph) << "0 1\n1 2\n";
    const auto load = [](std::vector<std::string> sets) {
        ConfigSources sources;
        sources.overrides = std::move(sets);
        return load_config(sources);
    };
    const auto loaded = load({"overlay.strategy=file", "overlay.file=" + graph, "ports.peers=7100-7199"});
    REQUIRE(std::holds_alternative<LoadedConfig>(loaded));
    const OverlayConfig& overlay = std::get<LoadedConfig>(loaded).config.overlay;
    CHECK(overlay.strategy == find_overlay("file"));
    CHECK(overlay.given->edges() == 2);
    CHECK(overlay.first_port == 7100);
    const std::string toml = to_toml(std::get<LoadedConfig>(loaded));
    CHECK(toml.find("strategy = \"file\"\nfile = \"\"\nedges = \"3: 0-1 1-2\"\n") != std::string::npos);
    const std::string kept = folder.file("kept.toml");
    std::ofstream(kept) << toml;
    ConfigSources again;
    again.files.push_back(kept);
    const auto reread = load_config(again);
    REQUIRE(std::holds_alternative<LoadedConfig>(reread));
    CHECK(graph_text(*std::get<LoadedConfig>(reread).config.overlay.given) == "3: 0-1 1-2");

    const auto error = [&](std::vector<std::string> sets) { return std::get<std::string>(load(std::move(sets))); };
    CHECK(error({"overlay.strategy=file"}).find("overlay.file: strategy \"file\" needs a graph") != std::string::npos);
    std::ofstream(graph) << "0 1\n5\n";
    CHECK(error({"overlay.file=" + graph})
              .ends_with("g.txt:2: one node only, \"5\"; an edge is two of them, as in \"0 1\""));
    CHECK(error({"overlay.file=/nonexistent/g"}).find("/nonexistent/g: cannot read it: ") != std::string::npos);
    CHECK(error({"overlay.edges=0-1"}).find("overlay.edges: must be \"VERTICES: A-B") != std::string::npos);
    CHECK(error({"overlay.strategy=star"}).find("\"zipf-half\", \"zipf-log\", \"tophalf\", \"rank2\", \"file\"") !=
          std::string::npos);
}
