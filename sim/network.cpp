#include "sim/network.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {
namespace {

constexpr Duration fifo_gap = std::chrono::microseconds(1);

Entry entry_for(EntryKind kind, NodeIndex node, NodeIndex other, ConnectionId connection) {
    Entry e;
    e.kind = kind;
    e.node = node;
    e.other = other;
    e.connection = connection;
    return e;
}

}  // namespace

Network::Network(const Draws& draws, NetworkOptions options, EventQueue& queue)
    : draws_(draws), options_(options), queue_(queue) {}

NodeIndex Network::add_node(bool dialable) {
    nodes_.push_back({});
    nodes_.back().dialable = dialable;
    return static_cast<NodeIndex>(nodes_.size() - 1);
}

std::uint64_t Network::key(NodeIndex a, NodeIndex b) { return (std::uint64_t{std::min(a, b)} << 32) | std::max(a, b); }

Network::Pair& Network::pair_of(NodeIndex a, NodeIndex b) {
    const auto [at, fresh] = pairs_.try_emplace(key(a, b));
    if (fresh) {
        at->second.base = base_delay(a, b);
        nodes_[a].partners.insert(b);
        nodes_[b].partners.insert(a);
    }
    return at->second;
}

Duration Network::base_delay(NodeIndex a, NodeIndex b) const {
    const LinkProfile& p = options_.link;
    const Duration spread = p.delay_max - p.delay_min;
    if (p.regions > 1) {
        const auto region = [&](NodeIndex node) { return draws_.stream(Purpose::region, node).below(p.regions); };
        const std::uint64_t apart = (region(a) + p.regions - region(b)) % p.regions;
        const auto steps = static_cast<std::int64_t>(std::min(apart, p.regions - apart));
        return p.delay_min + spread * steps / std::max<std::int64_t>(p.regions / 2, 1);
    }
    Rng rng = draws_.stream(Purpose::link_base, std::min(a, b), std::max(a, b));
    return p.delay_min + Duration(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(spread.count()) + 1)));
}

Network::Connection* Network::find(NodeIndex a, NodeIndex b, ConnectionId id) {
    const auto at = pairs_.find(key(a, b));
    if (at == pairs_.end() || !at->second.connection || at->second.connection->id != id) return nullptr;
    return &*at->second.connection;
}

Network::Draw Network::draw(Pair& pair, NodeIndex from, NodeIndex to) {
    const LinkProfile& p = options_.link;
    Rng rng = draws_.stream(Purpose::link_message, from, to, pair.messages[side(from, to)]++);
    Draw d;
    const auto jitter = static_cast<std::uint64_t>(pair.base.count()) * p.jitter_percent / 100;
    d.delay = pair.base + Duration(static_cast<std::int64_t>(rng.below(jitter + 1)));
    if (p.tail_per_million > 0 && rng.chance(p.tail_per_million)) d.delay *= p.tail_factor;
    d.reset = p.reset_per_million > 0 && rng.chance(p.reset_per_million);
    d.drop = p.drop_per_million > 0 && rng.chance(p.drop_per_million);
    d.duplicate = p.duplicate_per_million > 0 && rng.chance(p.duplicate_per_million);
    if (d.duplicate) d.duplicate_after = Duration(static_cast<std::int64_t>(rng.below(2'000'000'000)));
    return d;
}

void Network::send(Time now, NodeIndex from, NodeIndex to, Message message) {
    Pair& pair = pair_of(from, to);
    const bool usable = pair.connection && pair.connection->end_open[side(from, to)];
    if (!usable) {
        if (!nodes_[to].dialable) return tell_lost(now, from, to, LossReason::closed);
        open(now, pair, from, to);
    }
    Connection& c = *pair.connection;
    if (c.phase == Phase::broken) return;  // not noticed yet: lost
    if (c.phase == Phase::dialing) {
        c.flow[side(from, to)].waiting.push_back(std::move(message));
        return;
    }
    transmit(now, pair, from, to, std::move(message));
}

void Network::open(Time now, Pair& pair, NodeIndex from, NodeIndex to) {
    if (pair.connection && pair.connection->end_open[side(to, from)] && nodes_[to].up) {
        // The other end never learnt that the old connection died: the new one tells it.
        tell_lost(now + pair.base, to, from, LossReason::closed);
    }
    pair.connection.emplace();
    pair.connection->id = next_connection_++;
    pair.connection->phase = Phase::dialing;
    pair.connection->dialer = from;
    pair.connection->dial_started = now;
    queue_.push(now + draw(pair, from, to).delay, entry_for(EntryKind::dial, to, from, pair.connection->id));
}

void Network::on_dial(Time now, const Entry& entry) {
    const NodeIndex dialer = entry.other;
    Connection* c = find(entry.node, dialer, entry.connection);
    if (c == nullptr || c->phase != Phase::dialing) return;
    Pair& pair = pair_of(entry.node, dialer);
    if (!both_ways(entry.node, dialer)) {
        const Time deadline = c->dial_started + options_.dial_timeout;
        if (now + options_.dial_retry < deadline) {
            queue_.push(now + options_.dial_retry, entry_for(EntryKind::dial, entry.node, dialer, c->id));
        } else {
            close_end(std::max(now, deadline), dialer, entry.node, c->id, LossReason::timed_out);
        }
        return;
    }
    if (!nodes_[entry.node].up) {
        close_end(now + draw(pair, entry.node, dialer).delay, dialer, entry.node, c->id, LossReason::refused);
        return;
    }
    established(now, pair, dialer, entry.node);
}

void Network::established(Time now, Pair& pair, NodeIndex dialer, NodeIndex accepter) {
    Connection& c = *pair.connection;
    const ConnectionId id = c.id;
    c.phase = Phase::open;
    const std::array<NodeIndex, 2> senders{dialer, accepter};
    const std::array<Time, 2> from_when{now + draw(pair, accepter, dialer).delay, now};
    for (std::size_t i = 0; i < 2; ++i) {
        const NodeIndex from = senders[i];
        const NodeIndex to = senders[1 - i];
        auto waiting = std::exchange(c.flow[side(from, to)].waiting, {});
        for (Message& m : waiting) {
            if (find(from, to, id) == nullptr || c.phase != Phase::open) return;
            transmit(from_when[i], pair, from, to, std::move(m));
        }
    }
}

void Network::transmit(Time now, Pair& pair, NodeIndex from, NodeIndex to, Message message) {
    Connection& c = *pair.connection;
    Flow& flow = c.flow[side(from, to)];
    if (blocked(from, to)) {
        flow.waiting.push_back(std::move(message));
        return stall(now, flow, from, to, c.id);
    }
    if (blocked(to, from)) stall(now, flow, from, to, c.id);  // arrives, but nobody hears that it did
    const Draw d = draw(pair, from, to);
    if (!c.end_open[side(to, from)]) {  // half open: the answer is a reset
        close_end(now + 2 * d.delay, from, to, c.id, LossReason::closed);
        return;
    }
    if (d.reset) return break_connection(now, pair, from, to);
    if (d.drop) return;
    schedule(now, pair, from, to, std::move(message), d);
}

void Network::schedule(Time now, Pair& pair, NodeIndex from, NodeIndex to, Message message, const Draw& d) {
    Connection& c = *pair.connection;
    Flow& flow = c.flow[side(from, to)];
    flow.last_arrival = std::max(now + d.delay, flow.last_arrival + fifo_gap);
    Entry e = entry_for(EntryKind::message, to, from, c.id);
    e.message = std::move(message);
    if (d.duplicate) {
        Entry again = e;
        queue_.push(flow.last_arrival + d.duplicate_after, std::move(again));
    }
    queue_.push(flow.last_arrival, std::move(e));
}

void Network::stall(Time now, Flow& flow, NodeIndex from, NodeIndex to, ConnectionId id) {
    if (flow.stalled_since) return;
    flow.stalled_since = now;
    Entry e = entry_for(EntryKind::stalled, from, to, id);
    e.reason = LossReason::timed_out;
    e.aux = static_cast<std::uint64_t>(now.time_since_epoch().count());
    queue_.push(now + options_.stall_timeout, std::move(e));
}

bool Network::on_stalled(Time now, const Entry& entry) {
    Connection* c = find(entry.node, entry.other, entry.connection);
    if (c == nullptr || c->phase != Phase::open || !c->end_open[side(entry.node, entry.other)]) return false;
    const Flow& flow = c->flow[side(entry.node, entry.other)];
    const bool same_stall =
        flow.stalled_since && static_cast<std::uint64_t>(flow.stalled_since->time_since_epoch().count()) == entry.aux;
    if (!same_stall) return false;
    Entry closing = entry_for(EntryKind::end_closed, entry.node, entry.other, entry.connection);
    return on_end_closed(now, closing);
}

void Network::resume_flow(Time now, NodeIndex from, NodeIndex to) {
    Pair& pair = pair_of(from, to);
    if (!pair.connection || pair.connection->phase != Phase::open) return;
    Flow& flow = pair.connection->flow[side(from, to)];
    if (!flow.stalled_since || !pair.connection->end_open[side(from, to)]) return;
    flow.stalled_since.reset();
    const ConnectionId id = pair.connection->id;
    auto waiting = std::exchange(flow.waiting, {});
    for (Message& m : waiting) {
        const Connection* c = find(from, to, id);
        if (c == nullptr || c->phase != Phase::open) return;
        transmit(now, pair, from, to, std::move(m));
    }
}

void Network::break_connection(Time now, Pair& pair, NodeIndex a, NodeIndex b) {
    Connection& c = *pair.connection;
    c.phase = Phase::broken;
    close_end(now + pair.base, a, b, c.id, LossReason::closed);
    close_end(now + pair.base, b, a, c.id, LossReason::closed);
}

void Network::reset(Time now, NodeIndex a, NodeIndex b) {
    Pair& pair = pair_of(a, b);
    if (pair.connection && pair.connection->phase == Phase::open) break_connection(now, pair, a, b);
}

void Network::disconnect(Time now, NodeIndex from, NodeIndex to) { end_died(now, from, to, true); }

void Network::node_died(Time now, NodeIndex node, bool flush) {
    nodes_[node].up = false;
    for (const NodeIndex partner : nodes_[node].partners) end_died(now, node, partner, flush);
}

void Network::end_died(Time now, NodeIndex node, NodeIndex partner, bool flush) {
    Pair& pair = pair_of(node, partner);
    if (!pair.connection || !pair.connection->end_open[side(node, partner)]) return;
    Connection& c = *pair.connection;
    if (c.phase == Phase::dialing) {
        const bool other_waits = !c.flow[side(partner, node)].waiting.empty();
        const NodeIndex dialer = c.dialer;
        c.flow[side(node, partner)].waiting.clear();
        if (dialer != node) return;  // the dial finds out by itself
        pair.connection.reset();
        if (other_waits) tell_lost(now + pair.base, partner, node, LossReason::refused);
        return;
    }
    c.end_open[side(node, partner)] = false;
    Flow& flow = c.flow[side(node, partner)];
    flow.waiting.clear();
    if (!c.end_open[side(partner, node)]) {
        pair.connection.reset();
    } else if (!blocked(node, partner)) {
        if (!flush) c.phase = Phase::broken;
        const Time when = std::max(now + pair.base, flush ? flow.last_arrival + fifo_gap : now);
        close_end(when, partner, node, c.id, LossReason::closed);
    }
}

void Network::close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason) {
    Entry e = entry_for(EntryKind::end_closed, node, other, id);
    e.reason = reason;
    queue_.push(when, std::move(e));
}

void Network::tell_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason) {
    Entry e = entry_for(EntryKind::link_lost, node, other, 0);
    e.life = nodes_[node].life;
    e.reason = reason;
    queue_.push(when, std::move(e));
}

bool Network::arrives(const Entry& entry) const {
    const auto at = pairs_.find(key(entry.node, entry.other));
    if (at == pairs_.end() || !at->second.connection) return false;
    const Connection& c = *at->second.connection;
    return c.id == entry.connection && c.phase == Phase::open && c.end_open[side(entry.node, entry.other)];
}

bool Network::on_end_closed(Time now, const Entry& entry) {
    Connection* c = find(entry.node, entry.other, entry.connection);
    if (c == nullptr || !c->end_open[side(entry.node, entry.other)]) return false;
    Pair& pair = pair_of(entry.node, entry.other);
    if (c->phase == Phase::dialing) {
        abandon_dial(now, pair, entry.node, entry.other, entry.reason);
        return true;
    }
    c->end_open[side(entry.node, entry.other)] = false;
    c->flow[side(entry.node, entry.other)].waiting.clear();
    if (!c->end_open[side(entry.other, entry.node)]) pair.connection.reset();
    return true;
}

void Network::abandon_dial(Time now, Pair& pair, NodeIndex dialer, NodeIndex other, LossReason reason) {
    const bool other_waits = !pair.connection->flow[side(other, dialer)].waiting.empty();
    pair.connection.reset();
    if (other_waits) tell_lost(now, other, dialer, reason);
}

void Network::block(NodeIndex from, NodeIndex to) { ++blocks_[{from, to}]; }

void Network::unblock(Time now, NodeIndex from, NodeIndex to) {
    const auto at = blocks_.find({from, to});
    if (at == blocks_.end()) return;
    if (--at->second > 0) return;
    blocks_.erase(at);
    freed_[{from, to}] = now;
    resume_flow(now, from, to);
    resume_flow(now, to, from);
}

bool Network::blocked(NodeIndex from, NodeIndex to) const { return !blocks_.empty() && blocks_.contains({from, to}); }

Time Network::freed_at(NodeIndex from, NodeIndex to) const {
    const auto at = freed_.find({from, to});
    return at == freed_.end() ? Time{} : at->second;
}

bool Network::connected(NodeIndex a, NodeIndex b) const {
    const auto at = pairs_.find(key(a, b));
    return at != pairs_.end() && at->second.connection && at->second.connection->phase == Phase::open &&
           at->second.connection->end_open[0] && at->second.connection->end_open[1];
}

}  // namespace gossip::sim
