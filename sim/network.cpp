#include "sim/network.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {
namespace {

constexpr Duration fifo_gap = std::chrono::microseconds(1);

Entry entry_for(EntryKind kind, NodeIndex node, NodeIndex other, ConnectionId connection) {
    return {.kind = kind, .node = node, .other = other, .connection = connection};
}

std::uint64_t stamp(Time t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }

}  // namespace

Network::Network(const Draws& draws, NetworkOptions options, EventQueue& queue, Bodies& bodies)
    : draws_(draws), options_(options), queue_(queue), bodies_(bodies), table_(1024, no_pair) {}

NodeIndex Network::add_node(bool dialable) {
    nodes_.push_back({});
    nodes_.back().dialable = dialable;
    return static_cast<NodeIndex>(nodes_.size() - 1);
}

// ---------------------------------------------------------------- pairs

Network::PairIndex Network::index_of(NodeIndex a, NodeIndex b) const {
    const std::size_t mask = table_.size() - 1;
    const std::array<NodeIndex, 2> ends{std::min(a, b), std::max(a, b)};
    for (std::size_t at = hash(a, b) & mask; table_[at] != no_pair; at = (at + 1) & mask) {
        const Pair& pair = pairs_[table_[at]];
        if (pair.ends[0] == ends[0] && pair.ends[1] == ends[1]) return table_[at];
    }
    return no_pair;
}

void Network::grow_table() {
    table_.assign(table_.size() * 2, no_pair);
    const std::size_t mask = table_.size() - 1;
    for (PairIndex i = 0; i < pairs_.size(); ++i) {
        std::size_t at = hash(pairs_[i].ends[0], pairs_[i].ends[1]) & mask;
        while (table_[at] != no_pair) at = (at + 1) & mask;
        table_[at] = i;
    }
}

Network::PairIndex Network::make_pair(NodeIndex a, NodeIndex b) {
    const auto index = static_cast<PairIndex>(pairs_.size());
    Pair& pair = pairs_.emplace_back();
    pair.ends = {std::min(a, b), std::max(a, b)};
    pair.base = base_delay(a, b);
    nodes_[a].pairs.push_back(index);
    nodes_[b].pairs.push_back(index);
    if (pairs_.size() * 2 > table_.size()) {
        grow_table();
        return index;
    }
    const std::size_t mask = table_.size() - 1;
    std::size_t at = hash(a, b) & mask;
    while (table_[at] != no_pair) at = (at + 1) & mask;
    table_[at] = index;
    return index;
}

Network::Pair& Network::pair_of(NodeIndex a, NodeIndex b) {
    const PairIndex index = index_of(a, b);
    return pairs_[index != no_pair ? index : make_pair(a, b)];
}

const Network::Pair* Network::known(NodeIndex a, NodeIndex b) const {
    const PairIndex index = index_of(a, b);
    return index == no_pair ? nullptr : &pairs_[index];
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

Network::Pair* Network::find(NodeIndex a, NodeIndex b, ConnectionId id) {
    const PairIndex index = index_of(a, b);
    if (index == no_pair || !pairs_[index].exists() || pairs_[index].id != id) return nullptr;
    return &pairs_[index];
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

Network::Delay& Network::delay_of(Pair& pair) {
    if (!pair.delay) pair.delay = std::make_unique<Delay>();
    return *pair.delay;
}

void Network::drop_waiting(Pair& pair, std::size_t sender) {
    if (!pair.delay) return;
    for (const BodyIndex body : pair.delay->waiting[sender]) bodies_.release(body);
    pair.delay->waiting[sender].clear();
}

void Network::forget_connection(Pair& pair) {
    drop_waiting(pair, 0);
    drop_waiting(pair, 1);
    pair.delay.reset();
    pair.phase = Phase::none;
    pair.end_open = {};
}

// ---------------------------------------------------------------- sending

void Network::send(Time now, NodeIndex from, NodeIndex to, BodyIndex body) {
    Pair& pair = pair_of(from, to);
    const bool usable = pair.exists() && pair.end_open[side(from, to)];
    if (!usable) {
        if (!nodes_[to].dialable) {
            bodies_.release(body);
            return tell_lost(now, from, to, LossReason::closed);
        }
        open(now, pair, from, to);
    }
    if (pair.phase == Phase::open) return transmit(now, pair, from, to, body);
    if (pair.phase == Phase::dialing) {
        delay_of(pair).waiting[side(from, to)].push_back(body);
    } else {
        bodies_.release(body);  // broken and not noticed yet: lost
    }
}

void Network::open(Time now, Pair& pair, NodeIndex from, NodeIndex to) {
    if (pair.exists() && pair.end_open[side(to, from)] && nodes_[to].up) {
        // The other end never learnt that the old connection died: the new one tells it.
        tell_lost(now + pair.base, to, from, LossReason::closed);
    }
    forget_connection(pair);
    GOSSIP_ASSERT(next_connection_ != 0);
    pair.id = next_connection_++;
    pair.phase = Phase::dialing;
    pair.dialer = static_cast<std::uint8_t>(side(from, to));
    pair.end_open = {true, true};
    pair.last_arrival = {};
    delay_of(pair).dial_started = now;
    queue_.push(now + draw(pair, from, to).delay, entry_for(EntryKind::dial, to, from, pair.id));
}

void Network::connect(NodeIndex a, NodeIndex b) {
    Pair& pair = pair_of(a, b);
    GOSSIP_ASSERT(!pair.exists() && next_connection_ != 0);
    pair.id = next_connection_++;
    pair.phase = Phase::open;
    pair.end_open = {true, true};
}

void Network::on_dial(Time now, const Entry& entry) {
    const NodeIndex dialer = entry.other;
    Pair* pair = find(entry.node, dialer, entry.connection);
    if (pair == nullptr || pair->phase != Phase::dialing) return;
    if (!both_ways(entry.node, dialer)) {
        const Time deadline = pair->delay->dial_started + options_.dial_timeout;
        if (now + options_.dial_retry < deadline) {
            queue_.push(now + options_.dial_retry, entry_for(EntryKind::dial, entry.node, dialer, pair->id));
        } else {
            close_end(std::max(now, deadline), dialer, entry.node, pair->id, LossReason::timed_out);
        }
        return;
    }
    if (!nodes_[entry.node].up) {
        const Duration back = draw(*pair, entry.node, dialer).delay;
        return close_end(now + back, dialer, entry.node, pair->id, LossReason::refused);
    }
    established(now, *pair, dialer, entry.node);
}

void Network::established(Time now, Pair& pair, NodeIndex dialer, NodeIndex accepter) {
    pair.phase = Phase::open;
    const auto delay = std::move(pair.delay);
    const std::array<NodeIndex, 2> senders{dialer, accepter};
    const std::array<Time, 2> from_when{now + draw(pair, accepter, dialer).delay, now};
    for (std::size_t i = 0; i < 2; ++i) {
        const NodeIndex from = senders[i];
        const NodeIndex to = senders[1 - i];
        for (const BodyIndex body : delay->waiting[side(from, to)]) {
            if (pair.phase == Phase::open) {
                transmit(from_when[i], pair, from, to, body);
            } else {
                bodies_.release(body);
            }
        }
    }
}

void Network::transmit(Time now, Pair& pair, NodeIndex from, NodeIndex to, BodyIndex body) {
    if (blocked(from, to)) {
        delay_of(pair).waiting[side(from, to)].push_back(body);
        return stall(now, pair, from, to);
    }
    if (blocked(to, from)) stall(now, pair, from, to);  // arrives, but nobody hears that it did
    Draw d = draw(pair, from, to);
    if (!impaired_.empty()) draw_impairment(now, from, to, body, d);
    const bool half_open = !pair.end_open[side(to, from)];
    if (!half_open && !d.reset && !d.drop) return schedule(now, pair, from, to, body, d);
    bodies_.release(body);
    if (half_open) {  // the answer is a reset
        close_end(now + 2 * d.delay, from, to, pair.id, LossReason::closed);
    } else if (d.reset) {
        break_connection(now, pair, from, to);
    }
}

void Network::schedule(Time now, Pair& pair, NodeIndex from, NodeIndex to, BodyIndex body, const Draw& d) {
    Time& last = pair.last_arrival[side(from, to)];
    Entry e = entry_for(EntryKind::message, to, from, pair.id);
    e.body = body;
    e.aux = static_cast<std::uint64_t>(&pair - pairs_.data());
    if (d.overtaken) return queue_.push(std::max(now + d.delay, last + fifo_gap), e);
    last = std::max(now + d.delay, last + fifo_gap);
    if (d.duplicate) {
        bodies_.share(body);
        queue_.push(last + d.duplicate_after, e);
    }
    queue_.push(last, e);
}

void Network::stall(Time now, Pair& pair, NodeIndex from, NodeIndex to) {
    auto& since = delay_of(pair).stalled_since[side(from, to)];
    if (since) return;
    since = now;
    Entry e = entry_for(EntryKind::stalled, from, to, pair.id);
    e.reason = LossReason::timed_out;
    e.aux = stamp(now);
    queue_.push(now + options_.stall_timeout, e);
}

bool Network::on_stalled(Time now, const Entry& entry) {
    const Pair* pair = find(entry.node, entry.other, entry.connection);
    const std::size_t self = side(entry.node, entry.other);
    if (pair == nullptr || pair->phase != Phase::open || !pair->end_open[self] || !pair->delay) return false;
    const auto& since = pair->delay->stalled_since[self];
    if (!since || stamp(*since) != entry.aux) return false;
    return on_end_closed(now, entry_for(EntryKind::end_closed, entry.node, entry.other, entry.connection));
}

void Network::resume_flow(Time now, NodeIndex from, NodeIndex to) {
    Pair& pair = pair_of(from, to);
    const std::size_t sender = side(from, to);
    if (pair.phase != Phase::open || !pair.end_open[sender]) return;
    if (!pair.delay || !pair.delay->stalled_since[sender]) return;
    pair.delay->stalled_since[sender].reset();
    const auto waiting = std::exchange(pair.delay->waiting[sender], {});
    for (const BodyIndex body : waiting) {
        if (pair.phase == Phase::open) {
            transmit(now, pair, from, to, body);
        } else {
            bodies_.release(body);
        }
    }
}

// ---------------------------------------------------------------- endings

void Network::break_connection(Time now, Pair& pair, NodeIndex a, NodeIndex b) {
    pair.phase = Phase::broken;
    close_end(now + pair.base, a, b, pair.id, LossReason::closed);
    close_end(now + pair.base, b, a, pair.id, LossReason::closed);
}

void Network::reset(Time now, NodeIndex a, NodeIndex b) {
    Pair& pair = pair_of(a, b);
    if (pair.phase == Phase::open) break_connection(now, pair, a, b);
}

void Network::disconnect(Time now, NodeIndex from, NodeIndex to) { end_died(now, from, to, true); }

// In the order of the partners, whenever they met.
void Network::node_died(Time now, NodeIndex node, bool flush) {
    nodes_[node].up = false;
    std::vector<NodeIndex> partners;
    for (const PairIndex i : nodes_[node].pairs) partners.push_back(pairs_[i].ends[pairs_[i].ends[0] == node ? 1 : 0]);
    std::sort(partners.begin(), partners.end());
    for (const NodeIndex partner : partners) end_died(now, node, partner, flush);
}

void Network::end_died(Time now, NodeIndex node, NodeIndex partner, bool flush) {
    Pair& pair = pair_of(node, partner);
    const std::size_t self = side(node, partner);
    if (!pair.exists() || !pair.end_open[self]) return;
    if (pair.phase == Phase::dialing) {
        const bool other_waits = !pair.delay->waiting[1 - self].empty();
        drop_waiting(pair, self);
        if (pair.dialer != self) return;  // the dial finds out by itself
        forget_connection(pair);
        if (other_waits) tell_lost(now + pair.base, partner, node, LossReason::refused);
        return;
    }
    pair.end_open[self] = false;
    drop_waiting(pair, self);
    if (!pair.end_open[1 - self]) {
        forget_connection(pair);
    } else if (!blocked(node, partner)) {
        if (!flush) pair.phase = Phase::broken;
        const Time when = std::max(now + pair.base, flush ? pair.last_arrival[self] + fifo_gap : now);
        close_end(when, partner, node, pair.id, LossReason::closed);
    }
}

void Network::close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason) {
    Entry e = entry_for(EntryKind::end_closed, node, other, id);
    e.reason = reason;
    queue_.push(when, e);
}

void Network::tell_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason) {
    Entry e = entry_for(EntryKind::link_lost, node, other, 0);
    e.life = nodes_[node].life;
    e.reason = reason;
    queue_.push(when, e);
}

bool Network::arrives(const Entry& entry) const {
    const Pair& pair = pairs_[static_cast<PairIndex>(entry.aux)];
    return pair.id == entry.connection && pair.phase == Phase::open && pair.end_open[side(entry.node, entry.other)];
}

bool Network::on_end_closed(Time now, const Entry& entry) {
    Pair* pair = find(entry.node, entry.other, entry.connection);
    const std::size_t self = side(entry.node, entry.other);
    if (pair == nullptr || !pair->end_open[self]) return false;
    if (pair->phase == Phase::dialing) {
        abandon_dial(now, *pair, entry.node, entry.other, entry.reason);
        return true;
    }
    pair->end_open[self] = false;
    drop_waiting(*pair, self);
    if (!pair->end_open[1 - self]) forget_connection(*pair);
    return true;
}

void Network::abandon_dial(Time now, Pair& pair, NodeIndex dialer, NodeIndex other, LossReason reason) {
    const bool other_waits = !pair.delay->waiting[side(other, dialer)].empty();
    forget_connection(pair);
    if (other_waits) tell_lost(now, other, dialer, reason);
}

// ---------------------------------------------------------------- blocks

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

// ---------------------------------------------------------------- impairments

void Network::impair(NodeIndex from, NodeIndex to, const Impairment& impairment) {
    const auto at = impaired_.find({from, to});
    if (at != impaired_.end() && impairment == Impairment{}) {
        impaired_.erase(at);
    } else if (!(impairment == Impairment{})) {
        impaired_[{from, to}].impairment = impairment;
    }
}

// As node/fault_gate does between real nodes; each message has draws of its own.
void Network::draw_impairment(Time now, NodeIndex from, NodeIndex to, BodyIndex body, Draw& d) {
    constexpr Duration latest_stray = std::chrono::milliseconds(50);
    const auto at = impaired_.find({from, to});
    if (at == impaired_.end()) return;
    auto& [impairment, messages, free_at] = at->second;
    Rng rng = draws_.stream(Purpose::link_fault, from, to, messages++);
    const auto up_to = [&rng](Duration most) {
        return Duration(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most.count()) + 1)));
    };
    const auto stray = [&] { return up_to(latest_stray + impairment.delay + impairment.jitter); };
    if (rng.chance(impairment.drop_per_million)) {
        d.drop = true;
        ++lost_[from];
    }
    if (impairment.bytes_per_second > 0 && size_of_ != nullptr) {
        const auto* received = std::get_if<Received>(&bodies_[body]);
        const double bytes = received == nullptr ? 0 : static_cast<double>(size_of_(received->message));
        const std::chrono::duration<double> time(bytes / static_cast<double>(impairment.bytes_per_second));
        free_at = std::max(now, free_at) + std::chrono::duration_cast<Duration>(time);
        d.delay += free_at - now;
    }
    d.delay += impairment.delay + up_to(impairment.jitter);
    d.overtaken = rng.chance(impairment.reorder_per_million);
    if (d.overtaken) d.delay += stray();
    if (rng.chance(impairment.duplicate_per_million)) {
        d.duplicate = true;
        d.duplicate_after = stray();
    }
}

std::uint64_t Network::lost(NodeIndex from) const {
    const auto at = lost_.find(from);
    return at == lost_.end() ? 0 : at->second;
}

std::size_t Network::held(NodeIndex from) const {
    std::size_t count = 0;
    for (const PairIndex i : nodes_[from].pairs) {
        const Pair& pair = pairs_[i];
        const std::size_t self = pair.ends[0] == from ? 0 : 1;
        if (pair.delay && pair.delay->stalled_since[self]) count += pair.delay->waiting[self].size();
    }
    return count;
}

void Network::prefetch_slot(NodeIndex from, NodeIndex to) const {
    __builtin_prefetch(&table_[hash(from, to) & (table_.size() - 1)]);
}

void Network::prefetch_pair(NodeIndex from, NodeIndex to) const {
    const PairIndex index = table_[hash(from, to) & (table_.size() - 1)];
    if (index != no_pair) __builtin_prefetch(&pairs_[index], 1);
}

bool Network::connected(NodeIndex a, NodeIndex b) const {
    const Pair* pair = known(a, b);
    return pair != nullptr && pair->phase == Phase::open && pair->end_open[0] && pair->end_open[1];
}

}  // namespace gossip::sim
