#pragma once
// Checks O1-O3 of PROTOCOL.md section 7 on the links that the peers report.

#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <string>
#include <vector>

namespace gossip::sim {

using LinkMap = std::map<NodeId, std::vector<NodeId>>;  // by peer, ascending

[[nodiscard]] LinkMap live_links(const Cluster& cluster);
// O1: all nodes of the map reach each other over links among them.
[[nodiscard]] bool connected(const LinkMap& links);
// O2: a link that only one side has, as text; empty if there is none. A link to a node outside the map is one-sided.
[[nodiscard]] std::string one_sided(const LinkMap& links);
// O3: what is wrong with the links of some node, as text; empty if nothing is.
[[nodiscard]] std::string malformed(const LinkMap& links, std::uint32_t cap);

// Checks O3 at every step.
class OverlayChecker final : public Observer {
public:
    OverlayChecker(const Cluster& cluster, Alarm& alarm) : cluster_(cluster), alarm_(alarm) {}
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;

private:
    const Cluster& cluster_;
    Alarm& alarm_;
};

}  // namespace gossip::sim
