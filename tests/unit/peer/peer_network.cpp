#include "peer_network.hpp"

#include "protocol/trust/credential.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace gossip::test {

void Network::observe(NodeId id, Effects& effects) {
    Peer& p = peers.at(id);
    for (const Deliver& d : effects.deliveries) ++p.delivered[d.rumor->id];
    for (Notice& n : effects.notices) p.notices.push_back(std::move(n));
    if (effects.finished) p.finished = true;
}

void Network::kill(unsigned index) {
    const NodeId id = peer_id(index);
    peers.at(id).dead = true;
    stop(id);
    for (const auto& [a, b] : open_) {
        if (a == id) post(b, delay, LinkLost{id, LossReason::closed});
    }
    std::erase_if(open_, [id](const auto& c) { return c.first == id || c.second == id; });
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

void Network::carry(Letter letter) {
    const auto& [from, to, message, sent] = letter;
    if (watch) watch(letter);
    if (cut && cut(from, to)) return post(from, std::chrono::seconds(3), LinkLost{to, LossReason::timed_out});
    if (std::find(config.seeds.begin(), config.seeds.end(), to) != config.seeds.end()) {
        if (seed_silent && seed_silent(from, to)) return;
        return later(delay, [this, letter] { on_seed(letter.from, letter.to, letter.message); });
    }
    const NodeId listener = is_anonymous(to) && reply_to_.contains(to) ? reply_to_.at(to) : to;
    if (const auto foreigner = foreigners.find(listener); foreigner != foreigners.end()) {
        return later(delay, [letter, hear = foreigner->second] { hear(letter.from, letter.message); });
    }
    if (!running(to)) return post(from, delay, LinkLost{to, LossReason::refused});
    open_.insert({from, to});
    open_.insert({to, from});
    post(to, delay, Received{from, Trust::proven, message});
}

void Network::answer(NodeId seed, NodeId to, Message message) {
    if (!(cut && cut(seed, to))) post(to, delay, Received{seed, Trust::seed, std::move(message)});
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
    const Change add{.kind = ChangeKind::add, .peer = from, .incarnation = m.incarnation, .protocol = 1, .key = m.key};
    for (Seat seat = 0; seat < config.seeds.size(); ++seat) {
        const FakeCrypto crypto(static_cast<std::uint64_t>(config.seeds[seat]));
        ack.seed_keys.push_back(crypto.public_key());
        ack.credential.push_back({seat, crypto.sign(credential_bytes(config, add))});
    }
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
    if (!p.dead && !stalled(m.suspect) && !(cut && cut(seed, m.suspect))) return reply(ReportStatus::refuted);
    reply(ReportStatus::accepted);
    if (judge_reports) decide({{.kind = ChangeKind::remove, .peer = m.suspect, .incarnation = m.incarnation}});
}

}  // namespace gossip::test
