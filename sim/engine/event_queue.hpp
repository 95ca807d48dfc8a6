#pragma once
// What is to happen, in the order (time, insertion): the whole source of determinism.
//
// A timing wheel (Varghese, Lauck 1987) of two levels and an ordered rest for the far future. Each
// level covers an aligned span of time, so whatever waits in a slot of the upper one moves down before
// anything can be put beside it: every slot keeps the order of insertion, and a stable sort by time
// inside one slot, when its turn comes, gives the total order.
//
// What waits in a slot is packed: the slot tells most of its time, and nearly all that waits is a message on a
// connection that was never replaced, or a timer of few bits. Anything else is parked, and its number waits.

#include "protocol/machine.hpp"
#include "sim/engine/node_ids.hpp"
#include "sim/engine/parked.hpp"
#include "sim/engine/slots.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace gossip::sim {

// One TCP connection, never reused: 0 is the first that two nodes had with each other.
using ConnectionId = std::uint32_t;

// Which of a node's ends of its connections (see Network).
using EndIndex = std::uint32_t;
constexpr EndIndex no_end = 0xffffffff;

enum class EntryKind : std::uint8_t {
    message,     // from `other` arrives at `node`, if the two still have `connection`
    timer,       // a timer of `node` is due: `generation`, `aux` its key
    dial,        // the SYN of `other` arrives at `node`
    end_closed,  // `node` notices that its end of `connection` with `other` is gone
    link_lost,   // as end_closed, but whatever connection there is
    stalled,     // `node` has waited for `other` to acknowledge since `aux`
    synced,      // `node`'s disk finished a sync
    event,       // an event fed from outside
    action,      // a step of the scenario itself; no node
};

struct Entry {
    EntryKind kind{};
    LossReason reason{};
    TimerKind timer_kind{};
    Trust trust{};  // message: how far its sender is trusted
    NodeIndex node{no_node};
    union {
        NodeIndex other{no_node};
        std::uint32_t generation;
    };
    union {
        std::uint32_t life{0};  // of `node`: what was meant for an earlier life is dropped
        ConnectionId connection;
    };
    union {
        std::uint64_t aux{0};
        std::uint64_t message;  // a SharedMessage, detached
        ParkedIndex parked;     // event, action
    };

    [[nodiscard]] static Entry timer(NodeIndex node, std::uint32_t life, const TimerTag& tag) {
        Entry e{.kind = EntryKind::timer, .timer_kind = tag.kind, .node = node, .life = life};
        e.generation = tag.generation;
        e.aux = tag.key;
        return e;
    }
    [[nodiscard]] TimerTag tag() const { return {timer_kind, generation, aux}; }
};

class EventQueue {
    static constexpr int tick_bits = 13;  // a slot of the lower level is eight microseconds
    static constexpr int body_bits = 48;

public:
    struct Due {
        Time time{};
        Entry entry;
    };
    static_assert(sizeof(Due) == 32);

    // What waits in the lower level or has its turn. Its forms: a message of somebody trusted as the number says, or
    // one of these.
    struct Packed {
        static constexpr std::uint64_t timer = 3;
        static constexpr std::uint64_t parked = 4;
        std::uint64_t after : tick_bits;  // the beginning of its slot, nanoseconds
        std::uint64_t form : 3;
        std::uint64_t body : body_bits;  // the message, a timer's bits, or the number of what is parked
        NodeIndex node;
        NodeIndex from;
        [[nodiscard]] bool is_message() const { return form < timer; }
        [[nodiscard]] std::uint64_t message() const { return body; }
    };
    static_assert(sizeof(Packed) == 16);

    // Not before what was popped last. Most entries are put into the lower level, one for each message.
    [[gnu::always_inline]] void push(Time time, const Entry& entry) {
        const std::int64_t tick = nanos(time) >> tick_bits;
        if (next_known_ && time < next_) next_ = time;
        if (size_++ == 0) next_ = time, next_known_ = true;
        if (tick <= tick_ || tick >> low_bits != window_) return put_elsewhere({time, entry});
        put_low(time, entry);
    }
    // The earliest; of equals the one pushed first. Not when empty.
    [[nodiscard]] Due pop();
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Time next_time() const;
    // How many of the next have their places already, and one of these: a hint for fetching memory early. What is
    // parked has no node.
    [[nodiscard]] std::size_t ready() const { return order_.size() - at_; }
    [[nodiscard]] const Packed& ahead(std::size_t places) const { return in_turn(at_ + places); }

    // All that waits, in no order.
    template <class See>
    void each(See see) const {
        for (std::size_t i = at_; i < order_.size(); ++i) see(entry_of(in_turn(i)));
        for (std::size_t slot = 0; slot < low_slots; ++slot) {
            low_.each(slot, [&](const Packed& item) { see(entry_of(item)); });
        }
        for (std::size_t slot = 0; slot < high_slots; ++slot) {
            high_.each(slot, [&](const High& item) { see(entry_of(item)); });
        }
        for (const auto& [span, items] : far_) {
            for (const Due& due : items) see(due.entry);
        }
    }

private:
    static constexpr int low_bits = 16;   // of which there are 65,536: half a second
    static constexpr int high_bits = 10;  // the upper level reaches nine minutes ahead
    static constexpr std::uint64_t tick_span = std::uint64_t{1} << tick_bits;
    static constexpr std::uint64_t body_mask = (std::uint64_t{1} << body_bits) - 1;
    static constexpr std::size_t low_slots = std::size_t{1} << low_bits;
    static constexpr std::size_t high_slots = std::size_t{1} << high_bits;
    // A turn takes further slots while it has fewer items than this left to look ahead over, but none so many slots
    // away; what is put in between is sorted in, and when that becomes dear the later slots are given back.
    static constexpr std::size_t turn_items = 48;
    static constexpr std::int64_t turn_slots = 64;
    static constexpr std::size_t turn_limit = 2048;
    static constexpr std::uint64_t place_mask = 0xffffffff;

    // One of the upper level: a timer, or the number of what is parked in the place of its node.
    struct High {
        std::uint32_t after;  // the beginning of its slot, nanoseconds
        std::uint32_t timer;  // its bits
        std::uint32_t node;
    };
    static_assert(sizeof(High) == 12);

    // A timer's kind, generation and life in 32 bits, if they fit and it has no key.
    static constexpr int generation_bits = 15;
    static constexpr int life_bits = 12;
    static constexpr std::uint32_t no_timer = 0xffffffff;
    [[nodiscard]] static std::uint32_t timer_bits(const Entry& entry);
    [[nodiscard]] static Entry timer_of(std::uint32_t bits, NodeIndex node);

    static std::int64_t nanos(Time t) { return t.time_since_epoch().count(); }
    [[nodiscard]] std::size_t next_low() const;
    [[nodiscard]] std::size_t next_high() const;
    [[gnu::always_inline]] Packed pack(Time time, const Entry& entry) {
        const auto at = static_cast<std::uint64_t>(nanos(time));
        Packed item{at & (tick_span - 1), Packed::parked, entry.message & body_mask, entry.node, entry.other};
        if (entry.kind == EntryKind::message && entry.connection == 0 && entry.message >> body_bits == 0) {
            item.form = static_cast<std::uint64_t>(entry.trust) & 3U;
        } else {
            pack_seldom(item, {time, entry});
        }
        return item;
    }
    void pack_seldom(Packed& item, const Due& due);
    [[gnu::always_inline]] void put_low(Time time, const Entry& entry) {
        low_.add(static_cast<std::size_t>(nanos(time) >> tick_bits) & (low_slots - 1), pack(time, entry));
    }
    void put_elsewhere(const Due& due);
    void put_high(const Due& due);
    [[nodiscard]] Entry entry_of(const Packed& item) const;
    [[nodiscard]] Entry entry_of(const High& item) const;
    [[nodiscard]] Time low_start(std::size_t slot) const;
    [[nodiscard]] Time high_start(std::size_t slot) const;
    void insert_into_turn(const Due& due);
    void sort_from(std::size_t first);
    // Time within the turn, and place in it.
    [[nodiscard]] std::uint64_t key_of(Time time, std::size_t place) const {
        return static_cast<std::uint64_t>(nanos(time) - (first_ << tick_bits)) << 32 | place;
    }
    [[nodiscard]] Time time_of(std::uint64_t key) const {
        return Time(Duration((first_ << tick_bits) + static_cast<std::int64_t>(key >> 32)));
    }
    [[nodiscard]] const Packed& in_turn(std::size_t i) const { return turn_[order_[i] & place_mask]; }
    void take_slot(std::size_t slot);
    void give_back();
    void load();
    void extend(Time now);
    void begin_turn_anew(Time now);
    void next_window();
    [[nodiscard]] Time find_next() const;

    Slots<Packed, low_slots> low_;
    Slots<High, high_slots> high_;
    Parked<Due> parked_;
    std::map<std::int64_t, std::vector<Due>> far_;  // by the upper level's span
    std::vector<Packed> turn_;                      // the slots whose turn it is, in the order of insertion
    std::vector<std::uint64_t> order_;              // their keys, sorted; done up to at_
    std::vector<std::uint64_t> sorting_;            // see sort_from
    std::size_t at_{0};
    std::int64_t tick_{-1};   // of the last slot whose turn it is
    std::int64_t first_{-1};  // of the first
    std::int64_t window_{0};  // which span the lower level covers
    std::int64_t span_{0};    // which span the upper level covers
    std::size_t size_{0};
    mutable Time next_{};
    mutable bool next_known_{false};
};

}  // namespace gossip::sim
