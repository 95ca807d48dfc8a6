#pragma once
// The event queue: entries in the total order (time, insertion), on which the determinism of a run rests.
//
// A timing wheel (Varghese, Lauck 1987) of two levels, and an ordered map for the far future. Each level covers an
// aligned span of time, so the items of an upper slot move down before anything newer can enter the same lower slots.
// Hence every slot keeps the order of insertion, and a stable sort by time within a slot gives the total order.
//
// The slots that are popped from now form the front: a list of items and their sorted keys. It spans several slots, so
// that the driver can look ahead and prefetch memory.
//
// Items are packed. The slot implies most bits of the time, and nearly all items are messages on the first connection
// of two nodes, or timers whose fields are small. Any other entry is stored in a pool and represented by its index.

#include "protocol/machine.hpp"
#include "sim/engine/node_ids.hpp"
#include "sim/engine/slot_pool.hpp"
#include "sim/engine/wheel_level.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace gossip::sim {

// Identifies a connection for as long as the simulation runs. 0 is the first connection of any two nodes.
using ConnectionId = std::uint32_t;

// Index into Node::ends.
using EndIndex = std::uint32_t;
constexpr EndIndex no_end = 0xffffffff;

enum class EntryKind : std::uint8_t {
    message,     // from `other` arrives at `node`, provided that `connection` still exists
    timer,       // a timer of `node` is due: `generation`, key in `aux`
    dial,        // the SYN of `other` arrives at `node`
    end_closed,  // `node` notices that `connection` with `other` has ended
    link_lost,   // `node` is told that the link to `other` is lost, whatever their current connection
    stalled,     // `other` may not have acknowledged anything to `node` since the time in `aux`
    synced,      // the disk of `node` finished a sync
    event,       // an event that the scenario feeds to `node`
    action,      // a callback of the scenario; no node
};

struct Entry {
    EntryKind kind{};
    LossReason reason{};
    TimerKind timer_kind{};
    Trust trust{};  // message: of its sender
    NodeIndex node{no_node};
    union {
        NodeIndex other{no_node};
        std::uint32_t generation;
    };
    union {
        std::uint32_t life{0};  // of `node`: entries for an earlier life are dropped
        ConnectionId connection;
    };
    union {
        std::uint64_t aux{0};
        std::uint64_t message;  // a SharedMessage, detached
        PoolIndex pooled;       // event, action
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
    static constexpr int tick_bits = 13;  // a lower slot covers 2^13 ns, eight microseconds
    static constexpr int body_bits = 48;

public:
    struct Due {
        Time time{};
        Entry entry;
    };
    static_assert(sizeof(Due) == 32);

    // An item of the lower level or of the front. `form` is the sender's Trust for a message, else one of these.
    struct Packed {
        static constexpr std::uint64_t timer = 3;
        static constexpr std::uint64_t pooled = 4;
        std::uint64_t after : tick_bits;  // nanoseconds since the start of its slot
        std::uint64_t form : 3;
        std::uint64_t body : body_bits;  // the message, the timer's bits, or the pool index
        NodeIndex node;                  // no_node if pooled
        NodeIndex from;
        [[nodiscard]] bool is_message() const { return form < timer; }
        [[nodiscard]] std::uint64_t message() const { return body; }
    };
    static_assert(sizeof(Packed) == 16);

    // `time` must not precede the entry popped last. Inlined for the common case: a message, to the lower level.
    [[gnu::always_inline]] void push(Time time, const Entry& entry) {
        const std::int64_t tick = nanos(time) >> tick_bits;
        if (next_known_ && time < next_) next_ = time;
        if (size_++ == 0) next_ = time, next_known_ = true;
        if (tick <= tick_ || tick >> low_bits != window_) return push_elsewhere({time, entry});
        put_low(time, entry);
    }
    // The earliest entry; among equal times the one pushed first. The queue must not be empty.
    [[nodiscard]] Due pop();
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Time next_time() const;
    // For prefetching: how many of the next items are known already, and one of them.
    [[nodiscard]] std::size_t ready() const { return keys_.size() - next_key_; }
    [[nodiscard]] const Packed& ahead(std::size_t places) const { return in_front(next_key_ + places); }

    // Visits all entries in unspecified order.
    template <class See>
    void each(See see) const {
        for (std::size_t i = next_key_; i < keys_.size(); ++i) see(entry_of(in_front(i)));
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
    static constexpr int low_bits = 16;   // 65,536 lower slots cover half a second
    static constexpr int high_bits = 10;  // 1,024 upper slots cover nine minutes
    static constexpr std::uint64_t tick_span = std::uint64_t{1} << tick_bits;
    static constexpr std::uint64_t body_mask = (std::uint64_t{1} << body_bits) - 1;
    static constexpr std::size_t low_slots = std::size_t{1} << low_bits;
    static constexpr std::size_t high_slots = std::size_t{1} << high_bits;
    // The front takes further slots while it has fewer items than this, but none further ahead than this. New entries
    // among them are inserted in order; if it grows too large for that, its later slots go back to the wheel.
    static constexpr std::size_t lookahead_items = 48;
    static constexpr std::int64_t lookahead_slots = 64;
    static constexpr std::size_t front_max = 2048;
    static constexpr std::uint64_t place_mask = 0xffffffff;

    // An item of the upper level: a timer, or a pool index in `node`.
    struct High {
        std::uint32_t after;  // nanoseconds since the start of its slot
        std::uint32_t timer;  // its bits; no_timer if pooled
        std::uint32_t node;
    };
    static_assert(sizeof(High) == 12);

    // A timer's kind, generation and life packed into 32 bits; no_timer if they do not fit or the timer has a key.
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
        Packed item{at & (tick_span - 1), Packed::pooled, entry.message & body_mask, entry.node, entry.other};
        if (entry.kind == EntryKind::message && entry.connection == 0 && entry.message >> body_bits == 0) {
            item.form = static_cast<std::uint64_t>(entry.trust) & 3U;
        } else {
            pack_uncommon(item, {time, entry});
        }
        return item;
    }
    void pack_uncommon(Packed& item, const Due& due);
    [[gnu::always_inline]] void put_low(Time time, const Entry& entry) {
        low_.add(static_cast<std::size_t>(nanos(time) >> tick_bits) & (low_slots - 1), pack(time, entry));
    }
    void push_elsewhere(const Due& due);
    void put_high(const Due& due);
    [[nodiscard]] Entry entry_of(const Packed& item) const;
    [[nodiscard]] Entry entry_of(const High& item) const;
    [[nodiscard]] Time low_start(std::size_t slot) const;
    [[nodiscard]] Time high_start(std::size_t slot) const;
    void insert_into_front(const Due& due);
    void sort_from(std::size_t first);
    // A sortable key: time since the start of the front, then the item's place in it.
    [[nodiscard]] std::uint64_t key_of(Time time, std::size_t place) const {
        return static_cast<std::uint64_t>(nanos(time) - (first_ << tick_bits)) << 32 | place;
    }
    [[nodiscard]] Time time_of(std::uint64_t key) const {
        return Time(Duration((first_ << tick_bits) + static_cast<std::int64_t>(key >> 32)));
    }
    [[nodiscard]] const Packed& in_front(std::size_t i) const { return front_[keys_[i] & place_mask]; }
    void move_slot_to_front(std::size_t slot);
    void return_later_slots();
    void load_front();
    void extend_front(Time now);
    void compact_front(Time now);
    void advance_window();
    [[nodiscard]] Time find_next() const;

    WheelLevel<Packed, low_slots> low_;
    WheelLevel<High, high_slots> high_;
    SlotPool<Due> pool_;                            // entries that cannot be packed
    std::map<std::int64_t, std::vector<Due>> far_;  // beyond the upper level, by its span
    std::vector<Packed> front_;                     // in the order of insertion
    std::vector<std::uint64_t> keys_;               // their keys, sorted; those before next_key_ are popped
    std::vector<std::uint64_t> sort_buffer_;        // see sort_from
    std::size_t next_key_{0};
    std::int64_t tick_{-1};   // the last slot of the front
    std::int64_t first_{-1};  // the first slot of the front
    std::int64_t window_{0};  // the span that the lower level covers
    std::int64_t span_{0};    // the span that the upper level covers
    std::size_t size_{0};
    mutable Time next_{};
    mutable bool next_known_{false};
};

}  // namespace gossip::sim
