// Edge lists, as of SNAP, KONECT and networkx: one edge a line.

#include "node/config/graph_builder.hpp"

#include <algorithm>

namespace gossip {

// "a b", "a,b" or "a;b"; what follows, such as a weight, is not read.
void read_edge_list(std::string_view text, GraphBuilder& builder) {
    constexpr std::string_view separators = " \t\r\f\v,;";
    for (std::size_t number = 1; !text.empty() && !builder.failed(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find_first_of("#%"));
        builder.at_line(number);
        std::string_view names[2];
        for (std::string_view& name : names) {
            line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
            name = line.substr(0, line.find_first_of(separators));
            line.remove_prefix(name.size());
        }
        if (names[0].empty()) continue;
        if (names[1].empty()) {
            builder.fail("one node only, " + quoted_name(names[0]) + "; an edge is two of them, as in \"0 1\"");
        } else {
            builder.edge(names[0], names[1]);
        }
    }
}

}  // namespace gossip
