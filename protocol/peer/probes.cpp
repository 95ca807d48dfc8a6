#include "protocol/peer/probes.hpp"

#include <algorithm>

namespace gossip {

Probes::Probe* Probes::find(NodeId suspect) {
    const auto at = std::find_if(probes_.begin(), probes_.end(), [=](const Probe& p) { return p.suspect == suspect; });
    return at == probes_.end() ? nullptr : &*at;
}

Probes::Action Probes::again(Probe& probe, Duration wait) {
    ++probe.pings;
    probe.generation = ++generations_;
    return {.ping = true, .wait = wait, .generation = probe.generation};
}

Probes::Action Probes::conclude(Probe& probe, Verdict verdict, Time now) {
    probe.verdict = verdict;
    probe.concluded = now;
    return {.testimony = Testimony{probe.suspect, probe.life, verdict, probe.askers}};
}

Probes::Action Probes::ask(const LivenessConfig& config, NodeId suspect, Incarnation life, Asker asker, Time now) {
    erase_if(probes_, [now](const Probe& p) { return p.verdict && now - p.concluded > fresh_for; });
    Probe* known = find(suspect);
    if (known != nullptr && known->life != life && known->verdict) {
        probes_.erase(probes_.begin() + (known - probes_.data()));
        known = nullptr;
    }
    if (known != nullptr && known->life == life) {
        if (known->askers.size() < asker_limit) known->askers.push_back(asker);
        if (!known->verdict) return {};
        return {.testimony = Testimony{suspect, life, *known->verdict, {asker}}};
    }
    const auto at_strangers_word = [](const Probe& p) {
        return !p.verdict && std::ranges::all_of(p.askers, [](const Asker& a) { return a.stranger; });
    };
    const bool allowed =
        !asker.stranger || std::ranges::count_if(probes_, at_strangers_word) < std::ptrdiff_t{for_strangers};
    if (known != nullptr || probes_.size() >= limit || !allowed) return {.busy = true};
    probes_.push_back({.suspect = suspect, .life = life, .askers = {asker}});
    return again(probes_.back(), config.probe_timeout);
}

Probes::Action Probes::heard(NodeId suspect, bool proven, Time now) {
    Probe* probe = find(suspect);
    if (probe == nullptr || probe->verdict || (!proven && probe->life != Incarnation::none)) return {};
    return conclude(*probe, Verdict::reachable, now);
}

Probes::Action Probes::refused(NodeId suspect, Time now) {
    Probe* probe = find(suspect);
    if (probe == nullptr || probe->verdict) return {};
    if (probe->refused_ping == probe->pings) return {};  // one dial may be refused to several messages
    if (probe->refused_ping > 0) return conclude(*probe, Verdict::refused, now);
    probe->refused_ping = probe->pings;
    probe->generation = ++generations_;
    return {.wait = redial_after, .generation = probe->generation};
}

Probes::Action Probes::timer(const LivenessConfig& config, NodeId suspect, std::uint32_t generation, Time now) {
    Probe* probe = find(suspect);
    if (probe == nullptr || probe->verdict || probe->generation != generation) return {};
    const std::uint32_t reconfirming = probe->refused_ping > 0 ? 1 : 0;
    if (probe->pings >= config.probes + reconfirming) return conclude(*probe, Verdict::unreachable, now);
    return again(*probe, config.probe_timeout);
}

std::vector<Asker> Probes::askers(NodeId suspect) const {
    for (const Probe& probe : probes_) {
        if (probe.suspect == suspect) return probe.askers;
    }
    return {};
}

}  // namespace gossip
