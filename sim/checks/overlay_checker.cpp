#include "sim/checks/overlay_checker.hpp"

#include "protocol/names.hpp"
#include "sim/graph/graph.hpp"

#include <algorithm>
#include <cstdint>

namespace gossip::sim {
namespace {

bool has(const std::vector<NodeId>& sorted, NodeId id) { return std::binary_search(sorted.begin(), sorted.end(), id); }

}  // namespace

LinkMap live_links(const Cluster& cluster) {
    LinkMap links;
    for (const NodeId p : cluster.live_peers()) links[p] = cluster.peer(p)->status().links;
    return links;
}

bool connected(const LinkMap& links) {
    std::vector<NodeId> ids;
    for (const auto& [id, list] : links) ids.push_back(id);
    std::vector<Graph::Edge> edges;
    for (std::uint32_t node = 0; node < ids.size(); ++node) {
        for (const NodeId other : links.at(ids[node])) {
            const auto at = std::lower_bound(ids.begin(), ids.end(), other);
            if (at != ids.end() && *at == other) edges.emplace_back(node, static_cast<std::uint32_t>(at - ids.begin()));
        }
    }
    return components(Graph(ids.size(), edges)).count <= 1;
}

std::string one_sided(const LinkMap& links) {
    for (const auto& [id, list] : links) {
        for (const NodeId other : list) {
            const auto at = links.find(other);
            if (at == links.end()) return node_name(id) + " counts " + node_name(other) + ", which is not there";
            if (!has(at->second, id)) return node_name(id) + " counts " + node_name(other) + ", but not the reverse";
        }
    }
    return "";
}

std::string malformed(const LinkMap& links, std::uint32_t cap) {
    for (const auto& [id, list] : links) {
        if (has(list, id)) return node_name(id) + " has a link to itself";
        if (std::adjacent_find(list.begin(), list.end()) != list.end()) return node_name(id) + " has a double link";
        if (list.size() > cap) return node_name(id) + " has " + std::to_string(list.size()) + " links";
    }
    return "";
}

void OverlayChecker::on_step(Time now, NodeId node, const Event&, const Effects& effects) {
    const bool linked = std::any_of(effects.notices.begin(), effects.notices.end(),
                                    [](const Notice& n) { return n.kind == NoticeKind::link_up; });
    const PeerMachine* peer = linked ? cluster_.peer(node) : nullptr;
    if (peer == nullptr) return;
    const std::string wrong = malformed({{node, peer->status().links}}, cluster_.config().overlay.cap);
    if (!wrong.empty()) alarm_.raise("O3", now, {node}, wrong);
}

}  // namespace gossip::sim
