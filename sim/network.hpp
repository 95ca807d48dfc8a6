#pragma once
// TCP as the driver contract sees it: connections opened on demand and shared by both directions,
// FIFO in each, refused, silent or broken. Partitions block a direction: what is sent meanwhile
// waits and arrives after healing, unless the sender's patience ends first.

#include "sim/bodies.hpp"
#include "sim/draw.hpp"
#include "sim/event_queue.hpp"

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
    Network(const Draws& draws, NetworkOptions options, EventQueue& queue, Bodies& bodies);

    // `dialable`: others may open connections to it (an anonymous client has no address).
    NodeIndex add_node(bool dialable);
    void set_up(NodeIndex node, std::uint32_t life) {
        nodes_[node].up = true;
        nodes_[node].life = life;
    }
    void set_profile(const LinkProfile& profile) { options_.link = profile; }
    [[nodiscard]] const LinkProfile& profile() const { return options_.link; }
    [[nodiscard]] const NetworkOptions& options() const { return options_; }

    // `body`: what `to` receives. It becomes the network's: whatever is lost is released.
    void send(Time now, NodeIndex from, NodeIndex to, BodyIndex body);
    // What send() will need, fetched early.
    void prefetch(const Entry& message) const { __builtin_prefetch(&pairs_[static_cast<PairIndex>(message.aux)]); }
    void prefetch_slot(NodeIndex from, NodeIndex to) const;
    void prefetch_pair(NodeIndex from, NodeIndex to) const;
    // As after a dial of long ago.
    void connect(NodeIndex a, NodeIndex b);
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

    // Entries the queue hands back. True: `node` is to be told (the message, or a LinkLost).
    [[nodiscard]] bool arrives(const Entry& entry) const;
    void on_dial(Time now, const Entry& entry);
    [[nodiscard]] bool on_end_closed(Time now, const Entry& entry);
    [[nodiscard]] bool on_stalled(Time now, const Entry& entry);

private:
    using PairIndex = std::uint32_t;
    static constexpr PairIndex no_pair = 0xffffffff;
    // Of a connection that is being dialled or held up.
    struct Delay {
        std::array<std::vector<BodyIndex>, 2> waiting;  // by sender: for the dial to finish or the block to end
        std::array<std::optional<Time>, 2> stalled_since;
        Time dial_started{};
    };
    enum class Phase : std::uint8_t { none, dialing, open, broken };
    // Two nodes that ever had to do with each other, and their connection if there is one.
    struct Pair {
        std::array<NodeIndex, 2> ends{};  // ascending; everything in pairs goes by sender
        Duration base{};
        std::array<std::uint32_t, 2> messages{};  // draws so far
        std::array<Time, 2> last_arrival{};
        ConnectionId id{0};
        Phase phase{Phase::none};
        std::uint8_t dialer{0};
        std::array<bool, 2> end_open{};
        std::unique_ptr<Delay> delay;

        [[nodiscard]] bool exists() const { return phase != Phase::none; }
    };
    struct NodeState {
        bool up{false};
        bool dialable{true};
        std::uint32_t life{0};
        std::vector<PairIndex> pairs;  // in the order they met
    };
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

    static std::size_t side(NodeIndex self, NodeIndex other) { return self < other ? 0 : 1; }
    static std::uint64_t hash(NodeIndex a, NodeIndex b) {
        return mix64((std::uint64_t{std::min(a, b)} << 32) | std::max(a, b));
    }
    [[nodiscard]] PairIndex index_of(NodeIndex a, NodeIndex b) const;
    PairIndex make_pair(NodeIndex a, NodeIndex b);
    void grow_table();
    Pair& pair_of(NodeIndex a, NodeIndex b);
    [[nodiscard]] const Pair* known(NodeIndex a, NodeIndex b) const;
    Pair* find(NodeIndex a, NodeIndex b, ConnectionId id);
    [[nodiscard]] Duration base_delay(NodeIndex a, NodeIndex b) const;
    Draw draw(Pair& pair, NodeIndex from, NodeIndex to);
    void draw_impairment(Time now, NodeIndex from, NodeIndex to, BodyIndex body, Draw& d);
    Delay& delay_of(Pair& pair);
    void drop_waiting(Pair& pair, std::size_t sender);
    void forget_connection(Pair& pair);

    void open(Time now, Pair& pair, NodeIndex from, NodeIndex to);
    void established(Time now, Pair& pair, NodeIndex dialer, NodeIndex accepter);
    void transmit(Time now, Pair& pair, NodeIndex from, NodeIndex to, BodyIndex body);
    void schedule(Time now, Pair& pair, NodeIndex from, NodeIndex to, BodyIndex body, const Draw& d);
    void stall(Time now, Pair& pair, NodeIndex from, NodeIndex to);
    void resume_flow(Time now, NodeIndex from, NodeIndex to);
    void break_connection(Time now, Pair& pair, NodeIndex a, NodeIndex b);
    void close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason);
    void tell_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason);
    void abandon_dial(Time now, Pair& pair, NodeIndex dialer, NodeIndex other, LossReason reason);
    void end_died(Time now, NodeIndex node, NodeIndex partner, bool flush);

    Draws draws_;
    NetworkOptions options_;
    EventQueue& queue_;
    Bodies& bodies_;
    std::vector<NodeState> nodes_;
    std::vector<Pair> pairs_;
    std::vector<PairIndex> table_;  // open addressing, a power of two; no_pair where free
    std::map<std::pair<NodeIndex, NodeIndex>, std::uint32_t> blocks_;
    std::map<std::pair<NodeIndex, NodeIndex>, Time> freed_;
    std::map<std::pair<NodeIndex, NodeIndex>, ImpairedLink> impaired_;
    std::map<NodeIndex, std::uint64_t> lost_;  // by sender
    SizeOf size_of_{nullptr};
    ConnectionId next_connection_{1};
};

}  // namespace gossip::sim
