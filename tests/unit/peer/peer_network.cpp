#include "peer_network.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace gossip::test {

void Network::feed(NodeId id, const Event& event) {
    const auto at = peers.find(id);
    if (at == peers.end() || at->second.dead || at->second.finished) return;
    Peer& p = at->second;
    if (p.stalled_until > now) {  // everything comes at once when it wakes up
        return later(
            p.stalled_until - now, [this, id, event] { feed(id, event); }, id);
    }
    Effects out;
    p.machine->step(now, event, out);
    for (const Deliver& d : out.deliveries) ++p.delivered[d.rumor->id];
    for (Notice& n : out.notices) p.notices.push_back(std::move(n));
    for (const SetTimer& t : out.timers)
        later(
            t.due - now, [this, id, t] { feed(id, TimerFired{t.tag}); }, id);
    for (Send& s : out.sends) send(id, s.to, s.message);
    if (out.finished) p.finished = true;
}

bool Network::connected() const {
    const std::vector<NodeId> ids = alive();
    if (ids.empty()) return true;
    std::set<NodeId> reached{ids.front()};
    std::vector<NodeId> todo{ids.front()};
    while (!todo.empty()) {
        const NodeId id = todo.back();
        todo.pop_back();
        for (const NodeId other : peers.at(id).machine->status().links) {
            if (mutual(id, other) && reached.insert(other).second) todo.push_back(other);
        }
    }
    return reached.size() == ids.size();
}

void Network::decide(Batch batch) {
    Decision d{history.size() + 1, std::move(batch), {}};
    d.digest = FakeCrypto(0).digest(canonical_bytes(d));
    history.push_back(d);
    std::set<NodeId> told;
    for (const Change& c : d.batch) apply(c, told);
    std::vector<NodeId> some = alive();
    rng.shuffle(std::span<NodeId>(some));
    if (some.size() > 3) some.resize(3);
    told.insert(some.begin(), some.end());
    for (const NodeId id : told) answer(seed_id(0), id, signed_decision(d));
}

void Network::send(NodeId from, NodeId to, Message message) {
    if (watch) watch({now, from, to, message});
    if (cut && cut(from, to)) {
        return later(
            std::chrono::seconds(3),
            [this, from, to] {
                feed(from, LinkLost{to, LossReason::timed_out});
            },
            from);
    }
    const auto seat = std::find(config.seeds.begin(), config.seeds.end(), to);
    if (seat != config.seeds.end()) {
        if (seed_silent && seed_silent(from, to)) return;
        return later(
            delay, [this, from, to, m = std::move(message)] { on_seed(from, to, m); }, to);
    }
    const NodeId listener = is_anonymous(to) && reply_to_.contains(to) ? reply_to_.at(to) : to;
    if (const auto foreigner = foreigners.find(listener); foreigner != foreigners.end()) {
        return later(
            delay, [from, m = std::move(message), f = foreigner->second] { f(from, m); }, to);
    }
    const auto target = peers.find(to);
    if (target == peers.end() || target->second.dead || target->second.finished) {
        return later(
            delay,
            [this, from, to] {
                feed(from, LinkLost{to, LossReason::refused});
            },
            from);
    }
    open_.insert({from, to});
    open_.insert({to, from});
    const std::uint32_t life = target->second.life;
    later(
        delay,
        [this, from, to, life, m = std::move(message)] {
            if (peers.at(to).life == life && !peers.at(to).dead) feed(to, Received{from, Trust::claimed, m});
        },
        to);
}

void Network::apply(const Change& c, std::set<NodeId>& told) {
    told.insert(c.peer);
    if (c.kind == ChangeKind::add) {
        members[c.peer] = {c.incarnation, c.key};
    } else {
        members.erase(c.peer);
        degrees.erase(c.peer);
    }
}

std::vector<NodeId> Network::ids() const {
    std::vector<NodeId> result;
    for (const auto& [id, member] : members) result.push_back(id);
    return result;
}

std::vector<Candidate> Network::sample(NodeId but) {
    std::vector<NodeId> all = ids();
    std::erase(all, but);
    rng.shuffle(std::span<NodeId>(all));
    if (all.size() > config.seed.sample) all.resize(config.seed.sample);
    std::vector<Candidate> result;
    for (const NodeId id : all) result.push_back({id, degrees[id], 1});
    return result;
}

void Network::on_seed(NodeId from, NodeId seed, const Message& message) {
    std::visit(
        Overloaded{
            [&](const msg::RegisterRequest& m) { on_register(from, seed, m); },
            [&](const msg::Lease& m) { on_lease(from, seed, m); },
            [&](const msg::GetCandidates&) {
                answer(seed, from, msg::Candidates{history.size(), ring_successors(from, ids(), 4), sample(from)});
            },
            [&](const msg::GetDelta& m) { on_get_delta(from, seed, m); },
            [&](const msg::DeadNodeReport& m) { on_report(from, seed, m); },
            [&](const msg::Leave& m) {
                if (members.contains(m.peer))
                    decide({{.kind = ChangeKind::leave, .peer = m.peer, .incarnation = m.incarnation}});
            },
            [](const auto&) {}},
        message);
}

void Network::on_register(NodeId from, NodeId seed, const msg::RegisterRequest& m) {
    if (!registering) return answer(seed, from, msg::RegisterPending{from, std::chrono::seconds(1)});
    const auto known = members.find(from);
    if (known != members.end() && known->second.first > m.incarnation) {
        return answer(
            seed, from,
            msg::RegisterNack{from, "old life", Incarnation{static_cast<std::uint64_t>(known->second.first) + 1}});
    }
    if (known == members.end() || known->second.first < m.incarnation) {
        decide({{.kind = ChangeKind::add, .peer = from, .incarnation = m.incarnation, .protocol = 1, .key = m.key}});
    }
    msg::RegisterAck ack{.peer = from, .text = "Registration approved", .incarnation = m.incarnation};
    ack.epoch = history.size();
    ack.digest = history.back().digest;
    ack.members = static_cast<std::uint32_t>(members.size());
    ack.successors = ring_successors(from, ids(), 4);
    ack.candidates = sample(from);
    for (const NodeId s : config.seeds) ack.seed_keys.push_back(FakeCrypto(static_cast<std::uint64_t>(s)).public_key());
    answer(seed, from, ack);
}

void Network::on_lease(NodeId from, NodeId seed, const msg::Lease& m) {
    const auto known = members.find(from);
    const bool member = known != members.end();
    if (member) degrees[from] = m.degree;
    const Incarnation life = member ? known->second.first : m.incarnation;
    answer(seed, from, msg::LeaseAck{from, member ? LeaseStatus::member : LeaseStatus::removed, life, history.size()});
}

void Network::on_get_delta(NodeId from, NodeId seed, const msg::GetDelta& m) {
    msg::Deltas deltas{.epoch = history.size()};
    for (const Decision& d : history) {
        if (d.epoch > m.since) deltas.decisions.push_back(signed_decision(d));
    }
    answer(seed, from, deltas);
}
// As the seeds judge: a certificate of a majority of the witnesses, and their own probe.

void Network::on_report(NodeId from, NodeId seed, const msg::DeadNodeReport& m) {
    reports.push_back(m);
    const auto reply = [&](ReportStatus s) { answer(seed, from, msg::ReportAck{m.suspect, m.incarnation, s}); };
    const auto known = members.find(m.suspect);
    if (known == members.end() || known->second.first != m.incarnation) return reply(ReportStatus::stale);
    auto witnesses = witnesses_of(m.certificate.record, config.liveness);
    std::erase_if(witnesses, [this](NodeId w) { return !members.contains(w); });
    const bool proven =
        confirming(m.certificate.record, witnesses, m.certificate.statements) >= majority(witnesses.size());
    if (!proven || witnesses.empty()) return reply(ReportStatus::bad_evidence);
    const Peer& p = peers.at(m.suspect);
    if (!p.dead && p.stalled_until <= now && !(cut && cut(seed, m.suspect))) return reply(ReportStatus::refuted);
    reply(ReportStatus::accepted);
    if (judge_reports) decide({{.kind = ChangeKind::remove, .peer = m.suspect, .incarnation = m.incarnation}});
}

}  // namespace gossip::test
