#include "manager/network/managed_network.hpp"

#include "node/base/clock.hpp"
#include "node/config/settings.hpp"

namespace gossip {

ManagedNetwork::ManagedNetwork(NetworkPlan plan, Observers observers)
    : plan_(std::move(plan)), observers_(std::move(observers)) {
    view_.configure(plan_.config.seeds.size());
    std::vector<std::string> hosts;
    for (const HostSettings& host : plan_.hosts) hosts.push_back(host.name);
    view_.set_hosts(std::move(hosts));
}

const ManagedNode* ManagedNetwork::find(NodeId id) const {
    const auto it = nodes_.find(id);
    return it == nodes_.end() ? nullptr : &it->second;
}

void ManagedNetwork::note_fault(const std::string& command, const NodeSet& touched) {
    ++version_;
    view_.note({now().time_since_epoch().count(), wall_now(), command, touched});
    RunFault fault{stamp(), command, touched, {}};
    for (const NodeId id : touched) {
        if (NodeFaults found = faults().faults_of(id); !found.words.empty())
            fault.in_force.emplace(id, std::move(found));
    }
    record(fault);
    observers_.changed();
}

const NodeReply* ManagedNetwork::reply(std::uint64_t seq) const {
    const auto it = replies_.find(seq);
    return it == replies_.end() ? nullptr : &it->second;
}

void ManagedNetwork::keep_reply(NodeReply reply) {
    constexpr std::size_t most = 1000;
    const std::uint64_t seq = reply.seq;
    replies_[seq] = std::move(reply);
    if (replies_.size() > most) replies_.erase(replies_.begin());
}

void ManagedNetwork::record(const RunLine& line) const {
    if (observers_.record) observers_.record(line);
}

void ManagedNetwork::node_started(NodeId id, Role role) {
    const ManagedNode* const node = find(id);
    view_.node_started(id, role, node == nullptr ? "" : node->host);
    record(RunState{stamp(), id, role, NodeState::starting, node == nullptr ? 0 : node->pid});
}

void ManagedNetwork::set_state(NodeId id, NodeState state) {
    ++version_;
    view_.node_state(id, state, {now().time_since_epoch().count(), wall_now()});
    const ManagedNode* const node = find(id);
    const bool struck = node != nullptr && (state == NodeState::killed || state == NodeState::paused);
    record(RunState{stamp(), id, view_.find(id)->role, state, 0, struck ? node->struck_ns : std::nullopt});
    observers_.changed();
}

}  // namespace gossip
