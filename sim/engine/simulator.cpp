#include "sim/engine/simulator.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace gossip::sim {
namespace {

std::int64_t millis(Time t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

// While a process is paused, the kernel queues messages, losses and syncs; the process handles them before timers.
bool is_timer(const Entry& e) { return e.kind == EntryKind::timer; }

}  // namespace

Simulator::Simulator(SimOptions options)
    : options_(options), draws_(options.seed), network_(draws_, options.network, nodes_, queue_) {
    effects_.quiet = options.quiet;
}

// Queued entries own messages.
Simulator::~Simulator() {
    queue_.each([this](const Entry& entry) { discard(entry); });
    for (NodeIndex i = 0; i < nodes_.size(); ++i) {
        if (const ColdState* r = find_cold(i)) std::ranges::for_each(r->missed, [this](const Entry& e) { discard(e); });
    }
}

// ---------------------------------------------------------------- nodes

ColdState& Simulator::cold(NodeIndex i) {
    const auto [at, fresh] = cold_.try_emplace(i);
    if (fresh) {
        at->second.disk_profile = options_.disk;
        nodes_[i].cold = true;
    }
    return at->second;
}

// When the node was last started or resumed.
Time Simulator::disturbed(NodeIndex i) const {
    const ColdState* cold = find_cold(i);
    return cold != nullptr ? cold->disturbed : Time{};
}

AppendSeq Simulator::durable(NodeIndex i) const {
    const ColdState* cold = find_cold(i);
    return cold != nullptr ? cold->disk.durable_upto() : 0;
}

void Simulator::add(NodeId id, Factory factory, NodeOptions options) {
    factories_.push_back(std::move(factory));
    begin(id, static_cast<std::uint32_t>(factories_.size() - 1), options);
}

void Simulator::add_like(NodeId id, NodeId like, NodeOptions options) { begin(id, node(like).factory, options); }

void Simulator::begin(NodeId id, std::uint32_t factory, NodeOptions options) {
    const NodeIndex known = index_of(id);
    const NodeIndex i = known != no_node ? known : network_.add_node(id, !is_anonymous(id));
    Node& n = nodes_[i];
    GOSSIP_ASSERT(n.life == 0);
    n.factory = factory;
    n.trust = static_cast<std::uint16_t>(options.trust) & 3U;
    if (options.wall_skew_ms != 0) cold(i).wall_skew_ms = options.wall_skew_ms;
}

void Simulator::start(NodeId id) {
    const NodeIndex i = index_of(id);
    begin_life(i);
    step(i, Started{wall(id)});
}

void Simulator::start_with(NodeId id, const FirstStep& first) {
    const NodeIndex i = index_of(id);
    begin_life(i);
    first(*nodes_[i].machine, now_, wall(id), effects_);
    apply(i);
    effects_.clear();
}

void Simulator::begin_life(NodeIndex i) {
    Node& n = nodes_[i];
    GOSSIP_ASSERT(n.machine == nullptr);
    ++n.life;
    GOSSIP_ASSERT(n.life != 0);
    n.paused = false;
    if (n.cold || now_ != Time{}) {
        cold(i).cut_next_step = false;
        cold(i).disturbed = now_;
    }
    network_.set_up(i);
    const NodeId id = network_.id(i);
    const auto key = static_cast<std::uint64_t>(id);
    const auto journal = n.cold ? cold(i).disk.records() : std::span<const Record>{};
    n.machine = factories_[n.factory]({id, n.life, draws_.stream(Purpose::machine, key, n.life), journal});
    for (Observer* o : observers_) o->on_started(now_, id, n.life);
}

void Simulator::crash(NodeId id, CrashKind kind) { stop(index_of(id), StopKind::crashed, kind); }

void Simulator::crash_within_next_step(NodeId id, CrashKind kind) {
    ColdState& r = cold(index_of(id));
    r.cut_next_step = true;
    r.cut_kind = kind;
}

void Simulator::cancel_crash_within_step(NodeId id) { cold(index_of(id)).cut_next_step = false; }

void Simulator::stop(NodeIndex i, StopKind how, CrashKind kind) {
    Node& n = nodes_[i];
    if (n.machine == nullptr) return;
    n.machine.reset();
    n.paused = false;
    const auto key = static_cast<std::uint64_t>(network_.id(i));
    if (ColdState* r = find_cold(i)) {
        r->held.clear();
        for (const Entry& e : std::exchange(r->missed, {})) discard(e);
        if (r->disk.crash(kind, draws_.stream(Purpose::disk_crash, key, n.life))) ++torn_tails_;
    }
    const bool flush = how == StopKind::finished || (draws_.at(Purpose::link_close, key, n.life) & 1) == 0;
    network_.node_died(now_, i, flush && kind == CrashKind::process);
    for (Observer* o : observers_) o->on_stopped(now_, network_.id(i), how);
}

void Simulator::pause(NodeId id) {
    if (node(id).machine != nullptr) node(id).paused = true;
}

void Simulator::resume(NodeId id) {
    Node& n = node(id);
    if (!n.paused) return;
    n.paused = false;
    ColdState& r = cold(index_of(id));
    r.disturbed = now_;
    auto missed = std::exchange(r.missed, {});
    std::stable_partition(missed.begin(), missed.end(), [](const Entry& e) { return !is_timer(e); });
    for (const Entry& e : missed) queue_.push(now_, e);
}

void Simulator::wipe_disk(NodeId id) {
    GOSSIP_ASSERT(node(id).machine == nullptr);
    cold(index_of(id)).disk.wipe();
}

void Simulator::feed(NodeId id, Event event) {
    Entry e;
    e.kind = EntryKind::event;
    e.node = index_of(id);
    e.life = nodes_[e.node].life;
    e.pooled = fed_.put(std::move(event));
    queue_.push(now_, e);
}

void Simulator::at(Time when, std::function<void()> action) {
    Entry e;
    e.kind = EntryKind::action;
    e.pooled = actions_.put(std::move(action));
    queue_.push(std::max(when, now_), e);
}

void Simulator::fail_disk(NodeId id, DiskFailure failure) { cold(index_of(id)).disk_failure = failure; }
void Simulator::set_sync_max(NodeId id, Duration longest) { cold(index_of(id)).disk_profile.sync_max = longest; }
void Simulator::block(NodeId from, NodeId to) { network_.block(index_of(from), index_of(to)); }
void Simulator::unblock(NodeId from, NodeId to) { network_.unblock(now_, index_of(from), index_of(to)); }
void Simulator::reset_link(NodeId a, NodeId b) { network_.reset(now_, index_of(a), index_of(b)); }

void Simulator::impair(NodeId from, NodeId to, const Impairment& impairment) {
    network_.impair(index_of(from), index_of(to), impairment);
}

std::optional<Time> Simulator::next_time() const {
    return queue_.empty() ? std::nullopt : std::optional(queue_.next_time());
}

bool Simulator::step_one() {
    if (queue_.empty()) return false;
    longest_queue_ = std::max(longest_queue_, queue_.size());
    const EventQueue::Due due = queue_.pop();
    prefetch_ahead();
    now_ = due.time;
    dispatch(due.entry);
    return true;
}

// Consecutive events are mostly at different nodes, which are far apart in memory. The memory that an event needs is
// prefetched while earlier events run, in stages: each pointer before what it points to.
void Simulator::prefetch_ahead() const {
    constexpr std::size_t far = 16;
    constexpr std::size_t near = 11;
    constexpr std::size_t next = 7;
    constexpr std::size_t last = 5;
    const std::size_t ready = queue_.ready();
    if (ready > far) {
        const auto& item = queue_.ahead(far);
        if (item.node != no_node) prefetch(&nodes_[item.node]);
        if (item.is_message()) SharedMessage::prefetch(item.message());
    }
    if (ready > near) {
        const NodeIndex node = queue_.ahead(near).node;
        if (node != no_node) prefetch(nodes_[node].machine.get(), machine_lines);
    }
    const auto machine_ahead = [this](NodeIndex node) {
        return node == no_node ? nullptr : static_cast<const HintedMachine*>(nodes_[node].machine.get());
    };
    if (ready > next) {
        if (const HintedMachine* machine = machine_ahead(queue_.ahead(next).node)) machine->prefetch();
    }
    if (ready > last) {
        const auto& item = queue_.ahead(last);
        if (const HintedMachine* machine = machine_ahead(item.node)) prefetch_for(*machine, item);
    }
}

// The last stage. Ends are needed only if the machine will send; a duplicate message is not forwarded.
void Simulator::prefetch_for(const HintedMachine& machine, const EventQueue::Packed& item) const {
    const auto ask = [&machine](const SharedMessage& m) { return machine.prefetch(m); };
    const bool sends = !item.is_message() || SharedMessage::look(item.message(), ask);
    if (sends) network_.prefetch_ends(item.node);
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

void Simulator::discard(const Entry& entry) {
    if (entry.kind == EntryKind::message) (void)SharedMessage::adopt(entry.message);
    if (entry.kind == EntryKind::event) fed_.take(entry.pooled);
}

void Simulator::dispatch(const Entry& entry) {
    if (entry.kind == EntryKind::action) return actions_.take(entry.pooled)();
    if (entry.kind == EntryKind::dial) return network_.on_dial(now_, entry);
    const Node& n = nodes_[entry.node];
    const bool of_this_life = entry.kind == EntryKind::message || entry.kind == EntryKind::end_closed ||
                              entry.kind == EntryKind::stalled || entry.life == n.life;
    if (n.machine == nullptr || !of_this_life) return discard(entry);
    // The kernel of a paused process still acknowledges and queues what arrives.
    if (n.paused) return cold(entry.node).missed.push_back(entry);
    if (entry.kind == EntryKind::message) return receive(entry);
    handle(entry);
}

void Simulator::receive(const Entry& entry) {
    auto& received = *std::get_if<Received>(&received_);
    received.message = SharedMessage::adopt(entry.message);
    if (network_.arrives(entry)) {
        received.from = network_.id(entry.other);
        received.trust = entry.trust;
        step(entry.node, received_);
    }
    received.message = {};
}

void Simulator::handle(const Entry& entry) {
    const NodeIndex i = entry.node;
    const auto lost = [&] { step(i, LinkLost{network_.id(entry.other), entry.reason}); };
    switch (entry.kind) {
        case EntryKind::timer:
            step(i, TimerFired{entry.tag()});
            break;
        case EntryKind::end_closed:
            if (network_.on_end_closed(now_, entry)) lost();
            break;
        case EntryKind::stalled:
            if (network_.on_stalled(now_, entry)) lost();
            break;
        case EntryKind::link_lost:
            lost();
            break;
        case EntryKind::synced:
            handle_synced(i);
            break;
        case EntryKind::event:
            step(i, fed_.take(entry.pooled));
            break;
        case EntryKind::message:
        case EntryKind::dial:
        case EntryKind::action:
            break;
    }
}

void Simulator::end_by_disk(NodeIndex i) {
    ColdState& r = cold(i);
    ++ended_by_disk_;
    if (r.disk_failure == DiskFailure::write) {
        r.disk.lose_unsynced();
    } else {
        const auto key = static_cast<std::uint64_t>(network_.id(i));
        const bool torn = r.disk.crash(CrashKind::power, draws_.stream(Purpose::disk_crash, key, nodes_[i].life, 2));
        if (torn) ++torn_tails_;
    }
    stop(i, StopKind::crashed, CrashKind::process);
}

void Simulator::handle_synced(NodeIndex i) {
    if (cold(i).disk_failure != DiskFailure::none) return end_by_disk(i);
    Disk& disk = cold(i).disk;
    const auto before = disk.unsynced();
    std::vector<Append> written(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(disk.covered()));
    const AppendSeq upto = disk.end_sync();
    for (Observer* o : observers_) o->on_synced(now_, network_.id(i), written);
    start_sync(i);
    release_held(i);
    step(i, Persisted{upto});
}

void Simulator::step(NodeIndex i, const Event& event) {
    Node& n = nodes_[i];
    n.machine->step(now_, event, effects_);
    ++events_;
    trace_hash_ = fold(trace_hash_, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    trace_hash_ = fold(trace_hash_, event_hash(event) + i);
    for (Observer* o : observers_) o->on_step(now_, network_.id(i), event, effects_);
    if (effects_.none()) return;  // the common case
    const bool acts = !effects_.sends.empty() || !effects_.appends.empty();
    if (n.cold && acts && cold(i).cut_next_step) {
        apply_cut(i);
    } else {
        apply(i);
    }
    effects_.clear();
}

void Simulator::apply(NodeIndex i) {
    if (!effects_.appends.empty()) cold(i).disk.append(effects_.appends);
    const std::uint32_t life = nodes_[i].life;
    for (const SetTimer& t : effects_.timers) queue_.push(std::max(t.due, now_), Entry::timer(i, life, t.tag));
    send_all(i);
    for (const Disconnect& d : effects_.disconnects) {
        const NodeIndex to = index_of(d.node);
        if (to != no_node) network_.disconnect(now_, i, to);
    }
    if (nodes_[i].cold) start_sync(i);
    if (effects_.fatal) stop(i, StopKind::fatal, CrashKind::process);
    if (effects_.finished) stop(i, StopKind::finished, CrashKind::process);
}

// The node crashes between two effects: a prefix of the records is written, then a prefix of the sends leaves.
void Simulator::apply_cut(NodeIndex i) {
    ColdState& r = cold(i);
    Rng rng = draws_.stream(Purpose::disk_crash, static_cast<std::uint64_t>(network_.id(i)), nodes_[i].life, 1);
    const std::size_t effects = effects_.appends.size() + effects_.sends.size();
    const auto done = static_cast<std::size_t>(rng.below(effects + 1));
    const std::size_t written = std::min(done, effects_.appends.size());
    r.disk.append(std::span(effects_.appends).first(written));
    effects_.sends.resize(done - written);
    send_all(i);
    stop(i, StopKind::crashed, r.cut_kind);
}

// Sends in order. Sends that wait for the disk are held, and so are later sends to the same nodes.
void Simulator::send_all(NodeIndex i) {
    auto& sends = effects_.sends;
    if (sends.empty()) return;
    const AppendSeq written = durable(i);
    const bool nothing_held = !nodes_[i].cold || cold(i).held.empty();
    const auto waits = [written](const Send& s) { return s.after > written; };
    if (nothing_held && std::none_of(sends.begin(), sends.end(), waits)) {
        EndIndex guess = 0;  // sends mostly go to all neighbours in order
        for (Send& send : sends) guess = send_one(i, send, guess) + 1;
    } else {
        auto& held = cold(i).held;
        held.insert(held.end(), std::make_move_iterator(sends.begin()), std::make_move_iterator(sends.end()));
        release_held(i);
    }
}

void Simulator::release_held(NodeIndex i) {
    const AppendSeq written = durable(i);
    std::vector<NodeId> waiting;  // nodes to which a send is still held
    std::vector<Send> kept;
    auto held = std::exchange(cold(i).held, {});
    for (Send& s : held) {
        const bool behind = std::find(waiting.begin(), waiting.end(), s.to) != waiting.end();
        if (s.after > written || behind) {
            if (!behind) waiting.push_back(s.to);
            kept.push_back(std::move(s));
        } else {
            send_one(i, s, 0);
        }
    }
    cold(i).held = std::move(kept);
}

// Returns the end by which the message left.
EndIndex Simulator::send_one(NodeIndex i, Send& send, EndIndex guess) {
    for (Observer* o : observers_) o->on_wire(now_, network_.id(i), send.to, send.message);
    EndIndex end = network_.guess_end(i, send.to, guess);
    if (end == no_end) {
        if (index_of(send.to) == no_node) add(send.to, nullptr);  // nobody listens there: refused by the host
        end = network_.meet(i, index_of(send.to));
    }
    network_.send(now_, i, end, std::move(send.message));
    return end;
}

void Simulator::start_sync(NodeIndex i) {
    ColdState& r = cold(i);
    if (r.disk.sync_running() || !r.disk.dirty()) return;
    r.disk.begin_sync();
    const DiskProfile& p = r.disk_profile;
    Rng rng = draws_.stream(Purpose::disk_sync, static_cast<std::uint64_t>(network_.id(i)), r.syncs++);
    const Duration spread = std::max(p.sync_max - p.sync_min, Duration::zero());
    Entry e;
    e.kind = EntryKind::synced;
    e.node = i;
    e.life = nodes_[i].life;
    queue_.push(now_ + p.sync_min + rng.up_to(spread), e);
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
    return std::max({disturbed(i), disturbed(j), network_.freed_at(i, j), network_.freed_at(j, i)});
}

Machine* Simulator::machine(NodeId id) const {
    const NodeIndex i = index_of(id);
    return i == no_node ? nullptr : nodes_[i].machine.get();
}

std::uint32_t Simulator::life(NodeId id) const { return nodes_[index_of(id)].life; }

const Disk& Simulator::disk(NodeId id) const {
    static const Disk blank;
    const ColdState* cold = find_cold(index_of(id));
    return cold != nullptr ? cold->disk : blank;
}

std::vector<NodeId> Simulator::nodes() const {
    std::vector<NodeId> ids;
    for (NodeIndex i = 0; i < nodes_.size(); ++i) ids.push_back(network_.id(i));
    std::sort(ids.begin(), ids.end());
    return ids;
}

WallMs Simulator::wall(NodeId id) const {
    const ColdState* cold = find_cold(index_of(id));
    return options_.wall_at_zero + millis(now_) + (cold != nullptr ? cold->wall_skew_ms : 0);
}

}  // namespace gossip::sim
