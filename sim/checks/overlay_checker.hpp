#pragma once
// O1-O3 of PROTOCOL.md section 7 over the links that the peers themselves report.

#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <string>
#include <vector>

namespace gossip::sim {

using LinkMap = std::map<NodeId, std::vector<NodeId>>;  // by peer, ascending

[[nodiscard]] LinkMap live_links(const Cluster& cluster);
// O1: every node reaches every other over links between the nodes of the map.
[[nodiscard]] bool connected(const LinkMap& links);
[[nodiscard]] std::size_t largest_component(const LinkMap& links);
// O2: empty, or which link only one side counts. Ends outside the map are one-sided too.
[[nodiscard]] std::string one_sided(const LinkMap& links);
// O3: empty, or what is wrong with some node's links.
[[nodiscard]] std::string malformed(const LinkMap& links, std::uint32_t cap);

// Maximum likelihood exponent of the tail from `from` on (Clauset, Shalizi, Newman 2009, eq. 3.7).
[[nodiscard]] double degree_exponent(const std::vector<std::size_t>& degrees, std::size_t from);

// O3 while a run goes on.
class OverlayChecker final : public Observer {
public:
    OverlayChecker(const Cluster& cluster, Alarm& alarm) : cluster_(cluster), alarm_(alarm) {}
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;

private:
    const Cluster& cluster_;
    Alarm& alarm_;
};

}  // namespace gossip::sim
