#pragma once
// Simulated TCP as the contract of a driver defines it. Connections are opened on demand, carry both directions, are
// FIFO in each, and can be refused, time out or break. A partition blocks a direction: messages sent into it wait and
// arrive after it heals, unless the sender times out first.

#include "sim/engine/draw.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/engine/node.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace gossip::sim {

struct LinkProfile {
    Duration delay_min = std::chrono::microseconds(100);  // each pair's base delay, one way, is drawn once
    Duration delay_max = std::chrono::milliseconds(2);    // from this range
    std::uint32_t regions = 0;           // above 1: nodes lie on a ring of regions; the base delay of a pair
                                         // grows from min to max with the distance of their regions
    std::uint32_t jitter_percent = 20;   // each message takes up to this much longer than the base delay
    std::uint32_t tail_per_million = 0;  // messages that take tail_factor times as long
    std::uint32_t tail_factor = 20;
    std::uint32_t reset_per_million = 0;      // messages that break their connection
    std::uint32_t drop_per_million = 0;       // messages lost while the connection stays open, unlike in TCP
    std::uint32_t duplicate_per_million = 0;  // messages that arrive twice
};

// Faults of one direction between two nodes, in addition to the profile of all links.
struct Impairment {
    Duration delay{};
    Duration jitter{};  // up to this much more, drawn per message
    std::uint32_t drop_per_million{0};
    std::uint32_t duplicate_per_million{0};
    std::uint32_t reorder_per_million{0};  // messages that later ones may overtake
    std::uint64_t bytes_per_second{0};     // 0: unlimited; needs set_size_of
    [[nodiscard]] bool operator==(const Impairment&) const = default;
};

struct NetworkOptions {
    LinkProfile link;
    Duration dial_timeout = std::chrono::seconds(3);
    Duration dial_retry = std::chrono::seconds(1);
    Duration stall_timeout = std::chrono::seconds(10);  // how long an open connection lasts without acknowledgements
};

class Network {
public:
    Network(const Draws& draws, NetworkOptions options, Nodes& nodes, EventQueue& queue);

    // `dialable`: others can open connections to it. An anonymous client has no address.
    NodeIndex add_node(NodeId id, bool dialable);
    [[nodiscard]] NodeId id(NodeIndex node) const { return ids_[node]; }
    [[nodiscard]] NodeIndex index_of(NodeId id) const { return ids_.find(id); }  // no_node if unknown
    void set_up(NodeIndex node) { nodes_[node].up = true; }
    // Replaces fault rates. Delays and regions must stay the same.
    void set_profile(const LinkProfile& profile);
    [[nodiscard]] const LinkProfile& profile() const { return options_.link; }
    [[nodiscard]] const NetworkOptions& options() const { return options_; }

    // The node's end towards another if it is `guess` or cheap to find, else no_end.
    [[nodiscard]] EndIndex guess_end(NodeIndex node, NodeId other, EndIndex guess) const;
    // The same end, always; created if the two never had contact.
    EndIndex meet(NodeIndex node, NodeIndex other);
    void reserve_ends(NodeIndex node, std::size_t others) { nodes_[node].ends.reserve(others); }
    void send(Time now, NodeIndex from, EndIndex end, SharedMessage&& message);
    void prefetch_ends(NodeIndex node) const;
    // Connects two nodes before the run begins.
    void connect(NodeIndex a, NodeIndex b);
    // The nodes connected so, in order of contact; and their number.
    [[nodiscard]] std::vector<NodeId> initial_neighbours(NodeIndex node) const;
    [[nodiscard]] std::uint32_t count_initial_neighbours(NodeIndex node) const;
    void disconnect(Time now, NodeIndex from, NodeIndex to);
    // Closes all its ends. `flush`: messages in flight still arrive, as when the kernel outlives the process.
    void node_died(Time now, NodeIndex node, bool flush);

    // Blocks one direction. Blocks are counted: it is free again after as many calls of unblock.
    void block(NodeIndex from, NodeIndex to);
    void unblock(Time now, NodeIndex from, NodeIndex to);
    [[nodiscard]] bool blocked(NodeIndex from, NodeIndex to) const;
    [[nodiscard]] bool both_ways(NodeIndex a, NodeIndex b) const { return !blocked(a, b) && !blocked(b, a); }
    // When this direction was last unblocked; Time{} if it never was blocked.
    [[nodiscard]] Time freed_at(NodeIndex from, NodeIndex to) const;
    [[nodiscard]] bool connected(NodeIndex a, NodeIndex b) const;
    void reset(Time now, NodeIndex a, NodeIndex b);  // breaks the connection, if any

    void impair(NodeIndex from, NodeIndex to, const Impairment& impairment);  // a default value removes it
    using SizeOf = std::size_t (*)(const Message&);                           // bytes on the wire
    void set_size_of(SizeOf size_of) { size_of_ = size_of; }
    // Messages sent by a node: lost through impairments so far, and now held back by blocks.
    [[nodiscard]] std::uint64_t lost(NodeIndex from) const;
    [[nodiscard]] std::size_t held(NodeIndex from) const;

    // Entries that are due. arrives(): false if the message is lost because its connection has ended; the lookup is
    // skipped for nodes none of whose connections ever ended.
    [[nodiscard]] bool arrives(const Entry& entry) const {
        return nodes_[entry.node].connection_ended == 0 || still_open(entry);
    }
    void on_dial(Time now, const Entry& entry);
    // True if the entry's node must get a LinkLost.
    [[nodiscard]] bool on_end_closed(Time now, const Entry& entry);
    [[nodiscard]] bool on_stalled(Time now, const Entry& entry);

private:
    // Messages of a connection that is being dialed or is blocked. Arrays are indexed by sender, see side().
    struct Backlog {
        std::array<std::vector<SharedMessage>, 2> waiting;
        std::array<std::optional<Time>, 2> stalled_since;  // without acknowledgements
        Time dial_started{};
    };
    using Phase = End::Phase;
    // What happens to one message.
    struct Draw {
        Duration delay{};
        Duration duplicate_after{};
        bool reset{false};
        bool drop{false};
        bool duplicate{false};
        bool overtaken{false};
    };
    struct ImpairedLink {
        Impairment impairment;
        std::uint64_t messages{0};  // counter of draws
        Time free_at{};             // when the bandwidth allows the next byte
    };

    using Pair = std::pair<NodeIndex, NodeIndex>;
    static Pair pair(NodeIndex a, NodeIndex b) { return std::minmax(a, b); }
    static std::size_t side(NodeIndex self, NodeIndex other) { return self < other ? 0 : 1; }
    [[nodiscard]] End& end_of(NodeIndex node, EndIndex end) { return nodes_[node].ends[end]; }
    [[nodiscard]] End& other_end(NodeIndex node, const End& end) {
        return nodes_[end.other].ends[end_between(end.other, node)];
    }
    EndIndex add_end(NodeIndex node, NodeIndex other);
    void add_to_table(NodeIndex node, EndIndex end);
    [[nodiscard]] EndIndex look_up(NodeIndex node, NodeIndex other) const;
    [[nodiscard]] bool still_open(const Entry& message) const;
    [[nodiscard]] EndIndex end_between(NodeIndex node, NodeIndex other) const;
    [[nodiscard]] ConnectionId connection(NodeIndex node, const End& end) const;
    [[nodiscard]] const End* find_end(NodeIndex node, NodeIndex other) const;
    // Null unless the current connection of the two is this one.
    End* find_connected(NodeIndex node, NodeIndex other, ConnectionId id);
    // Computed from the seed at each call, which is cheaper than a lookup.
    [[nodiscard]] Duration base_delay(NodeIndex a, NodeIndex b) const;
    [[nodiscard]] Duration region_delay(NodeIndex a, NodeIndex b) const;
    // No faults are configured anywhere: only the delay of a message is drawn.
    [[nodiscard]] bool calm() const { return profile_is_calm_ && blocks_.empty() && impaired_.empty(); }
    [[nodiscard]] Rng stream_for(End& end, NodeIndex from) {
        return Rng{message_draws_.at(from, end.other, end.messages++)};
    }
    // The delay of one message: the base delay and jitter.
    [[nodiscard]] Duration message_delay(Duration base, Rng& rng) const;
    Draw draw(End& end, NodeIndex from);
    void draw_impairment(Time now, NodeIndex from, NodeIndex to, const SharedMessage& message, Draw& d);
    Backlog* find_backlog(NodeIndex node, const End& end);
    Backlog& backlog_of(NodeIndex node, const End& end) { return backlogs_[pair(node, end.other)]; }
    void drop_waiting(NodeIndex node, const End& end);  // messages sent by `node`
    void begin_connection(NodeIndex node, End& end, Phase phase);
    void forget_connection(NodeIndex node, End& end);
    void set_phase(NodeIndex node, End& end, Phase phase);
    void close(NodeIndex node, End& end);
    void note_ended(NodeIndex node, const End& end);

    void open(Time now, End& end, NodeIndex from);
    void established(Time now, End& dialer_end, NodeIndex dialer);
    void transmit_all(Time now, End& end, NodeIndex from, std::vector<SharedMessage> messages);
    void transmit(Time now, End& end, NodeIndex from, SharedMessage message);
    void schedule(Time now, End& end, NodeIndex from, SharedMessage&& message, const Draw& d);
    void post(Time when, const End& end, NodeIndex from, SharedMessage&& message);
    // The arrival time that keeps FIFO order; recorded as the last arrival.
    static Time arrival_in_order(Time arrival, End& end);
    void stall(Time now, End& end, NodeIndex from);
    void resume_flow(Time now, NodeIndex from, NodeIndex to);
    void break_connection(Time now, End& end, NodeIndex node);
    void close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason);
    void notify_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason);
    void abandon_dial(Time now, End& end, NodeIndex dialer, LossReason reason);
    void close_dead_end(Time now, End& end, NodeIndex node, bool flush);

    Draws draws_;
    PurposeDraws base_draws_;
    PurposeDraws message_draws_;
    NetworkOptions options_;
    bool profile_is_calm_{false};
    EventQueue& queue_;
    Nodes& nodes_;
    NodeIds ids_;
    std::map<NodeIndex, std::vector<EndIndex>> tables_;  // hash tables of ends, for nodes with many
    std::map<Pair, Backlog> backlogs_;
    std::map<Pair, ConnectionId> later_;    // current connections that are not the pair's first
    std::map<Pair, std::uint32_t> blocks_;  // by (from, to), as freed_ and impaired_
    std::map<Pair, Time> freed_;
    std::map<Pair, ImpairedLink> impaired_;
    std::map<NodeIndex, std::uint64_t> lost_;  // by sender
    SizeOf size_of_{nullptr};
    ConnectionId next_connection_{1};
};

}  // namespace gossip::sim
