#pragma once
// The simulated driver of machines; the real one is node/runtime. It runs events in virtual time, in the order
// (time, insertion), and owns machines, disks, network and event queue. A run is determined by the seed and by the
// scenario's calls.

#include "sim/engine/draw.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/engine/network.hpp"
#include "sim/engine/node.hpp"
#include "sim/engine/slot_pool.hpp"
#include "sim/engine/trace.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace gossip::sim {

struct SimOptions {
    std::uint64_t seed{1};
    NetworkOptions network;
    DiskProfile disk;
    WallMs wall_at_zero{1'700'000'000'000};
    bool quiet{false};  // machines may omit notices
};

// What a machine is constructed from at the start of each life of its node.
struct Birth {
    NodeId id{};
    std::uint32_t life{0};  // from 1
    Rng rng;
    std::span<const Record> journal;
};
using Factory = std::function<std::unique_ptr<HintedMachine>(const Birth&)>;

struct NodeOptions {
    Trust trust{Trust::proven};
    std::int64_t wall_skew_ms{0};
};

class Simulator {
public:
    explicit Simulator(SimOptions options);
    ~Simulator();
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;

    // ---- actions of a scenario
    void add(NodeId id, Factory factory, NodeOptions options = {});
    // Adds a node with the factory of another one.
    void add_like(NodeId id, NodeId like, NodeOptions options = {});
    void reserve(std::size_t nodes) { nodes_.reserve(nodes); }
    // Reserves memory for the number of nodes it will communicate with.
    void reserve_ends(NodeId id, std::size_t others) { network_.reserve_ends(index_of(id), others); }
    void start(NodeId id);
    // Starts a life with this step instead of the event Started.
    using FirstStep = std::function<void(Machine&, Time, WallMs, Effects&)>;
    void start_with(NodeId id, const FirstStep& first);
    void connect(NodeId a, NodeId b) { network_.connect(index_of(a), index_of(b)); }
    [[nodiscard]] std::vector<NodeId> initial_neighbours(NodeId id) const {
        return network_.initial_neighbours(index_of(id));
    }
    [[nodiscard]] std::uint32_t count_initial_neighbours(NodeId id) const {
        return network_.count_initial_neighbours(index_of(id));
    }
    void fill_disk(NodeId id, std::vector<Record> journal) { cold(index_of(id)).disk.fill(std::move(journal)); }
    void crash(NodeId id, CrashKind kind = CrashKind::process);
    // Crashes the node in the middle of its next step that sends or writes, between two effects.
    void crash_within_next_step(NodeId id, CrashKind kind);
    void cancel_crash_within_step(NodeId id);
    void pause(NodeId id);
    void resume(NodeId id);
    void wipe_disk(NodeId id);
    void feed(NodeId id, Event event);
    void at(Time when, std::function<void()> action);
    // The longest time that a sync of this node takes from now on.
    void set_sync_max(NodeId id, Duration longest);
    // From now on writing the journal fails and ends the process, in each life anew; DiskFailure::none repairs it.
    void fail_disk(NodeId id, DiskFailure failure);
    void block(NodeId from, NodeId to);
    void unblock(NodeId from, NodeId to);
    void reset_link(NodeId a, NodeId b);
    void impair(NodeId from, NodeId to, const Impairment& impairment);

    // ---- time
    [[nodiscard]] Time now() const { return now_; }
    bool step_one();  // false if no event is left
    [[nodiscard]] std::optional<Time> next_time() const;
    void run_until(Time end);
    void run_for(Duration d) { run_until(now_ + d); }
    // Runs at most so many events; true if the end was reached.
    bool run_some(Time end, std::uint64_t steps);
    // Checks the condition after every event; false if it did not hold before the end.
    bool run_until(const std::function<bool()>& condition, Time end);

    // ---- ground truth
    [[nodiscard]] bool is_up(NodeId id) const;
    [[nodiscard]] bool is_paused(NodeId id) const;
    // Both are up and not paused, and neither direction is blocked.
    [[nodiscard]] bool reachable(NodeId from, NodeId to) const;
    [[nodiscard]] bool blocked(NodeId from, NodeId to) const;
    // Since when the two have been reachable without interruption; now() if they are not reachable.
    [[nodiscard]] Time undisturbed_since(NodeId a, NodeId b) const;
    [[nodiscard]] Machine* machine(NodeId id) const;
    [[nodiscard]] std::uint32_t life(NodeId id) const;
    [[nodiscard]] const Disk& disk(NodeId id) const;  // empty if the node never wrote
    [[nodiscard]] std::vector<NodeId> nodes() const;
    [[nodiscard]] WallMs wall(NodeId id) const;
    [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] const Draws& draws() const { return draws_; }
    [[nodiscard]] WallMs wall_at_zero() const { return options_.wall_at_zero; }
    [[nodiscard]] std::uint64_t torn_tails() const { return torn_tails_; }
    [[nodiscard]] std::uint64_t ended_by_disk() const { return ended_by_disk_; }
    [[nodiscard]] std::uint64_t longest_queue() const { return longest_queue_; }
    Network& network() { return network_; }
    // Messages sent by a node: lost through impairments so far, and now held back by blocks.
    [[nodiscard]] std::uint64_t lost(NodeId from) const { return network_.lost(index_of(from)); }
    [[nodiscard]] std::size_t held(NodeId from) const { return network_.held(index_of(from)); }
    [[nodiscard]] const LinkProfile& profile() const { return network_.profile(); }

    void observe(Observer* observer) { observers_.push_back(observer); }

private:
    static constexpr std::size_t machine_lines = 4;  // cache lines of a machine that most messages need

    [[nodiscard]] NodeIndex index_of(NodeId id) const { return network_.index_of(id); }
    Node& node(NodeId id) { return nodes_[index_of(id)]; }
    ColdState& cold(NodeIndex i);  // created on first use
    [[nodiscard]] ColdState* find_cold(NodeIndex i) { return nodes_[i].cold ? &cold_.at(i) : nullptr; }
    [[nodiscard]] const ColdState* find_cold(NodeIndex i) const { return nodes_[i].cold ? &cold_.at(i) : nullptr; }
    [[nodiscard]] Time disturbed(NodeIndex i) const;
    void begin(NodeId id, std::uint32_t factory, NodeOptions options);
    void prefetch_ahead() const;
    void prefetch_for(const HintedMachine& machine, const EventQueue::Packed& item) const;
    void dispatch(const Entry& entry);
    void handle(const Entry& entry);
    void receive(const Entry& entry);
    void discard(const Entry& entry);
    void handle_synced(NodeIndex i);
    void end_by_disk(NodeIndex i);
    [[nodiscard]] AppendSeq durable(NodeIndex i) const;
    void step(NodeIndex i, const Event& event);
    void apply(NodeIndex i);
    void apply_cut(NodeIndex i);
    void release_held(NodeIndex i);
    void send_all(NodeIndex i);
    EndIndex send_one(NodeIndex i, Send& send, EndIndex guess);
    void start_sync(NodeIndex i);
    void begin_life(NodeIndex i);
    void stop(NodeIndex i, StopKind how, CrashKind kind);

    SimOptions options_;
    Draws draws_;
    EventQueue queue_;
    Nodes nodes_;
    std::unordered_map<NodeIndex, ColdState> cold_;
    Network network_;
    std::deque<Factory> factories_;
    SlotPool<std::function<void()>> actions_;
    SlotPool<Event> fed_;
    Event received_{Received{}};  // reused for every message
    std::vector<Observer*> observers_;
    Effects effects_;
    Time now_{};
    std::uint64_t trace_hash_{0};
    std::uint64_t events_{0};
    std::uint64_t torn_tails_{0};
    std::uint64_t ended_by_disk_{0};  // processes ended by a disk error
    std::size_t longest_queue_{0};
};

}  // namespace gossip::sim
