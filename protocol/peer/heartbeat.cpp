#include "protocol/peer/heartbeat.hpp"

#include "protocol/peer/liveness.hpp"

#include <utility>

namespace gossip {
namespace {

template <class M>
fact::NeighbourNews news_of(const Sender& from, const M& m) {
    return {.from = from,
            .incarnation = m.incarnation,
            .linked = m.linked,
            .degree = m.degree,
            .record = m.record,
            .epoch = m.epoch,
            .root = m.root};
}

}  // namespace

// Each peer's rounds begin at a moment of its own.
void Heartbeat::begin(PeerTurn& t) {
    const Duration phase = t.rng.below(t.config.liveness.interval);
    round_due_ = t.now + phase;
    t.arm(TimerKind::ping_round, phase);
}

void Heartbeat::handle_round(PeerTurn& t) {
    if (!t.active()) return;
    const Round round = end_cycle(t.config.liveness, t.links.all(), t.now, round_due_);
    round_due_ = t.now + t.config.liveness.interval;
    t.arm(TimerKind::ping_round, t.config.liveness.interval);
    for (const Missed& m : round.missed) {
        t.notice({.kind = NoticeKind::ping_missed, .count = m.cycles, .subject = m.id});
    }
    for (const NodeId id : t.links.ids()) t.raise(fact::PingDue{id});
    for (const NodeId id : round.silent) t.raise(fact::Silent{id});
}

void Heartbeat::ping(PeerTurn& t, NodeId peer, Carried carried) {
    msg::Ping ping{.sender = t.self, .sequence = ++sequence_, .sent = t.wall(), .incarnation = t.incarnation()};
    ping.linked = t.links.find(peer) != nullptr;
    ping.epoch = t.view.epoch();
    ping.root = carried.root;
    ping.degree = t.degree();
    ping.record = std::move(carried.record);
    t.send(peer, std::move(ping));
}

void Heartbeat::on_ping(PeerTurn& t, const Sender& from, const msg::Ping& m, Carried carried) {
    msg::Pong pong{.sender = t.self,
                   .sequence = m.sequence,
                   .ping_sent = m.sent,
                   .received = t.wall(),
                   .sent = t.wall(),
                   .incarnation = t.incarnation(),
                   .linked = t.links.find(from.node) != nullptr,
                   .epoch = t.view.epoch()};
    pong.root = carried.root;
    pong.degree = t.degree();
    pong.record = std::move(carried.record);
    t.send(from.reply, std::move(pong));
    t.raise(fact::Heard{from});
    if (from.anonymous()) return t.raise(fact::SpokenTo{from});
    t.raise(news_of(from, m));
}

void Heartbeat::on_pong(PeerTurn& t, const Sender& from, const msg::Pong& m) {
    t.raise(fact::Heard{from});
    if (from.anonymous()) return t.raise(fact::Answered{from});
    Link* link = t.links.find(from.node);
    if (link == nullptr) return;
    if (m.ping_sent > 0 && m.received > 0) {  // four stamps, as NTP has them (RFC 5905)
        t.links.set_offset_ms(*link, ((m.received - m.ping_sent) + (m.sent - t.wall())) / 2);
    }
    t.raise(news_of(from, m));
}

}  // namespace gossip
