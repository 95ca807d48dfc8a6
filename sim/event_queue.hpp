#pragma once
// What is to happen, in the order (time, insertion): the whole source of determinism.
//
// A timing wheel (Varghese, Lauck 1987) of two levels and an ordered rest for the far future. Each
// level covers an aligned span of time, so whatever waits in a slot of the upper one moves down before
// anything can be put beside it: every slot keeps the order of insertion, and a stable sort by time
// inside one slot, when its turn comes, gives the total order.

#include "protocol/machine.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace gossip::sim {

// Dense number of a node within one simulator.
using NodeIndex = std::uint32_t;
constexpr NodeIndex no_node = 0xffffffff;

// One TCP connection, never reused; 0 is none.
using ConnectionId = std::uint32_t;

// An event or action kept elsewhere (see Parked).
using ParkedIndex = std::uint32_t;

// Which of a node's ends of its connections (see Network).
using EndIndex = std::uint32_t;
constexpr EndIndex no_end = 0xffffffff;

enum class EntryKind : std::uint8_t {
    message,     // arrives at `node` by `end`, if that is still `connection`
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
    NodeIndex node{no_node};
    union {
        NodeIndex other{no_node};
        EndIndex end;
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
public:
    struct Due {
        Time time{};
        Entry entry;
    };
    static_assert(sizeof(Due) == 32);

    // Not before what was popped last. Written where it is to wait, and nowhere before: most entries are put into
    // the lower level, one for each message.
    [[gnu::always_inline]] void push(Time time, const Entry& entry) {
        const std::int64_t tick = nanos(time) >> tick_bits;
        if (next_known_ && time < next_) next_ = time;
        if (size_++ == 0) next_ = time, next_known_ = true;
        if (tick <= tick_ || tick >> low_bits != window_) return put_elsewhere({time, entry});
        Due& due = place_in(low_, static_cast<std::size_t>(tick) & (low_slots - 1));
        due.time = time;
        due.entry = entry;
    }
    // The earliest; of equals the one pushed first. Not when empty.
    [[nodiscard]] Due pop();
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Time next_time() const;
    // What comes so many places after the next, if it is near: a hint for fetching memory early.
    [[nodiscard]] const Entry* ahead(std::size_t places) const {
        return at_ + places < order_.size() ? &in_turn(at_ + places).entry : nullptr;
    }

    // All that waits, in no order.
    template <class See>
    void each(See see) const {
        const auto see_slot = [&](const Slot& slot) {
            for (std::uint32_t at = slot.first; at != none; at = chunk(at).next) {
                for (std::uint32_t i = 0; i < chunk(at).count; ++i) see(chunk(at).items[i].entry);
            }
        };
        for (std::size_t i = at_; i < order_.size(); ++i) see(in_turn(i).entry);
        for (const Slot& slot : low_.slots) see_slot(slot);
        for (const Slot& slot : high_.slots) see_slot(slot);
        for (const auto& [span, items] : far_) {
            for (const Due& due : items) see(due.entry);
        }
    }

private:
    static constexpr int tick_bits = 13;  // a slot of the lower level is eight microseconds
    static constexpr int low_bits = 16;   // of which there are 65,536: half a second
    static constexpr int high_bits = 10;  // the upper level reaches nine minutes ahead
    static constexpr std::size_t low_slots = std::size_t{1} << low_bits;
    static constexpr std::size_t high_slots = std::size_t{1} << high_bits;
    static constexpr std::size_t block = 128;  // chunks allocated at once
    // A turn takes further slots while it has fewer items than this left to look ahead over, but none so many slots
    // away; what is put in between is sorted in, and when that becomes dear the later slots are given back.
    static constexpr std::size_t turn_items = 48;
    static constexpr std::int64_t turn_slots = 64;
    static constexpr std::size_t turn_limit = 2048;
    static constexpr std::uint32_t none = 0xffffffff;
    static constexpr std::uint64_t place_mask = 0xffffffff;

    // Items of one slot, in chunks: the wheel's memory follows what is in it.
    struct Chunk {
        static constexpr std::uint32_t capacity = 15;
        std::array<Due, capacity> items;
        std::uint32_t count{0};
        std::uint32_t next{none};
    };
    struct Slot {
        std::uint32_t first{none};
        std::uint32_t last{none};
    };
    using Bits = std::vector<std::uint64_t>;
    struct Level {
        explicit Level(std::size_t count) : slots(count), used(count / 64) {}
        std::vector<Slot> slots;
        Bits used;  // which hold anything
    };

    static std::int64_t nanos(Time t) { return t.time_since_epoch().count(); }
    [[nodiscard]] Chunk& chunk(std::uint32_t i) const { return blocks_[i / block][i % block]; }
    [[nodiscard]] std::size_t next_low() const;
    [[nodiscard]] std::size_t next_high() const;
    static std::size_t next_bit(const Bits& bits, std::size_t from);  // past the end when there is none
    [[nodiscard]] Due& place_in(Level& level, std::size_t slot) {
        const std::uint32_t last = level.slots[slot].last;
        Chunk& open = last == none || chunk(last).count == Chunk::capacity ? add_chunk(level, slot) : chunk(last);
        return open.items[open.count++];
    }
    void put_elsewhere(const Due& due);
    void put_low(const Due& due);
    void put_high(const Due& due);
    Chunk& add_chunk(Level& level, std::size_t slot);
    template <class Take>
    void drain(Level& level, std::size_t slot, Take take);
    [[nodiscard]] Time earliest(const Slot& slot) const;
    void insert_into_turn(const Due& due);
    void sort_from(std::size_t first);
    [[nodiscard]] std::uint64_t key_of(const Due& due, std::size_t place) const;
    [[nodiscard]] const Due& in_turn(std::size_t i) const { return turn_[order_[i] & place_mask]; }
    void take_slot(std::size_t slot);
    void give_back();
    void load();
    void extend(Time now);
    void begin_turn_anew(Time now);
    void next_window();
    [[nodiscard]] Time find_next() const;

    Level low_{low_slots};
    Level high_{high_slots};
    std::map<std::int64_t, std::vector<Due>> far_;  // by the upper level's span
    std::vector<std::unique_ptr<Chunk[]>> blocks_;
    std::vector<std::uint32_t> free_;
    std::vector<Due> turn_;               // the slots whose turn it is, in the order of insertion
    std::vector<std::uint64_t> order_;    // time within the turn, and place in turn_: sorted; done up to at_
    std::vector<std::uint64_t> sorting_;  // see sort_from
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
