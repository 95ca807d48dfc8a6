#include "sim/swarm/fault_injector.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {
constexpr Duration slow_sync = std::chrono::milliseconds(800);
}

NodeId FaultInjector::node_at(std::uint32_t index) const {
    const auto seeds = cluster_.seeds();
    return index < seeds.size() ? seeds[index] : peers_[index - seeds.size()];
}

void FaultInjector::schedule() {
    for (const Time start : plan_.peer_starts) {
        const NodeId peer = cluster_.add_peer();
        peers_.push_back(peer);
        cluster_.sim().at(start, [this, peer] {
            started_.insert(peer);
            if (!gone_.contains(peer)) restart(peer);
        });
    }
    for (std::size_t i = 0; i < plan_.faults.size(); ++i) {
        const Fault& f = plan_.faults[i];
        cluster_.sim().at(f.at, [this, i] { begin(plan_.faults[i]); });
        if (f.until != never) cluster_.sim().at(f.until, [this, i] { end(plan_.faults[i]); });
    }
}

void FaultInjector::begin(const Fault& fault) {
    if (fault.kind == FaultKind::cut_off || fault.kind == FaultKind::cut_off_one_way) return split(fault, true);
    const NodeId node = node_at(fault.node);
    if (fault.kind == FaultKind::crash && fault.until == never) gone_.insert(node);
    if (fault.kind == FaultKind::disk_error) {  // also if the seed is down: the error then meets its next life
        const bool sync = fault.crash == CrashKind::power;
        return cluster_.sim().fail_disk(node, sync ? DiskFailure::sync : DiskFailure::write);
    }
    if (cluster_.sim().is_up(node)) begin_on_node(fault, node);
}

void FaultInjector::begin_on_node(const Fault& fault, NodeId node) {
    switch (fault.kind) {
        case FaultKind::crash:
            return cluster_.crash(node, fault.crash);
        case FaultKind::cut_step:
            return cluster_.sim().crash_within_next_step(node, fault.crash);
        case FaultKind::lose_disk:
            cluster_.crash(node, fault.crash);
            return cluster_.lose_disk(node);
        case FaultKind::pause:
            return cluster_.sim().pause(node);
        case FaultKind::slow_disk:
            return cluster_.sim().set_sync_max(node, slow_sync);
        case FaultKind::leave:
            gone_.insert(node);
            return cluster_.sim().feed(node, LeaveRequested{});
        case FaultKind::publish:
            return cluster_.publish(node, "message " + std::to_string(++messages_));
        case FaultKind::cut_off:
        case FaultKind::cut_off_one_way:
        case FaultKind::disk_error:
            return;
    }
}

void FaultInjector::end(const Fault& fault) {
    if (fault.kind == FaultKind::cut_off || fault.kind == FaultKind::cut_off_one_way) return split(fault, false);
    const NodeId node = node_at(fault.node);
    switch (fault.kind) {
        case FaultKind::cut_step:
            cluster_.sim().cancel_crash_within_step(node);
            return restart(node);
        case FaultKind::crash:
        case FaultKind::lose_disk:
            return restart(node);
        case FaultKind::disk_error:
            cluster_.sim().fail_disk(node, DiskFailure::none);
            return restart(node);
        case FaultKind::pause:
            return cluster_.sim().resume(node);
        case FaultKind::slow_disk:
            return cluster_.sim().set_sync_max(node, DiskProfile{}.sync_max);
        default:
            return;
    }
}

void FaultInjector::restart(NodeId node) {
    const bool wanted = (cluster_.is_seed(node) || started_.contains(node)) && !gone_.contains(node);
    if (wanted && !cluster_.sim().is_up(node)) cluster_.start(node);
}

void FaultInjector::split(const Fault& fault, bool cut) {
    const auto total = static_cast<std::uint32_t>(cluster_.seeds().size() + peers_.size());
    const auto apply = [&](NodeId from, NodeId to) {
        cut ? cluster_.sim().block(from, to) : cluster_.sim().unblock(from, to);
    };
    for (std::uint32_t a = 0; a < total; ++a) {
        for (std::uint32_t b = 0; b < total; ++b) {
            const bool a_in = (fault.mask >> a & 1) != 0;
            const bool b_in = (fault.mask >> b & 1) != 0;
            if (!a_in || b_in) continue;
            apply(node_at(a), node_at(b));
            if (fault.kind == FaultKind::cut_off) apply(node_at(b), node_at(a));
        }
    }
}

void FaultInjector::heal() {
    LinkProfile calm;
    calm.delay_min = plan_.shape.network.link.delay_min;
    calm.delay_max = plan_.shape.network.link.delay_max;
    calm.jitter_percent = plan_.shape.network.link.jitter_percent;
    cluster_.sim().network().set_profile(calm);
    for (const NodeId seed : cluster_.seeds()) {
        cluster_.sim().fail_disk(seed, DiskFailure::none);
        cluster_.sim().resume(seed);
        restart(seed);
    }
    for (const NodeId peer : peers_) cluster_.sim().resume(peer);
}

bool FaultInjector::is_dead_seed(NodeId node) const {
    const Seat seat = cluster_.seat_of(node);
    return seat != no_seat && std::count(plan_.dead_seeds.begin(), plan_.dead_seeds.end(), seat) > 0;
}

std::vector<NodeId> FaultInjector::core() const {
    std::vector<NodeId> seeds;
    for (const NodeId s : cluster_.seeds()) {
        if (!is_dead_seed(s)) seeds.push_back(s);
    }
    return seeds;
}

}  // namespace gossip::sim
