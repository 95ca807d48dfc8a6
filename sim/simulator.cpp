#include "sim/simulator.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {
namespace {

std::int64_t millis(Time t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

// Messages, losses and syncs wait in the kernel in their order; timers are found due after them.
bool is_timer(const Entry& e) { return e.kind == EntryKind::timer; }

}  // namespace

Simulator::Simulator(SimOptions options)
    : options_(options), draws_(options.seed), network_(draws_, options.network, queue_) {
    effects_.quiet = options.quiet;
}

NodeIndex Simulator::index_of(NodeId id) const {
    const auto at = index_.find(id);
    return at == index_.end() ? no_node : at->second;
}

void Simulator::add(NodeId id, Factory factory, NodeOptions options) {
    if (!index_.contains(id)) {
        index_[id] = network_.add_node(!is_anonymous(id));
        nodes_.emplace_back();
    }
    Node& n = node(id);
    GOSSIP_ASSERT(n.life == 0);
    n.id = id;
    n.factory = std::move(factory);
    n.options = options;
    n.disk_profile = options_.disk;
}

void Simulator::start(NodeId id) {
    const NodeIndex i = index_of(id);
    Node& n = nodes_[i];
    GOSSIP_ASSERT(n.machine == nullptr);
    ++n.life;
    n.paused = false;
    n.cut_next_step = false;
    n.disturbed = now_;
    network_.set_up(i, n.life);
    const auto key = static_cast<std::uint64_t>(id);
    n.machine = n.factory({id, n.life, draws_.stream(Purpose::machine, key, n.life), n.disk.records()});
    for (Observer* o : observers_) o->on_started(now_, id, n.life);
    step(i, Started{wall(id)});
}

void Simulator::crash(NodeId id, CrashKind kind) { stop(index_of(id), StopKind::crashed, kind); }

void Simulator::crash_within_next_step(NodeId id, CrashKind kind) {
    node(id).cut_next_step = true;
    node(id).cut_kind = kind;
}

void Simulator::stop(NodeIndex i, StopKind how, CrashKind kind) {
    Node& n = nodes_[i];
    if (n.machine == nullptr) return;
    n.machine.reset();
    n.held.clear();
    n.missed.clear();
    n.paused = false;
    const auto key = static_cast<std::uint64_t>(n.id);
    if (n.disk.crash(kind, draws_.stream(Purpose::disk_crash, key, n.life))) ++torn_tails_;
    const bool flush = how == StopKind::finished || (draws_.at(Purpose::link_close, key, n.life) & 1) == 0;
    network_.node_died(now_, i, flush && kind == CrashKind::process);
    for (Observer* o : observers_) o->on_stopped(now_, n.id, how);
}

void Simulator::pause(NodeId id) {
    if (node(id).machine != nullptr) node(id).paused = true;
}

void Simulator::resume(NodeId id) {
    Node& n = node(id);
    if (!n.paused) return;
    n.paused = false;
    n.disturbed = now_;
    auto missed = std::exchange(n.missed, {});
    std::stable_partition(missed.begin(), missed.end(), [](const Entry& e) { return !is_timer(e); });
    for (Entry& e : missed) queue_.push(now_, std::move(e));
}

void Simulator::wipe_disk(NodeId id) {
    GOSSIP_ASSERT(node(id).machine == nullptr);
    node(id).disk.wipe();
}

void Simulator::feed(NodeId id, Event event) {
    Entry e;
    e.kind = EntryKind::event;
    e.node = index_of(id);
    e.life = nodes_[e.node].life;
    e.event = std::move(event);
    queue_.push(now_, std::move(e));
}

void Simulator::at(Time when, std::function<void()> action) {
    Entry e;
    e.kind = EntryKind::action;
    e.action = std::move(action);
    queue_.push(std::max(when, now_), std::move(e));
}

void Simulator::set_sync_max(NodeId id, Duration longest) { node(id).disk_profile.sync_max = longest; }
void Simulator::block(NodeId from, NodeId to) { network_.block(index_of(from), index_of(to)); }
void Simulator::unblock(NodeId from, NodeId to) { network_.unblock(now_, index_of(from), index_of(to)); }
void Simulator::reset_link(NodeId a, NodeId b) { network_.reset(now_, index_of(a), index_of(b)); }

bool Simulator::step_one() {
    if (queue_.empty()) return false;
    longest_queue_ = std::max(longest_queue_, queue_.size());
    EventQueue::Due due = queue_.pop();
    now_ = due.time;
    dispatch(std::move(due.entry));
    return true;
}

void Simulator::run_until(Time end) {
    while (!queue_.empty() && queue_.next_time() <= end) step_one();
    now_ = std::max(now_, end);
}

bool Simulator::run_some(Time end, std::uint64_t steps) {
    for (; steps > 0; --steps) {
        if (queue_.empty() || queue_.next_time() > end) {
            now_ = std::max(now_, end);
            return true;
        }
        step_one();
    }
    return false;
}

bool Simulator::run_until(const std::function<bool()>& condition, Time end) {
    while (!condition()) {
        if (queue_.empty() || queue_.next_time() > end) {
            now_ = std::max(now_, end);
            return condition();
        }
        step_one();
    }
    return true;
}

void Simulator::dispatch(Entry entry) {
    if (entry.kind == EntryKind::action) return entry.action();
    if (entry.kind == EntryKind::dial) return network_.on_dial(now_, entry);
    Node& n = nodes_[entry.node];
    if (n.machine == nullptr) return;
    const bool of_this_life = entry.kind == EntryKind::message || entry.kind == EntryKind::end_closed ||
                              entry.kind == EntryKind::stalled || entry.life == n.life;
    if (!of_this_life) return;
    if (n.paused) return wait_for_resume(n, std::move(entry));
    handle(std::move(entry));
}

// The kernel goes on while the process stands still: what arrives is acknowledged and kept.
void Simulator::wait_for_resume(Node& n, Entry entry) { n.missed.push_back(std::move(entry)); }

void Simulator::handle(Entry entry) {
    const NodeIndex i = entry.node;
    const auto other = [&] { return nodes_[entry.other].id; };
    switch (entry.kind) {
        case EntryKind::message:
            if (network_.arrives(entry)) step(i, Received{other(), trust_of(entry.other), std::move(entry.message)});
            break;
        case EntryKind::timer:
            step(i, TimerFired{entry.tag});
            break;
        case EntryKind::end_closed:
            if (network_.on_end_closed(now_, entry)) step(i, LinkLost{other(), entry.reason});
            break;
        case EntryKind::stalled:
            if (network_.on_stalled(now_, entry)) step(i, LinkLost{other(), entry.reason});
            break;
        case EntryKind::link_lost:
            step(i, LinkLost{other(), entry.reason});
            break;
        case EntryKind::synced:
            handle_synced(i);
            break;
        case EntryKind::event:
            step(i, *entry.event);
            break;
        case EntryKind::dial:
        case EntryKind::action:
            break;
    }
}

void Simulator::handle_synced(NodeIndex i) {
    Node& n = nodes_[i];
    const auto before = n.disk.unsynced();
    std::vector<Append> written(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(n.disk.covered()));
    const AppendSeq upto = n.disk.end_sync();
    for (Observer* o : observers_) o->on_synced(now_, n.id, written);
    start_sync(i);
    release_held(i);
    step(i, Persisted{upto});
}

void Simulator::step(NodeIndex i, const Event& event) {
    Node& n = nodes_[i];
    effects_.clear();
    n.machine->step(now_, event, effects_);
    ++events_;
    trace_hash_ = mix64(trace_hash_ ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    trace_hash_ = mix64(trace_hash_ ^ i);
    trace_hash_ = mix64(trace_hash_ ^ event_hash(event));
    for (Observer* o : observers_) o->on_step(now_, n.id, event, effects_);
    const bool acts = !effects_.sends.empty() || !effects_.appends.empty();
    if (n.cut_next_step && acts) return apply_cut(i);
    apply(i);
}

void Simulator::apply(NodeIndex i) {
    Node& n = nodes_[i];
    n.disk.append(effects_.appends);
    for (const SetTimer& t : effects_.timers) {
        Entry e;
        e.kind = EntryKind::timer;
        e.node = i;
        e.life = n.life;
        e.tag = t.tag;
        queue_.push(std::max(t.due, now_), std::move(e));
    }
    for (Send& s : effects_.sends) n.held.push_back(std::move(s));
    release_held(i);
    for (const Disconnect& d : effects_.disconnects) {
        const NodeIndex to = index_of(d.node);
        if (to != no_node) network_.disconnect(now_, i, to);
    }
    start_sync(i);
    if (effects_.fatal) stop(i, StopKind::fatal, CrashKind::process);
    if (effects_.finished) stop(i, StopKind::finished, CrashKind::process);
}

// Dies between two effects: some of the records are written, and only then some of the sends left.
void Simulator::apply_cut(NodeIndex i) {
    Node& n = nodes_[i];
    Rng rng = draws_.stream(Purpose::disk_crash, static_cast<std::uint64_t>(n.id), n.life, 1);
    const std::size_t effects = effects_.appends.size() + effects_.sends.size();
    const auto done = static_cast<std::size_t>(rng.below(effects + 1));
    const std::size_t written = std::min(done, effects_.appends.size());
    n.disk.append(std::span(effects_.appends).first(written));
    effects_.sends.resize(done - written);
    for (Send& s : effects_.sends) n.held.push_back(std::move(s));
    release_held(i);
    stop(i, StopKind::crashed, n.cut_kind);
}

void Simulator::release_held(NodeIndex i) {
    Node& n = nodes_[i];
    const AppendSeq durable = n.disk.durable_upto();
    std::vector<NodeId> waiting;  // nodes with an earlier send still held
    std::deque<Send> kept;
    auto held = std::exchange(n.held, {});
    for (Send& s : held) {
        const bool behind = std::find(waiting.begin(), waiting.end(), s.to) != waiting.end();
        if (s.after > durable || behind) {
            if (!behind) waiting.push_back(s.to);
            kept.push_back(std::move(s));
        } else {
            leave(i, std::move(s));
        }
    }
    n.held = std::move(kept);
}

void Simulator::leave(NodeIndex i, Send send) {
    for (Observer* o : observers_) o->on_wire(now_, nodes_[i].id, send.to, send.message);
    const NodeIndex to = index_of(send.to);
    if (to != no_node) return network_.send(now_, i, to, std::move(send.message));
    // Nobody has ever listened there: the host says so.
    add(send.to, nullptr);
    network_.send(now_, i, index_of(send.to), std::move(send.message));
}

void Simulator::start_sync(NodeIndex i) {
    Node& n = nodes_[i];
    if (n.disk.sync_running() || !n.disk.dirty()) return;
    n.disk.begin_sync();
    const DiskProfile& p = n.disk_profile;
    Rng rng = draws_.stream(Purpose::disk_sync, static_cast<std::uint64_t>(n.id), n.syncs++);
    const auto spread = static_cast<std::uint64_t>(std::max((p.sync_max - p.sync_min).count(), std::int64_t{0}));
    Entry e;
    e.kind = EntryKind::synced;
    e.node = i;
    e.life = n.life;
    queue_.push(now_ + p.sync_min + Duration(static_cast<std::int64_t>(rng.below(spread + 1))), std::move(e));
}

bool Simulator::is_up(NodeId id) const { return machine(id) != nullptr; }

bool Simulator::is_paused(NodeId id) const {
    const NodeIndex i = index_of(id);
    return i != no_node && nodes_[i].paused;
}

bool Simulator::blocked(NodeId from, NodeId to) const { return network_.blocked(index_of(from), index_of(to)); }

bool Simulator::reachable(NodeId from, NodeId to) const {
    return is_up(from) && is_up(to) && !is_paused(from) && !is_paused(to) && !blocked(from, to) && !blocked(to, from);
}

Time Simulator::undisturbed_since(NodeId a, NodeId b) const {
    if (!reachable(a, b)) return now_;
    const NodeIndex i = index_of(a);
    const NodeIndex j = index_of(b);
    return std::max({nodes_[i].disturbed, nodes_[j].disturbed, network_.freed_at(i, j), network_.freed_at(j, i)});
}

Machine* Simulator::machine(NodeId id) const {
    const NodeIndex i = index_of(id);
    return i == no_node ? nullptr : nodes_[i].machine.get();
}

std::uint32_t Simulator::life(NodeId id) const { return nodes_[index_of(id)].life; }
const Disk& Simulator::disk(NodeId id) const { return nodes_[index_of(id)].disk; }

std::vector<NodeId> Simulator::nodes() const {
    std::vector<NodeId> ids;
    for (const auto& [id, i] : index_) ids.push_back(id);
    return ids;
}

WallMs Simulator::wall(NodeId id) const {
    return options_.wall_at_zero + millis(now_) + nodes_[index_of(id)].options.wall_skew_ms;
}

}  // namespace gossip::sim
