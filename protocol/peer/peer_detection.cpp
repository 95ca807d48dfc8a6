// Signs of life, and testimony about others' suspects.

#include "protocol/canonical.hpp"
#include "protocol/peer/peer_machine.hpp"

namespace gossip {

// ---------------------------------------------------------------- signs of life

// A connection that never said who it is speaks for the protocol 0 node its payload names.
PeerMachine::Sender PeerMachine::named(const Sender& from, NodeId sender) const {
    return {is_anonymous(from.reply) ? sender : from.node, from.reply, from.trust};
}

// Nothing proves a name in a payload, so it counts for nodes that have no other way to speak.
void PeerMachine::heard(const Sender& from) {
    Link* const link = links_.find(from.node);
    if (is_anonymous(from.reply) && (link == nullptr || link->protocol != 0)) return;
    if (link != nullptr) hear(*link);
    if (!rare_) return;
    rare_->losses.heard(from.node);
    Troubles* const troubles = any_troubles();
    if (troubles == nullptr) return;
    if (troubles->suspicions.find(from.node) != nullptr) cancel_suspicion(from.node, "it showed a sign of life");
    if (troubles->probes.size() > 0) perform(from.node, troubles->probes.heard(from.node, now()));
}

void PeerMachine::handle_ping_round() {
    if (!active()) return;
    const Round round = end_cycle(config().liveness, links_.all(), now(), round_due_);
    round_due_ = now() + config().liveness.interval;
    arm(TimerKind::ping_round, config().liveness.interval);
    for (const Missed& m : round.missed) {
        notice({.kind = NoticeKind::ping_missed, .count = m.cycles, .subject = m.id});
    }
    for (const NodeId id : links_.ids()) ping(id);
    for (const NodeId id : round.silent) suspect(id, false, "silent");
}

void PeerMachine::ping(NodeId id) {
    Link* link = links_.find(id);
    msg::Ping ping{.sender = self(), .sequence = ++ping_sequence_, .sent = wall(), .incarnation = incarnation()};
    ping.linked = link != nullptr;
    ping.epoch = view_.epoch();
    ping.root = dissemination_.root(now());
    ping.degree = static_cast<std::uint32_t>(links_.degree());
    ping.record = news_for(link);
    out_->send(id, std::move(ping));
}

void PeerMachine::on(const Sender& sender, const msg::Ping& m) {
    const Sender from = named(sender, m.sender);
    Link* link = links_.find(from.node);
    msg::Pong pong{.sender = self(),
                   .sequence = m.sequence,
                   .ping_sent = m.sent,
                   .received = wall(),
                   .sent = wall(),
                   .incarnation = incarnation(),
                   .linked = link != nullptr,
                   .epoch = view_.epoch()};
    pong.root = dissemination_.root(now());
    pong.degree = static_cast<std::uint32_t>(links_.degree());
    if (!from.anonymous()) pong.record = news_for(link);
    out_->send(from.reply, std::move(pong));
    heard(from);
    if (from.anonymous()) return imply_link(from);
    take_news(from, m);
}

// What PING and PONG say beside being signs of life.
template <class M>
void PeerMachine::take_news(const Sender& from, const M& m) {
    Link* link = links_.find(from.node);
    if (link == nullptr) return;
    if (m.incarnation > links_.details(*link).incarnation) return end_former_lives(from.node, m.incarnation);
    link->set_degree(m.degree);
    if (!m.record.empty()) accept_record(*link, m.record.front());
    mend(from, m.linked);
    note_epoch(m.epoch);
    compare_roots(from.node, m.root);
}

void PeerMachine::on(const Sender& sender, const msg::Pong& m) {
    const Sender from = named(sender, m.sender);
    heard(from);
    Link* link = links_.find(from.node);
    if (from.anonymous()) {
        if (link != nullptr || dials().find(from.node) != nullptr) imply_link(from);
        return;
    }
    if (link == nullptr) return;
    if (m.ping_sent > 0 && m.received > 0) {  // four stamps, as NTP has them (RFC 5905)
        links_.set_offset_ms(*link, ((m.received - m.ping_sent) + (m.sent - wall())) / 2);
    }
    take_news(from, m);
}

// ---------------------------------------------------------------- testimony

void PeerMachine::on(const Sender& sender, const msg::SuspectQuery& m) {
    const Sender from = named(sender, m.sender);
    if (from.anonymous()) heard(from);
    if (m.suspect == NodeId::none || is_anonymous(m.suspect) || seat_of(m.suspect)) {
        return refuse(from.reply, "SUSPECT_QUERY about no peer");
    }
    const bool recorded = m.record.peer == m.suspect && m.record.incarnation == m.incarnation;
    const Asker asker{from.reply, recorded ? m.record.version : 0};
    if (m.suspect == self()) return testify({self(), m.incarnation, Verdict::reachable, {asker}});
    if (rare().losses.isolated()) return;  // what we cannot reach says something about us
    const Probes::Action action = troubles().probes.ask(m.suspect, m.incarnation, asker, now());
    if (action.busy) return refuse(from.reply, "too many suspects at once");
    if (action.ping) out_->send(m.suspect, msg::Suspect{m.suspect, m.incarnation, from.node});
    perform(m.suspect, action);
}

void PeerMachine::perform(NodeId suspect, const Probes::Action& action) {
    if (action.ping) ping(suspect);
    if (action.wait) {
        out_->timer(now() + *action.wait, {TimerKind::probe, action.generation, static_cast<std::uint64_t>(suspect)});
    }
    if (action.testimony) testify(*action.testimony);
}

void PeerMachine::testify(const Testimony& t) {
    Statement statement{t.suspect, t.life, 0, t.verdict, self(), {}};
    bool is_signed = false;
    for (const Asker& asker : t.askers) {
        if (!is_signed || statement.links_version != asker.version) {
            statement.links_version = asker.version;
            statement.signature = crypto().sign(self(), canonical_bytes(statement));
            is_signed = true;
        }
        if (asker.reply == NodeId::none) {
            take_statement(statement);
            continue;
        }
        notice({.kind = NoticeKind::statement_given, .verdict = t.verdict, .subject = t.suspect, .other = asker.reply});
        out_->send(asker.reply, msg::SuspectResponse{self(), t.verdict != Verdict::reachable, statement});
    }
}

void PeerMachine::on(const Sender& from, const msg::Suspect& m) {
    if (m.suspect != self()) return;
    msg::Alive alive{self(), incarnation(), ++troubles().refutations, {}};
    alive.signature = crypto().sign(self(), canonical_bytes(alive));
    notice({.kind = NoticeKind::refuted, .subject = self(), .other = m.by});
    out_->send(from.reply, alive);
    // The accuser is a neighbour; anybody else named here could be a victim of ours.
    if (m.by != from.node && links_.find(m.by) != nullptr) out_->send(m.by, alive);
}

}  // namespace gossip
