#include "sim/engine/event_queue.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace gossip::sim {
namespace {

constexpr auto earlier = [](const EventQueue::Due& a, const EventQueue::Due& b) { return a.time < b.time; };

}  // namespace

// ---------------------------------------------------------------- slots

// The used slots that follow those whose turn it is.
std::size_t EventQueue::next_low() const {
    const bool inside = tick_ >> low_bits == window_;
    return low_.next_used(inside ? static_cast<std::size_t>(tick_ & (low_slots - 1)) + 1 : 0);
}

std::size_t EventQueue::next_high() const {
    const bool inside = window_ >> high_bits == span_;
    return high_.next_used(inside ? static_cast<std::size_t>(window_ & (high_slots - 1)) + 1 : 0);
}

Time EventQueue::low_start(std::size_t slot) const {
    return Time(Duration((window_ << low_bits | static_cast<std::int64_t>(slot)) << tick_bits));
}

Time EventQueue::high_start(std::size_t slot) const {
    return Time(Duration((span_ << high_bits | static_cast<std::int64_t>(slot)) << (low_bits + tick_bits)));
}

// ---------------------------------------------------------------- packing

std::uint32_t EventQueue::timer_bits(const Entry& e) {
    const bool fits =
        e.kind == EntryKind::timer && e.aux == 0 && e.generation >> generation_bits == 0 && e.life >> life_bits == 0;
    if (!fits) return no_timer;
    return static_cast<std::uint32_t>(e.timer_kind) << (generation_bits + life_bits) | e.generation << life_bits |
           e.life;
}

Entry EventQueue::timer_of(std::uint32_t bits, NodeIndex node) {
    static_assert(static_cast<std::uint32_t>(TimerKind::leave_deadline) < (no_timer >> (generation_bits + life_bits)),
                  "all kinds, and none has the bits of no_timer");
    const auto kind = static_cast<TimerKind>(bits >> (generation_bits + life_bits));
    const std::uint32_t generation = bits >> life_bits & ((1U << generation_bits) - 1);
    return Entry::timer(node, bits & ((1U << life_bits) - 1), {kind, generation, 0});
}

void EventQueue::pack_seldom(Packed& item, const Due& due) {
    const std::uint32_t timer = timer_bits(due.entry);
    item.form = timer == no_timer ? Packed::parked : Packed::timer;
    item.body = timer == no_timer ? parked_.put(due) : timer;
    if (timer == no_timer) item.node = no_node;
}

Entry EventQueue::entry_of(const Packed& item) const {
    if (item.form == Packed::parked) return parked_[static_cast<ParkedIndex>(item.body)].entry;
    if (item.form == Packed::timer) return timer_of(static_cast<std::uint32_t>(item.body), item.node);
    Entry e{.kind = EntryKind::message, .trust = static_cast<Trust>(item.form), .node = item.node, .other = item.from};
    e.message = item.body;
    return e;
}

Entry EventQueue::entry_of(const High& item) const {
    return item.timer == no_timer ? parked_[item.node].entry : timer_of(item.timer, item.node);
}

// ---------------------------------------------------------------- in

void EventQueue::put_high(const Due& due) {
    constexpr int slot_bits = tick_bits + low_bits;
    const auto at = static_cast<std::uint64_t>(nanos(due.time));
    const auto after = static_cast<std::uint32_t>(at & ((std::uint64_t{1} << slot_bits) - 1));
    const std::uint32_t timer = timer_bits(due.entry);
    const std::uint32_t node = timer == no_timer ? parked_.put(due) : due.entry.node;
    high_.add(at >> slot_bits & (high_slots - 1), {after, timer, node});
}

void EventQueue::put_elsewhere(const Due& due) {
    const std::int64_t tick = nanos(due.time) >> tick_bits;
    if (tick <= tick_) {
        insert_into_turn(due);
    } else if (tick >> (low_bits + high_bits) == span_) {
        put_high(due);
    } else {
        far_[tick >> (low_bits + high_bits)].push_back(due);
    }
}

void EventQueue::insert_into_turn(const Due& due) {
    const std::uint64_t key = key_of(due.time, turn_.size());
    turn_.push_back(pack(due.time, due.entry));
    order_.insert(std::lower_bound(order_.begin() + static_cast<std::ptrdiff_t>(at_), order_.end(), key), key);
    if (order_.size() - at_ > turn_limit) give_back();
}

// All slots but that of the next item: they are empty, and get their items in order.
void EventQueue::give_back() {
    const auto tick_of = [this](std::uint64_t key) { return nanos(time_of(key)) >> tick_bits; };
    const std::int64_t next = tick_of(order_[at_]);
    if (next == tick_) return;
    const auto later = [&](std::uint64_t key) { return tick_of(key) > next; };
    const auto from = std::find_if(order_.begin() + static_cast<std::ptrdiff_t>(at_), order_.end(), later);
    for (auto key = from; key != order_.end(); ++key) {
        low_.add(static_cast<std::size_t>(tick_of(*key)) & (low_slots - 1), turn_[*key & place_mask]);
    }
    order_.erase(from, order_.end());
    tick_ = next;
}

// ---------------------------------------------------------------- out

EventQueue::Due EventQueue::pop() {
    GOSSIP_ASSERT(size_ > 0);
    if (at_ == order_.size()) load();
    const Packed& item = in_turn(at_);
    const Due due{time_of(order_[at_]), entry_of(item)};
    if (item.form == Packed::parked) parked_.free(static_cast<ParkedIndex>(item.body));
    ++at_;
    --size_;
    if (order_.size() - at_ < turn_items) extend(due.time);
    next_known_ = at_ < order_.size();
    if (next_known_) next_ = time_of(order_[at_]);
    return due;
}

void EventQueue::load() {
    turn_.clear();
    order_.clear();
    at_ = 0;
    std::size_t slot = next_low();
    while (slot == low_slots) {
        next_window();
        slot = next_low();
    }
    tick_ = (window_ << low_bits) | static_cast<std::int64_t>(slot);
    first_ = tick_;
    take_slot(slot);
    sort_from(0);
}

// The next slots of this window join the turn early, so that there always is something to look ahead at.
void EventQueue::extend(Time now) {
    if (tick_ >> low_bits != window_) return;
    if (at_ > turn_limit) begin_turn_anew(now);
    const std::size_t sorted = order_.size();
    for (std::size_t slot = next_low(); slot < low_slots && order_.size() - at_ < turn_items; slot = next_low()) {
        const std::int64_t tick = (window_ << low_bits) | static_cast<std::int64_t>(slot);
        if (tick - (nanos(now) >> tick_bits) >= turn_slots) break;
        tick_ = tick;
        take_slot(slot);
    }
    sort_from(sorted);
}

// By time alone: what was put in first stays first. Many at once are dealt out by the digits of their time, the lowest
// first (radix sort): that takes as long a key however many there are.
void EventQueue::sort_from(std::size_t first) {
    constexpr std::size_t few = 96;
    constexpr int digit_bits = 8;
    constexpr std::size_t digits = std::size_t{1} << digit_bits;
    const std::span<std::uint64_t> keys = std::span(order_).subspan(first);
    if (keys.size() < few) return std::sort(keys.begin(), keys.end());
    sorting_.resize(keys.size());
    std::span<std::uint64_t> from = keys;
    std::span<std::uint64_t> to = sorting_;
    std::uint64_t differing = 0;
    for (const std::uint64_t key : keys) differing |= key ^ keys.front();
    for (int shift = 32; shift < 64 && differing >> shift != 0; shift += digit_bits) {
        std::array<std::uint32_t, digits> next{};
        for (const std::uint64_t key : from) ++next[key >> shift & (digits - 1)];
        std::exclusive_scan(next.begin(), next.end(), next.begin(), 0U);
        for (const std::uint64_t key : from) to[next[key >> shift & (digits - 1)]++] = key;
        std::swap(from, to);
    }
    if (from.data() != keys.data()) std::ranges::copy(from, keys.begin());
}

// Forgets what is done: few are left, in their order.
void EventQueue::begin_turn_anew(Time now) {
    std::vector<std::pair<Time, Packed>> left;
    for (std::size_t i = at_; i < order_.size(); ++i) left.emplace_back(time_of(order_[i]), in_turn(i));
    first_ = nanos(now) >> tick_bits;
    turn_.clear();
    order_.clear();
    at_ = 0;
    for (const auto& [time, item] : left) {
        order_.push_back(key_of(time, turn_.size()));
        turn_.push_back(item);
    }
}

void EventQueue::take_slot(std::size_t slot) {
    const Time start = low_start(slot);
    low_.drain(slot, [this, start](std::span<const Packed> items) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            order_.push_back(key_of(start + Duration(items[i].after), turn_.size() + i));
        }
        turn_.insert(turn_.end(), items.begin(), items.end());
    });
}

// The lower level is empty: it covers the next span that holds anything.
void EventQueue::next_window() {
    std::size_t slot = next_high();
    if (slot == high_slots) {
        GOSSIP_ASSERT(!far_.empty());
        span_ = far_.begin()->first;
        window_ = (span_ << high_bits) - 1;
        const auto items = std::move(far_.begin()->second);
        far_.erase(far_.begin());
        for (const Due& due : items) put_high(due);
        slot = next_high();
    }
    window_ = (span_ << high_bits) | static_cast<std::int64_t>(slot);
    const Time start = high_start(slot);
    high_.drain(slot, [this, start](std::span<const High> items) {
        for (const High& item : items) {
            const Entry entry = entry_of(item);
            if (item.timer == no_timer) parked_.free(item.node);
            put_low(start + Duration(item.after), entry);
        }
    });
}

// ---------------------------------------------------------------- looking ahead

// Without moving the wheel: what is pushed next may well come before it.
Time EventQueue::find_next() const {
    if (at_ < order_.size()) return time_of(order_[at_]);
    std::uint32_t first = 0xffffffff;  // from the beginning of the slot
    const auto see = [&first](const auto& item) { first = std::min(first, static_cast<std::uint32_t>(item.after)); };
    if (const std::size_t low = next_low(); low < low_slots) {
        low_.each(low, see);
        return low_start(low) + Duration(first);
    }
    if (const std::size_t high = next_high(); high < high_slots) {
        high_.each(high, see);
        return high_start(high) + Duration(first);
    }
    return std::min_element(far_.begin()->second.begin(), far_.begin()->second.end(), earlier)->time;
}

Time EventQueue::next_time() const {
    GOSSIP_ASSERT(size_ > 0);
    if (!next_known_) {
        next_ = find_next();
        next_known_ = true;
    }
    return next_;
}

}  // namespace gossip::sim
