// Signs of life, suspicion, testimony and reports.

#include "protocol/peer_machine.hpp"

namespace gossip {

// ---------------------------------------------------------------- signs of life

// A connection that never said who it is speaks for the protocol 0 node its payload names.
PeerMachine::Sender PeerMachine::named(const Sender& from, NodeId sender) const {
    return {is_anonymous(from.reply) ? sender : from.node, from.reply, from.trust};
}

// Nothing proves a name in a payload, so it counts for nodes that have no other way to speak.
void PeerMachine::heard(const Sender& from) {
    const Link* link = links_.find(from.node);
    if (is_anonymous(from.reply) && (link == nullptr || link->protocol > 0)) return;
    liveness_.heard(from.node);
}

void PeerMachine::handle_ping_round() {
    if (!active()) return;
    const Round round = liveness_.round(now_, round_due_);
    round_due_ = now_ + config_->liveness.interval;
    arm(TimerKind::ping_round, config_->liveness.interval);
    for (const Missed& m : round.missed) {
        notice({.kind = NoticeKind::ping_missed, .count = m.cycles, .subject = m.id});
    }
    for (const NodeId id : links_.ids()) ping(id);
    for (const NodeId id : round.silent) suspect(id, false, "silent");
}

void PeerMachine::ping(NodeId id) {
    Link* link = links_.find(id);
    msg::Ping ping{.sender = self_, .sequence = ++ping_sequence_, .sent = wall(), .incarnation = incarnation_};
    ping.linked = link != nullptr;
    ping.epoch = view_.epoch();
    ping.root = dissemination_.root(now_);
    ping.degree = static_cast<std::uint32_t>(links_.degree());
    ping.record = news_for(link);
    out_->send(id, std::move(ping));
}

void PeerMachine::on(const Sender& sender, const msg::Ping& m) {
    const Sender from = named(sender, m.sender);
    Link* link = links_.find(from.node);
    msg::Pong pong{.sender = self_, .sequence = m.sequence, .ping_sent = m.sent, .received = wall(), .sent = wall(),
                   .incarnation = incarnation_, .linked = link != nullptr, .epoch = view_.epoch()};
    pong.root = dissemination_.root(now_);
    pong.degree = static_cast<std::uint32_t>(links_.degree());
    if (!from.anonymous()) pong.record = news_for(link);
    out_->send(from.reply, std::move(pong));
    heard(from);
    if (from.anonymous()) return imply_link(from);
    if (link == nullptr) return;
    link->degree = m.degree;
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
        if (link != nullptr || links_.dialling(from.node) != nullptr) imply_link(from);
        return;
    }
    if (link == nullptr) return;
    if (m.ping_sent > 0 && m.received > 0) {  // four stamps, as NTP has them (RFC 5905)
        link->offset_ms = ((m.received - m.ping_sent) + (m.sent - wall())) / 2;
        link->offset_known = true;
    }
    link->degree = m.degree;
    if (!m.record.empty()) accept_record(*link, m.record.front());
    mend(from, m.linked);
    note_epoch(m.epoch);
    compare_roots(from.node, m.root);
}

// ---------------------------------------------------------------- losses

void PeerMachine::neighbour_lost(NodeId id, LossReason reason) {
    if (links_.find(id) == nullptr) return;
    if (reason == LossReason::refused) return suspect(id, true, "connection refused");
    if (reason != LossReason::timed_out) ping(id);  // dials again
}

void PeerMachine::suspect(NodeId id, bool refused, std::string why) {
    notice({.kind = NoticeKind::suspected, .subject = id, .text = why});
    (void)refused;
    link_down(id, why, true);
}

}  // namespace gossip
