#include "sim/engine/network.hpp"

#include "protocol/assert.hpp"
#include "protocol/memory/prefetch.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace gossip::sim {
namespace {

constexpr Duration fifo_gap = std::chrono::microseconds(1);    // between two arrivals of one sender
constexpr Duration duplicate_delay = std::chrono::seconds(2);  // most by which a duplicate comes later
constexpr std::size_t linear_search_max = 24;                  // ends that are searched as cheaply as a table
constexpr std::size_t hash_table_min = 256;                    // nodes with so many ends have a table

Entry entry_for(EntryKind kind, NodeIndex node, NodeIndex other, ConnectionId connection) {
    return {.kind = kind, .node = node, .other = other, .connection = connection};
}

std::uint64_t stamp(Time t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }

}  // namespace

Network::Network(const Draws& draws, NetworkOptions options, Nodes& nodes, EventQueue& queue)
    : draws_(draws),
      base_draws_(draws.of(Purpose::link_base)),
      message_draws_(draws.of(Purpose::link_message)),
      options_(options),
      queue_(queue),
      nodes_(nodes) {
    set_profile(options.link);
}

void Network::set_profile(const LinkProfile& profile) {
    GOSSIP_ASSERT(profile.delay_min == options_.link.delay_min && profile.delay_max == options_.link.delay_max &&
                  profile.regions == options_.link.regions);
    options_.link = profile;
    profile_is_calm_ = (profile.tail_per_million | profile.reset_per_million | profile.drop_per_million |
                        profile.duplicate_per_million) == 0;
}

NodeIndex Network::add_node(NodeId id, bool dialable) {
    nodes_.emplace_back();
    nodes_.back().dialable = dialable;
    return ids_.add(id);
}

// ---------------------------------------------------------------- ends

EndIndex Network::guess_end(NodeIndex node, NodeId other, EndIndex guess) const {
    const auto& ends = nodes_[node].ends;
    if (guess < ends.size() && id(ends[guess].other) == other) return guess;
    if (ends.size() > linear_search_max) return no_end;
    const End* at = std::find_if(ends.begin(), ends.end(), [&](const End& e) { return id(e.other) == other; });
    return at == ends.end() ? no_end : static_cast<EndIndex>(at - ends.begin());
}

// Only seeds have so many ends that a table is needed.
EndIndex Network::end_between(NodeIndex node, NodeIndex other) const {
    const auto& ends = nodes_[node].ends;
    if (ends.size() >= hash_table_min) return look_up(node, other);
    const End* at = std::find_if(ends.begin(), ends.end(), [other](const End& e) { return e.other == other; });
    return at == ends.end() ? no_end : static_cast<EndIndex>(at - ends.begin());
}

EndIndex Network::look_up(NodeIndex node, NodeIndex other) const {
    const auto& table = tables_.at(node);
    const std::size_t mask = table.size() - 1;
    for (std::size_t at = mix64(other) & mask; table[at] != no_end; at = (at + 1) & mask) {
        if (nodes_[node].ends[table[at]].other == other) return table[at];
    }
    return no_end;
}

void Network::add_to_table(NodeIndex node, EndIndex end) {
    auto& table = tables_[node];
    const std::size_t mask = table.size() - 1;
    std::size_t at = mix64(nodes_[node].ends[end].other) & mask;
    while (table[at] != no_end) at = (at + 1) & mask;
    table[at] = end;
}

EndIndex Network::add_end(NodeIndex node, NodeIndex other) {
    auto& ends = nodes_[node].ends;
    if (ends.size() == ends.capacity()) ends.reserve(ends.size() + std::max<std::size_t>(2, ends.size() / 4));
    ends.push_back({.other = other});
    const auto last = static_cast<EndIndex>(ends.size() - 1);
    if (ends.size() < hash_table_min) return last;
    if (auto& table = tables_[node]; ends.size() * 2 <= table.size()) {
        add_to_table(node, last);
    } else {
        table.assign(std::bit_ceil(ends.size() * 2 + 1), no_end);
        for (EndIndex end = 0; end <= last; ++end) add_to_table(node, end);
    }
    return last;
}

EndIndex Network::meet(NodeIndex node, NodeIndex other) {
    if (const EndIndex end = end_between(node, other); end != no_end) return end;
    add_end(other, node);
    return add_end(node, other);
}

const End* Network::find_end(NodeIndex node, NodeIndex other) const {
    const EndIndex end = end_between(node, other);
    return end == no_end ? nullptr : &nodes_[node].ends[end];
}

void Network::prefetch_ends(NodeIndex node) const {
    const auto& ends = nodes_[node].ends;
    const std::size_t bytes = std::min(ends.size(), linear_search_max) * sizeof(End);
    prefetch_for_write(ends.data(), (bytes + cache_line - 1) / cache_line);
}

inline Duration Network::base_delay(NodeIndex a, NodeIndex b) const {
    const LinkProfile& p = options_.link;
    if (p.regions > 1) return region_delay(a, b);
    Rng rng(base_draws_.at(std::min(a, b), std::max(a, b), 0));
    return p.delay_min + rng.up_to(p.delay_max - p.delay_min);
}

Duration Network::region_delay(NodeIndex a, NodeIndex b) const {
    const LinkProfile& p = options_.link;
    const auto region = [&](NodeIndex node) { return draws_.stream(Purpose::region, node).below(p.regions); };
    const std::uint64_t apart = (region(a) + p.regions - region(b)) % p.regions;
    const auto steps = static_cast<std::int64_t>(std::min(apart, p.regions - apart));
    return p.delay_min + (p.delay_max - p.delay_min) * steps / std::max<std::int64_t>(p.regions / 2, 1);
}

End* Network::find_connected(NodeIndex node, NodeIndex other, ConnectionId id) {
    const EndIndex at = end_between(node, other);
    if (at == no_end) return nullptr;
    End& end = end_of(node, at);
    return end.exists() && connection(node, end) == id ? &end : nullptr;
}

inline Duration Network::message_delay(Duration base, Rng& rng) const {
    return base + rng.up_to(base * options_.link.jitter_percent / 100);
}

Network::Draw Network::draw(End& end, NodeIndex from) {
    const LinkProfile& p = options_.link;
    Rng rng = stream_for(end, from);
    Draw d;
    d.delay = message_delay(base_delay(from, end.other), rng);
    if (p.tail_per_million > 0 && rng.chance(p.tail_per_million)) d.delay *= p.tail_factor;
    d.reset = p.reset_per_million > 0 && rng.chance(p.reset_per_million);
    d.drop = p.drop_per_million > 0 && rng.chance(p.drop_per_million);
    d.duplicate = p.duplicate_per_million > 0 && rng.chance(p.duplicate_per_million);
    if (d.duplicate) d.duplicate_after = rng.below(duplicate_delay);
    return d;
}

ConnectionId Network::connection(NodeIndex node, const End& end) const {
    return end.first ? 0 : later_.at(pair(node, end.other));
}

Network::Backlog* Network::find_backlog(NodeIndex node, const End& end) {
    const auto at = backlogs_.find(pair(node, end.other));
    return at == backlogs_.end() ? nullptr : &at->second;
}

void Network::drop_waiting(NodeIndex node, const End& end) {
    if (Backlog* backlog = find_backlog(node, end)) backlog->waiting[side(node, end.other)].clear();
}

void Network::set_phase(NodeIndex node, End& end, Phase phase) {
    end.state = static_cast<std::uint8_t>(phase) & 3U;
    other_end(node, end).state = end.state;
}

void Network::close(NodeIndex node, End& end) {
    note_ended(node, end);
    end.open = false;
    other_end(node, end).other_open = false;
}

// From now on both nodes check the connection of every message that arrives; see arrives().
void Network::note_ended(NodeIndex node, const End& end) {
    nodes_[node].connection_ended = true;
    nodes_[end.other].connection_ended = true;
}

void Network::begin_connection(NodeIndex node, End& end, Phase phase) {
    const bool first = end.met == 0;
    for (End* e : {&end, &other_end(node, end)}) {
        e->met = true;
        e->first = first;
        e->open = true;
        e->other_open = true;
        e->arrival = 0;
        e->dialer = e == &end;
    }
    if (!first) {
        GOSSIP_ASSERT(next_connection_ != 0);
        later_[pair(node, end.other)] = next_connection_++;
    }
    set_phase(node, end, phase);
}

void Network::forget_connection(NodeIndex node, End& end) {
    if (!end.exists()) return;
    backlogs_.erase(pair(node, end.other));
    close(node, end);
    close(end.other, other_end(node, end));
    set_phase(node, end, Phase::none);
}

// ---------------------------------------------------------------- sending

[[gnu::always_inline]] inline void Network::post(Time when, const End& end, NodeIndex from, SharedMessage&& message) {
    Entry e{.kind = EntryKind::message,
            .trust = static_cast<Trust>(nodes_[from].trust),
            .node = end.other,
            .other = from,
            .connection = end.first ? 0 : connection(from, end)};
    e.message = std::move(message).detach();
    queue_.push(when, e);
}

[[gnu::always_inline]] inline Time Network::arrival_in_order(Time arrival, End& end) {
    const Time behind = std::max(arrival, end.last_arrival() + fifo_gap);
    end.set_last_arrival(behind);
    return behind;
}

void Network::schedule(Time now, End& end, NodeIndex from, SharedMessage&& message, const Draw& d) {
    if (d.overtaken) {
        return post(std::max(now + d.delay, end.last_arrival() + fifo_gap), end, from, std::move(message));
    }
    const Time arrival = arrival_in_order(now + d.delay, end);
    if (d.duplicate) post(arrival + d.duplicate_after, end, from, SharedMessage(message));
    post(arrival, end, from, std::move(message));
}

void Network::send(Time now, NodeIndex from, EndIndex at, SharedMessage&& message) {
    End& end = end_of(from, at);
    if (end.flows() && calm()) {  // the common case
        Rng rng = stream_for(end, from);
        const Time arrival = arrival_in_order(now + message_delay(base_delay(from, end.other), rng), end);
        return post(arrival, end, from, std::move(message));
    }
    if (!end.exists() || !end.open) {
        if (!nodes_[end.other].dialable) return notify_lost(now, from, end.other, LossReason::closed);
        open(now, end, from);
    }
    if (end.phase() == Phase::open) return transmit(now, end, from, std::move(message));
    if (end.phase() == Phase::broken) return;  // the sender has not noticed yet: the message is lost
    backlog_of(from, end).waiting[side(from, end.other)].push_back(std::move(message));
}

void Network::open(Time now, End& end, NodeIndex from) {
    const NodeIndex to = end.other;
    if (end.exists() && end.other_open && nodes_[to].up) {
        // The other node has not noticed the end of the old connection; the new SYN tells it.
        notify_lost(now + base_delay(from, to), to, from, LossReason::closed);
    }
    forget_connection(from, end);
    begin_connection(from, end, Phase::dialing);
    backlog_of(from, end).dial_started = now;
    queue_.push(now + draw(end, from).delay, entry_for(EntryKind::dial, to, from, connection(from, end)));
}

void Network::connect(NodeIndex a, NodeIndex b) {
    End& end = end_of(a, meet(a, b));
    GOSSIP_ASSERT(!end.met);
    begin_connection(a, end, Phase::open);
    end.initial = true;
    other_end(a, end).initial = true;
}

std::vector<NodeId> Network::initial_neighbours(NodeIndex node) const {
    std::vector<NodeId> others;
    for (const End& end : nodes_[node].ends) {
        if (end.initial) others.push_back(id(end.other));
    }
    return others;
}

std::uint32_t Network::count_initial_neighbours(NodeIndex node) const {
    const auto& ends = nodes_[node].ends;
    return static_cast<std::uint32_t>(
        std::count_if(ends.begin(), ends.end(), [](const End& end) { return end.initial == 1; }));
}

void Network::on_dial(Time now, const Entry& entry) {
    const NodeIndex dialer = entry.other;
    End* end = find_connected(dialer, entry.node, entry.connection);
    if (end == nullptr || end->phase() != Phase::dialing) return;
    if (!both_ways(entry.node, dialer)) {
        const Time deadline = find_backlog(dialer, *end)->dial_started + options_.dial_timeout;
        if (now + options_.dial_retry < deadline) {
            queue_.push(now + options_.dial_retry, entry);
        } else {
            close_end(std::max(now, deadline), dialer, entry.node, entry.connection, LossReason::timed_out);
        }
        return;
    }
    if (!nodes_[entry.node].up) {
        const Duration back = draw(other_end(dialer, *end), entry.node).delay;
        return close_end(now + back, dialer, entry.node, entry.connection, LossReason::refused);
    }
    established(now, *end, dialer);
}

void Network::established(Time now, End& dialer_end, NodeIndex dialer) {
    const NodeIndex accepter = dialer_end.other;
    End& accepter_end = other_end(dialer, dialer_end);
    set_phase(dialer, dialer_end, Phase::open);
    auto backlog = std::move(backlogs_.extract(pair(dialer, accepter)).mapped());
    const Time answered = now + draw(accepter_end, accepter).delay;
    transmit_all(answered, dialer_end, dialer, std::move(backlog.waiting[side(dialer, accepter)]));
    transmit_all(now, accepter_end, accepter, std::move(backlog.waiting[side(accepter, dialer)]));
}

void Network::transmit_all(Time now, End& end, NodeIndex from, std::vector<SharedMessage> messages) {
    for (SharedMessage& message : messages) {
        if (end.phase() == Phase::open) transmit(now, end, from, std::move(message));
    }
}

void Network::transmit(Time now, End& end, NodeIndex from, SharedMessage message) {
    if (blocked(from, end.other)) {
        backlog_of(from, end).waiting[side(from, end.other)].push_back(std::move(message));
        return stall(now, end, from);
    }
    if (blocked(end.other, from)) stall(now, end, from);  // arrives, but its acknowledgement does not
    Draw d = draw(end, from);
    if (!impaired_.empty()) draw_impairment(now, from, end.other, message, d);
    if (end.other_open && !d.reset && !d.drop) return schedule(now, end, from, std::move(message), d);
    if (!end.other_open) {  // answered by a reset
        close_end(now + 2 * d.delay, from, end.other, connection(from, end), LossReason::closed);
    } else if (d.reset) {
        break_connection(now, end, from);
    }
}

void Network::stall(Time now, End& end, NodeIndex from) {
    auto& since = backlog_of(from, end).stalled_since[side(from, end.other)];
    if (since) return;
    since = now;
    Entry e = entry_for(EntryKind::stalled, from, end.other, connection(from, end));
    e.reason = LossReason::timed_out;
    e.aux = stamp(now);
    queue_.push(now + options_.stall_timeout, e);
}

bool Network::on_stalled(Time now, const Entry& entry) {
    const End* end = find_connected(entry.node, entry.other, entry.connection);
    if (end == nullptr || end->phase() != Phase::open || !end->open) return false;
    const Backlog* backlog = find_backlog(entry.node, *end);
    if (backlog == nullptr) return false;
    const auto& since = backlog->stalled_since[side(entry.node, entry.other)];
    if (!since || stamp(*since) != entry.aux) return false;
    return on_end_closed(now, entry_for(EntryKind::end_closed, entry.node, entry.other, entry.connection));
}

void Network::resume_flow(Time now, NodeIndex from, NodeIndex to) {
    const EndIndex at = end_between(from, to);
    if (at == no_end) return;
    End& end = end_of(from, at);
    const std::size_t sender = side(from, to);
    if (end.phase() != Phase::open || !end.open) return;
    Backlog* backlog = find_backlog(from, end);
    if (backlog == nullptr || !backlog->stalled_since[sender]) return;
    backlog->stalled_since[sender].reset();
    transmit_all(now, end, from, std::exchange(backlog->waiting[sender], {}));
}

// ---------------------------------------------------------------- endings

void Network::break_connection(Time now, End& end, NodeIndex node) {
    note_ended(node, end);
    set_phase(node, end, Phase::broken);
    const Time noticed = now + base_delay(node, end.other);
    close_end(noticed, node, end.other, connection(node, end), LossReason::closed);
    close_end(noticed, end.other, node, connection(node, end), LossReason::closed);
}

void Network::reset(Time now, NodeIndex a, NodeIndex b) {
    const EndIndex at = end_between(a, b);
    if (at != no_end && end_of(a, at).phase() == Phase::open) break_connection(now, end_of(a, at), a);
}

void Network::disconnect(Time now, NodeIndex from, NodeIndex to) {
    const EndIndex at = end_between(from, to);
    if (at != no_end) close_dead_end(now, end_of(from, at), from, true);
}

// Ordered by the other node's index, not by first contact.
void Network::node_died(Time now, NodeIndex node, bool flush) {
    nodes_[node].up = false;
    std::vector<End*> ends;
    for (End& end : nodes_[node].ends) ends.push_back(&end);
    std::sort(ends.begin(), ends.end(), [](const End* a, const End* b) { return a->other < b->other; });
    for (End* end : ends) close_dead_end(now, *end, node, flush);
}

void Network::close_dead_end(Time now, End& end, NodeIndex node, bool flush) {
    const NodeIndex partner = end.other;
    if (!end.exists() || !end.open) return;
    if (end.phase() == Phase::dialing) {
        const bool other_waits = !find_backlog(node, end)->waiting[side(partner, node)].empty();
        drop_waiting(node, end);
        if (!end.dialer) return;  // the dialer's SYN will be refused
        forget_connection(node, end);
        if (other_waits) notify_lost(now + base_delay(node, partner), partner, node, LossReason::refused);
        return;
    }
    close(node, end);
    drop_waiting(node, end);
    if (!end.other_open) {
        forget_connection(node, end);
    } else if (!blocked(node, partner)) {
        if (!flush) set_phase(node, end, Phase::broken);
        const Time when = std::max(now + base_delay(node, partner), flush ? end.last_arrival() + fifo_gap : now);
        close_end(when, partner, node, connection(node, end), LossReason::closed);
    }
}

void Network::close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason) {
    Entry e = entry_for(EntryKind::end_closed, node, other, id);
    e.reason = reason;
    queue_.push(when, e);
}

void Network::notify_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason) {
    Entry e = entry_for(EntryKind::link_lost, node, other, 0);
    e.life = nodes_[node].life;
    e.reason = reason;
    queue_.push(when, e);
}

bool Network::still_open(const Entry& message) const {
    const End* end = find_end(message.node, message.other);
    if (end == nullptr || end->phase() != Phase::open || !end->open) return false;
    return message.connection == 0 ? end->first == 1
                                   : !end->first && message.connection == connection(message.node, *end);
}

bool Network::on_end_closed(Time now, const Entry& entry) {
    End* end = find_connected(entry.node, entry.other, entry.connection);
    if (end == nullptr || !end->open) return false;
    if (end->phase() == Phase::dialing) {
        abandon_dial(now, *end, entry.node, entry.reason);
        return true;
    }
    close(entry.node, *end);
    drop_waiting(entry.node, *end);
    if (!end->other_open) forget_connection(entry.node, *end);
    return true;
}

void Network::abandon_dial(Time now, End& end, NodeIndex dialer, LossReason reason) {
    const bool other_waits = !find_backlog(dialer, end)->waiting[side(end.other, dialer)].empty();
    forget_connection(dialer, end);
    if (other_waits) notify_lost(now, end.other, dialer, reason);
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

// The same faults as node/transport/fault_gate injects between real nodes.
void Network::draw_impairment(Time now, NodeIndex from, NodeIndex to, const SharedMessage& message, Draw& d) {
    constexpr Duration latest_stray = std::chrono::milliseconds(50);
    const auto at = impaired_.find({from, to});
    if (at == impaired_.end()) return;
    ImpairedLink& link = at->second;
    const Impairment& impairment = link.impairment;
    Rng rng = draws_.stream(Purpose::link_fault, from, to, link.messages++);
    const auto stray = [&] { return rng.up_to(latest_stray + impairment.delay + impairment.jitter); };
    if (rng.chance(impairment.drop_per_million)) {
        d.drop = true;
        ++lost_[from];
    }
    if (impairment.bytes_per_second > 0 && size_of_ != nullptr) {
        const auto bytes = static_cast<double>(size_of_(message));
        const std::chrono::duration<double> time(bytes / static_cast<double>(impairment.bytes_per_second));
        link.free_at = std::max(now, link.free_at) + std::chrono::duration_cast<Duration>(time);
        d.delay += link.free_at - now;
    }
    d.delay += impairment.delay + rng.up_to(impairment.jitter);
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
    for (const End& end : nodes_[from].ends) {
        const auto backlog = backlogs_.find(pair(from, end.other));
        if (backlog == backlogs_.end()) continue;
        const std::size_t self = side(from, end.other);
        if (backlog->second.stalled_since[self]) count += backlog->second.waiting[self].size();
    }
    return count;
}

bool Network::connected(NodeIndex a, NodeIndex b) const {
    const End* end = find_end(a, b);
    return end != nullptr && end->phase() == Phase::open && end->open && end->other_open;
}

}  // namespace gossip::sim
