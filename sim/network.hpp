#pragma once
// TCP as the driver contract sees it: connections opened on demand and shared by both directions,
// FIFO in each, refused, silent or broken. Partitions block a direction: what is sent meanwhile
// waits and arrives after healing, unless the sender's patience ends first.

#include "sim/draw.hpp"
#include "sim/event_queue.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
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

struct NetworkOptions {
    LinkProfile link;
    Duration dial_timeout = std::chrono::seconds(3);
    Duration dial_retry = std::chrono::seconds(1);
    Duration stall_timeout = std::chrono::seconds(10);  // an open connection without acknowledgements
};

class Network {
public:
    Network(const Draws& draws, NetworkOptions options, EventQueue& queue);

    // `dialable`: others may open connections to it (an anonymous client has no address).
    NodeIndex add_node(bool dialable);
    void set_up(NodeIndex node, std::uint32_t life) {
        nodes_[node].up = true;
        nodes_[node].life = life;
    }
    void set_profile(const LinkProfile& profile) { options_.link = profile; }
    [[nodiscard]] const LinkProfile& profile() const { return options_.link; }
    [[nodiscard]] const NetworkOptions& options() const { return options_; }

    void send(Time now, NodeIndex from, NodeIndex to, Message message);
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

    // Entries the queue hands back. True: `node` is to be told (the message, or a LinkLost).
    [[nodiscard]] bool arrives(const Entry& entry) const;
    void on_dial(Time now, const Entry& entry);
    [[nodiscard]] bool on_end_closed(Time now, const Entry& entry);
    [[nodiscard]] bool on_stalled(Time now, const Entry& entry);

private:
    struct Flow {
        std::vector<Message> waiting;  // for the dial to finish or the block to end
        Time last_arrival{};
        std::optional<Time> stalled_since;
    };
    enum class Phase : std::uint8_t { dialing, open, broken };
    struct Connection {
        ConnectionId id{0};
        Phase phase{};
        NodeIndex dialer{no_node};
        Time dial_started{};
        std::array<bool, 2> end_open{true, true};
        std::array<Flow, 2> flow;  // by sender
    };
    struct Pair {
        Duration base{};
        std::array<std::uint64_t, 2> messages{0, 0};  // draws so far, by sender
        std::optional<Connection> connection;
    };
    struct NodeState {
        bool up{false};
        bool dialable{true};
        std::uint32_t life{0};
        std::set<NodeIndex> partners;  // ordered: it is iterated
    };
    struct Draw {
        Duration delay{};
        Duration duplicate_after{};
        bool reset{false};
        bool drop{false};
        bool duplicate{false};
    };

    static std::uint64_t key(NodeIndex a, NodeIndex b);
    static std::size_t side(NodeIndex self, NodeIndex other) { return self < other ? 0 : 1; }
    Pair& pair_of(NodeIndex a, NodeIndex b);
    [[nodiscard]] Duration base_delay(NodeIndex a, NodeIndex b) const;
    Connection* find(NodeIndex a, NodeIndex b, ConnectionId id);
    Draw draw(Pair& pair, NodeIndex from, NodeIndex to);

    void open(Time now, Pair& pair, NodeIndex from, NodeIndex to);
    void established(Time now, Pair& pair, NodeIndex from, NodeIndex to);
    void transmit(Time now, Pair& pair, NodeIndex from, NodeIndex to, Message message);
    void schedule(Time now, Pair& pair, NodeIndex from, NodeIndex to, Message message, const Draw& d);
    void stall(Time now, Flow& flow, NodeIndex from, NodeIndex to, ConnectionId id);
    void resume_flow(Time now, NodeIndex from, NodeIndex to);
    void break_connection(Time now, Pair& pair, NodeIndex a, NodeIndex b);
    void close_end(Time when, NodeIndex node, NodeIndex other, ConnectionId id, LossReason reason);
    void tell_lost(Time when, NodeIndex node, NodeIndex other, LossReason reason);
    void abandon_dial(Time now, Pair& pair, NodeIndex dialer, NodeIndex other, LossReason reason);
    void end_died(Time now, NodeIndex node, NodeIndex partner, bool flush);

    Draws draws_;
    NetworkOptions options_;
    EventQueue& queue_;
    std::vector<NodeState> nodes_;
    std::unordered_map<std::uint64_t, Pair> pairs_;  // looked up, never iterated
    std::map<std::pair<NodeIndex, NodeIndex>, std::uint32_t> blocks_;
    std::map<std::pair<NodeIndex, NodeIndex>, Time> freed_;
    ConnectionId next_connection_{1};
};

}  // namespace gossip::sim
