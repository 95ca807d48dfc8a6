#include "sim/checks/overlay_checker.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace gossip::sim {
namespace {

bool has(const std::vector<NodeId>& sorted, NodeId id) { return std::binary_search(sorted.begin(), sorted.end(), id); }

std::size_t reach_from(NodeId start, const LinkMap& links, std::set<NodeId>& seen) {
    std::vector<NodeId> todo{start};
    seen.insert(start);
    std::size_t count = 0;
    while (!todo.empty()) {
        const NodeId at = todo.back();
        todo.pop_back();
        ++count;
        for (const NodeId next : links.at(at)) {
            if (links.contains(next) && seen.insert(next).second) todo.push_back(next);
        }
    }
    return count;
}

}  // namespace

LinkMap live_links(const Cluster& cluster) {
    LinkMap links;
    for (const NodeId p : cluster.live_peers()) links[p] = cluster.peer(p)->status().links;
    return links;
}

bool connected(const LinkMap& links) { return links.empty() || largest_component(links) == links.size(); }

std::size_t largest_component(const LinkMap& links) {
    std::set<NodeId> seen;
    std::size_t largest = 0;
    for (const auto& [id, list] : links) {
        if (!seen.contains(id)) largest = std::max(largest, reach_from(id, links, seen));
    }
    return largest;
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

double degree_exponent(const std::vector<std::size_t>& degrees, std::size_t from) {
    double sum = 0;
    std::size_t n = 0;
    for (const std::size_t d : degrees) {
        if (d < from) continue;
        sum += std::log(static_cast<double>(d) / (static_cast<double>(from) - 0.5));
        ++n;
    }
    return sum > 0 ? 1.0 + static_cast<double>(n) / sum : 0.0;
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
