#include "sim/checks/removal_checker.hpp"

#include "protocol/names.hpp"

#include <algorithm>

namespace gossip::sim {

Duration RemovalChecker::opinion_window() const {
    const Config& c = cluster_.config();
    const LinkProfile& link = cluster_.sim().profile();
    const Duration slowest =
        link.delay_max * 4 + (link.tail_per_million > 0 ? link.delay_max * link.tail_factor * 4 : Duration{});
    return std::chrono::seconds(6) + c.seed.probe_timeout + 2 * c.seed.vote_timeout + slowest;
}

void RemovalChecker::on_wire(Time now, NodeId from, NodeId, const SharedMessage& message) {
    if (const auto* commit = message.get_if<msg::Commit>()) return on_commit(now, from, *commit);
    const auto* report = message.get_if<msg::DeadNodeReport>();
    if (report == nullptr) return;
    const auto suspects = refuted_.find(from);
    if (suspects == refuted_.end()) return;
    const auto at = suspects->second.find({report->suspect, report->incarnation});
    if (at != suspects->second.end() && at->second) {
        alarm_.raise("D3", now, {from, report->suspect}, "reports a suspect that spoke up in time");
    }
}

void RemovalChecker::on_step(Time, NodeId node, const Event& event, const Effects& effects) {
    if (cluster_.is_seed(node)) return;
    for (const Notice& n : effects.notices) {
        if (n.kind == NoticeKind::suspected) refuted_[node][{n.subject, n.incarnation}] = false;
    }
    const auto* received = std::get_if<Received>(&event);
    if (received == nullptr) return;
    const auto* alive = received->message.get_if<msg::Alive>();
    if (alive == nullptr || received->from != alive->peer) return;
    auto& suspects = refuted_[node];
    const auto at = suspects.find({alive->peer, alive->incarnation});
    if (at != suspects.end()) at->second = true;
}

void RemovalChecker::on_commit(Time now, NodeId from, const msg::Commit& m) {
    for (const Change& change : m.batch) {
        if (change.kind != ChangeKind::remove) continue;
        if (judged_.insert({change.peer, change.incarnation}).second) check_removal(now, from, change);
    }
}

bool RemovalChecker::alive_as(NodeId peer, Incarnation life) const {
    const PeerMachine* machine = cluster_.peer(peer);
    return machine != nullptr && machine->status().incarnation == life;
}

std::size_t RemovalChecker::seeds_in_contact(Time now, NodeId peer, Duration window) const {
    const auto seeds = cluster_.seeds();
    return static_cast<std::size_t>(std::count_if(seeds.begin(), seeds.end(), [&](NodeId s) {
        return cluster_.sim().undisturbed_since(s, peer) + window < now;
    }));
}

void RemovalChecker::check_removal(Time now, NodeId from, const Change& change) {
    if (!alive_as(change.peer, change.incarnation)) return;
    ++live_removals_;
    if (rules_.accuracy_expected) {
        alarm_.raise("D2", now, {from, change.peer}, "removes a live peer in a run without cause");
    }
    const std::size_t contact = seeds_in_contact(now, change.peer, opinion_window());
    if (rules_.probes_reliable && contact >= majority(cluster_.seeds().size())) {
        alarm_.raise("S6", now, {from, change.peer},
                     "removes " + node_name(change.peer) + ", which " + std::to_string(contact) + " seeds can reach");
    }
}

}  // namespace gossip::sim
