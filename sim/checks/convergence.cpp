#include "sim/checks/convergence.hpp"

#include "protocol/names.hpp"
#include "sim/checks/overlay_checker.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

Unmet seeds_differ(const Cluster& cluster, const std::vector<NodeId>& core) {
    for (const NodeId s : core) {
        if (cluster.seed(s) == nullptr) return {"S2", {s}, "seed is down"};
    }
    const SeedStatus first = cluster.seed(core.front())->status();
    for (const NodeId s : core) {
        const SeedStatus status = cluster.seed(s)->status();
        if (!status.voting) return {"S2", {s}, "seed does not vote"};
        if (status.epoch != first.epoch || status.digest != first.digest) {
            return {"S2",
                    {core.front(), s},
                    "epochs " + std::to_string(first.epoch) + " and " + std::to_string(status.epoch)};
        }
    }
    return {};
}

Unmet list_differs(const Cluster& cluster, NodeId seed) {
    const std::vector<NodeId> listed = cluster.listed(seed);
    std::vector<NodeId> live = cluster.live_peers();
    std::sort(live.begin(), live.end());
    for (const NodeId p : listed) {
        if (!std::binary_search(live.begin(), live.end(), p)) return {"D1", {seed, p}, "a dead peer is still listed"};
    }
    for (const NodeId p : live) {
        if (!std::binary_search(listed.begin(), listed.end(), p)) return {"D4", {seed, p}, "a live peer is not listed"};
    }
    return {};
}

Unmet peers_differ(const Cluster& cluster, NodeId seed) {
    const Epoch epoch = cluster.seed(seed)->status().epoch;
    for (const Member& m : cluster.seed(seed)->members()) {
        const PeerMachine* peer = cluster.peer(m.id);
        if (peer == nullptr) return {"D1", {m.id}, "a dead peer is listed"};
        const PeerStatus status = peer->status();
        if (!status.active || !status.registered) return {"D4", {m.id}, "a listed peer is not active"};
        if (status.incarnation != m.incarnation) return {"S7", {m.id}, "the list has another life of the peer"};
        if (status.epoch != epoch) {
            return {"D1",
                    {m.id},
                    "is at epoch " + std::to_string(status.epoch) + ", the seeds at " + std::to_string(epoch)};
        }
    }
    return {};
}

}  // namespace

Unmet unmet(const Cluster& cluster, const std::vector<NodeId>& core, const GossipChecker& gossip) {
    if (Unmet u = seeds_differ(cluster, core); !u.none()) return u;
    if (Unmet u = list_differs(cluster, core.front()); !u.none()) return u;
    if (Unmet u = peers_differ(cluster, core.front()); !u.none()) return u;
    const LinkMap links = live_links(cluster);
    if (std::string text = one_sided(links); !text.empty()) return {"O2", {}, text};
    const bool ring = cluster.config().overlay.strategy->ring();
    const bool whole = connected(links);
    if (ring && !whole) return {"O1", {}, "the live overlay is not connected"};
    if (std::string text = gossip.missing_somewhere(); whole && !text.empty()) return {"G2", {}, text};
    return {};
}

}  // namespace gossip::sim
