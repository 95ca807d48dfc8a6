#include "sim/checks/violation.hpp"

#include "protocol/names.hpp"

#include <cstdio>

namespace gossip::sim {

std::string to_string(const Violation& violation) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.6f", in_seconds(violation.at.time_since_epoch()));
    std::string text = violation.invariant + " at " + seconds + " s [";
    for (std::size_t i = 0; i < violation.nodes.size(); ++i) {
        text += (i > 0 ? " " : "") + node_name(violation.nodes[i]);
    }
    return text + "]: " + violation.text;
}

}  // namespace gossip::sim
