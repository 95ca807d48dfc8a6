#pragma once
// TCP as the driver contract sees it: connections opened on demand and shared by both directions,
// FIFO in each, refused, silent or broken. Partitions block a direction: what is sent meanwhile
// waits and arrives after healing, unless the sender's patience ends first.

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
    Duration delay_min = std::chrono::microseconds(100);  // a pair's usual one-way delay is drawn
    Duration delay_max = std::chrono::milliseconds(2);    // from this range once
    std::uint32_t regions = 0;           // above 1: nodes lie on a ring of regions, and the pair's delay
                                         // grows from min to max with the distance of theirs
    std::uint32_t jitter_percent = 20;   // of the usual delay, a message
    std::uint32_t tail_per_million = 0;  // messages that take tail_factor as long
    std::uint32_t tail_factor = 20;
    std::uint32_t reset_per_million = 0;      // messages at which the connection breaks
    std::uint32_t drop_per_million = 0;       // messages lost without a trace: harsher than TCP
    std::uint32_t duplicate_per_million = 0;  // messages that arrive once more, later
};

// What a scenario adds to one direction between two nodes, beside the profile of all.
struct Impairment {
    Duration delay{};
    Duration jitter{};  // up to this much more, drawn for each message
    std::uint32_t drop_per_million{0};
    std::uint32_t duplicate_per_million{0};  // arrives once more, a little later
    std::uint32_t reorder_per_million{0};    // is overtaken by what comes after it
    std::uint64_t bytes_per_second{0};       // needs the size of messages: set_size_of
    [[nodiscard]] bool operator==(const Impairment&) const = default;
};

struct NetworkOptions {
    LinkProfile link;
    Duration dial_timeout = std::chrono::seconds(3);
    Duration dial_retry = std::chrono::seconds(1);
    Duration stall_timeout = std::chrono::seconds(10);  // an open connection without acknowledgements
};

class Network {
public:
    Network(const Draws& draws, NetworkOptions options, Nodes& nodes, EventQueue& queue);

    // `dialable`: others may open connections to it (an anonymous client has no address).
    NodeIndex add_node(NodeId id, bool dialable);
    [[nodiscard]] NodeId id(NodeIndex node) const { return ids_[node]; }
    [[nodiscard]] NodeIndex index_of(NodeId id) const { return ids_.find(id); }  // no_node when it is not known
    void set_up(NodeIndex node) { nodes_[node].up = true; }
    // Other disturbances from now on; the delays stay what they are.
    void set_profile(const LinkProfile& profile);
    [[nodiscard]] const LinkProfile& profile() const { return options_.link; }
    [[nodiscard]] const NetworkOptions& options() const { return options_; }

    // The node's end of what it has to do with another, if that is this one or easily found; else no_end.
    [[nodiscard]] EndIndex guess_end(NodeIndex node, NodeId other, EndIndex guess) const;
    // The same, looked for, and made when they never met.
    EndIndex meet(NodeIndex node, NodeIndex other);
    void reserve_ends(NodeIndex node, std::size_t others) { nodes_[node].ends.reserve(others); }
    void send(Time now, NodeIndex from, EndIndex end, SharedMessage&& message);
    void prefetch_ends(NodeIndex node) const;
    // As after a dial of long ago.
    void connect(NodeIndex a, NodeIndex b);
    // With whom, in that order; and how many.
    [[nodiscard]] std::vector<NodeId> stood_with(NodeIndex node) const;
    [[nodiscard]] std::uint32_t count_stood_with(NodeIndex node) const;
    void disconnect(Time now, NodeIndex from, NodeIndex to);
    // Its ends close. `flush`: what it had sent still arrives, as when the kernel outlives a process.
    void node_died(Time now, NodeIndex node, bool flush);

    // One direction. Blocks nest: a pair is free again when every block on it was lifted.
    void block(NodeIndex from, NodeIndex to);
    void unblock(Time now, NodeIndex from, NodeIndex to);
    [[nodiscard]] bool blocked(NodeIndex from, NodeIndex to) const;
    [[nodiscard]] bool both_ways(NodeIndex a, NodeIndex b) const { return !blocked(a, b) && !blocked(b, a); }
    // When this direction was last freed; the beginning of time when it was never blocked.
    [[nodiscard]] Time freed_at(NodeIndex from, NodeIndex to) const;
    [[nodiscard]] bool connected(NodeIndex a, NodeIndex b) const;
    void reset(Time now, NodeIndex a, NodeIndex b);  // the connection breaks, if there is one

    void impair(NodeIndex from, NodeIndex to, const Impairment& impairment);  // a default one ends it
    using SizeOf = std::size_t (*)(const Message&);                           // bytes on the wire
    void set_size_of(SizeOf size_of) { size_of_ = size_of; }
    // Of what a node sent: lost by impairments so far, and held back by blocks now.
    [[nodiscard]] std::uint64_t lost(NodeIndex from) const;
    [[nodiscard]] std::size_t held(NodeIndex from) const;

    // Entries the queue hands back. A message: false when it is lost, for its connection is gone. None is where none
    // ever ended.
    [[nodiscard]] bool arrives(const Entry& entry) const { return nodes_[entry.node].ended == 0 || still_open(entry); }
    // True: `node` is to be told of a LinkLost.
    void on_dial(Time now, const Entry& entry);
    [[nodiscard]] bool on_end_closed(Time now, const Entry& entry);
    [[nodiscard]] bool on_stalled(Time now, const Entry& entry);

private:
    // Of a connection that is being dialled or held up.
    struct Delay {
        std::array<std::vector<SharedMessage>, 2> waiting;  // by sender: for the dial to finish or the block to end
        std::array<std::optional<Time>, 2> stalled_since;
        Time dial_started{};
    };
    using Phase = End::Phase;
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
        std::uint64_t messages{0};  // draws so far
        Time free_at{};             // the last byte has left, by the bandwidth
    };

    using Pair = std::pair<NodeIndex, NodeIndex>;
    static Pair pair(NodeIndex a, NodeIndex b) { return std::minmax(a, b); }
    static std::size_t side(NodeIndex self, NodeIndex other) { return self < other ? 0 : 1; }
    [[nodiscard]] End& end_of(NodeIndex node, EndIndex end) { return nodes_[node].ends[end]; }
    [[nodiscard]] End& other_end(NodeIndex node, const End& end) {
        return nodes_[end.other].ends[end_between(end.other, node)];
    }
    EndIndex add_end(NodeIndex node, NodeIndex other);
    void put_in_table(NodeIndex node, EndIndex end);
    [[nodiscard]] EndIndex look_up(NodeIndex node, NodeIndex other) const;
    [[nodiscard]] bool still_open(const Entry& message) const;
    [[nodiscard]] EndIndex end_between(NodeIndex node, NodeIndex other) const;
    [[nodiscard]] ConnectionId connection(NodeIndex node, const End& end) const;
    [[nodiscard]] const End* known(NodeIndex node, NodeIndex other) const;
    End* find(NodeIndex node, NodeIndex other, ConnectionId id);
    // The usual delay between two nodes: drawn again whenever it is asked for, which is cheaper than to keep it.
    [[nodiscard]] Duration base_delay(NodeIndex a, NodeIndex b) const;
    [[nodiscard]] Duration region_delay(NodeIndex a, NodeIndex b) const;
    // Nothing is lost, held up or doubled: only the delay is to be drawn.
    [[nodiscard]] bool calm() const { return profile_is_calm_ && blocks_.empty() && impaired_.empty(); }
    [[nodiscard]] Rng stream_for(End& end, NodeIndex from) {
        return Rng{message_draws_.at(from, end.other, end.messages++)};
    }
    // Of one message, drawn around the base.
    [[nodiscard]] Duration usual_delay(Duration base, Rng& rng) const;
    Draw draw(End& end, NodeIndex from);
    void draw_impairment(Time now, NodeIndex from, NodeIndex to, const SharedMessage& message, Draw& d);
    Delay* delay_of(NodeIndex node, const End& end);
    Delay& delay_for(NodeIndex node, const End& end) { return delays_[pair(node, end.other)]; }
    void drop_waiting(NodeIndex node, const End& end);  // what the node sent
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
    // When it arrives if nothing that left this end before may come after it: it is the last one now.
    static Time in_line(Time arrival, End& end);
    void stall(Time now, End& end, NodeIndex from);
    void resume_flow(Time now, NodeIndex from, NodeIndex to);
    void break_connection(Time now, End& end, NodeIndex node);
    void close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason);
    void tell_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason);
    void abandon_dial(Time now, End& end, NodeIndex dialer, LossReason reason);
    void end_died(Time now, End& end, NodeIndex node, bool flush);

    Draws draws_;
    PurposeDraws base_draws_;
    PurposeDraws message_draws_;
    NetworkOptions options_;
    bool profile_is_calm_{false};
    EventQueue& queue_;
    Nodes& nodes_;
    NodeIds ids_;                                        // of the nodes
    std::map<NodeIndex, std::vector<EndIndex>> tables_;  // of those with very many ends: by the other node, hashed
    std::map<Pair, Delay> delays_;
    std::map<Pair, ConnectionId> later_;    // the connections that are not the first
    std::map<Pair, std::uint32_t> blocks_;  // from, to
    std::map<Pair, Time> freed_;
    std::map<Pair, ImpairedLink> impaired_;
    std::map<NodeIndex, std::uint64_t> lost_;  // by sender
    SizeOf size_of_{nullptr};
    ConnectionId next_connection_{1};
};

}  // namespace gossip::sim
