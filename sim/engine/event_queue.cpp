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

// The next non-empty slot after the front.
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
                  "every kind fits, and none makes the bits of no_timer");
    const auto kind = static_cast<TimerKind>(bits >> (generation_bits + life_bits));
    const std::uint32_t generation = bits >> life_bits & ((1U << generation_bits) - 1);
    return Entry::timer(node, bits & ((1U << life_bits) - 1), {kind, generation, 0});
}

void EventQueue::pack_uncommon(Packed& item, const Due& due) {
    const std::uint32_t timer = timer_bits(due.entry);
    item.form = timer == no_timer ? Packed::pooled : Packed::timer;
    item.body = timer == no_timer ? pool_.put(due) : timer;
    if (timer == no_timer) item.node = no_node;
}

Entry EventQueue::entry_of(const Packed& item) const {
    if (item.form == Packed::pooled) return pool_[static_cast<PoolIndex>(item.body)].entry;
    if (item.form == Packed::timer) return timer_of(static_cast<std::uint32_t>(item.body), item.node);
    Entry e{.kind = EntryKind::message, .trust = static_cast<Trust>(item.form), .node = item.node, .other = item.from};
    e.message = item.body;
    return e;
}

Entry EventQueue::entry_of(const High& item) const {
    return item.timer == no_timer ? pool_[item.node].entry : timer_of(item.timer, item.node);
}

// ---------------------------------------------------------------- pushing

void EventQueue::put_high(const Due& due) {
    constexpr int slot_bits = tick_bits + low_bits;
    const auto at = static_cast<std::uint64_t>(nanos(due.time));
    const auto after = static_cast<std::uint32_t>(at & ((std::uint64_t{1} << slot_bits) - 1));
    const std::uint32_t timer = timer_bits(due.entry);
    const std::uint32_t node = timer == no_timer ? pool_.put(due) : due.entry.node;
    high_.add(at >> slot_bits & (high_slots - 1), {after, timer, node});
}

void EventQueue::push_elsewhere(const Due& due) {
    const std::int64_t tick = nanos(due.time) >> tick_bits;
    if (tick <= tick_) {
        insert_into_front(due);
    } else if (tick >> (low_bits + high_bits) == span_) {
        put_high(due);
    } else {
        far_[tick >> (low_bits + high_bits)].push_back(due);
    }
}

void EventQueue::insert_into_front(const Due& due) {
    const std::uint64_t key = key_of(due.time, front_.size());
    front_.push_back(pack(due.time, due.entry));
    keys_.insert(std::lower_bound(keys_.begin() + static_cast<std::ptrdiff_t>(next_key_), keys_.end(), key), key);
    if (keys_.size() - next_key_ > front_max) return_later_slots();
}

// Keeps only the slot of the next item in the front. The other slots of the wheel are empty, and their items return
// in order, so the order of insertion is kept.
void EventQueue::return_later_slots() {
    const auto tick_of = [this](std::uint64_t key) { return nanos(time_of(key)) >> tick_bits; };
    const std::int64_t next = tick_of(keys_[next_key_]);
    if (next == tick_) return;
    const auto later = [&](std::uint64_t key) { return tick_of(key) > next; };
    const auto from = std::find_if(keys_.begin() + static_cast<std::ptrdiff_t>(next_key_), keys_.end(), later);
    for (auto key = from; key != keys_.end(); ++key) {
        low_.add(static_cast<std::size_t>(tick_of(*key)) & (low_slots - 1), front_[*key & place_mask]);
    }
    keys_.erase(from, keys_.end());
    tick_ = next;
}

// ---------------------------------------------------------------- popping

EventQueue::Due EventQueue::pop() {
    GOSSIP_ASSERT(size_ > 0);
    if (next_key_ == keys_.size()) load_front();
    const Packed& item = in_front(next_key_);
    const Due due{time_of(keys_[next_key_]), entry_of(item)};
    if (item.form == Packed::pooled) pool_.free(static_cast<PoolIndex>(item.body));
    ++next_key_;
    --size_;
    if (keys_.size() - next_key_ < lookahead_items) extend_front(due.time);
    next_known_ = next_key_ < keys_.size();
    if (next_known_) next_ = time_of(keys_[next_key_]);
    return due;
}

void EventQueue::load_front() {
    front_.clear();
    keys_.clear();
    next_key_ = 0;
    std::size_t slot = next_low();
    while (slot == low_slots) {
        advance_window();
        slot = next_low();
    }
    tick_ = (window_ << low_bits) | static_cast<std::int64_t>(slot);
    first_ = tick_;
    move_slot_to_front(slot);
    sort_from(0);
}

// Takes further slots of this window, so that there are items to look ahead at.
void EventQueue::extend_front(Time now) {
    if (tick_ >> low_bits != window_) return;
    if (next_key_ > front_max) compact_front(now);
    const std::size_t sorted = keys_.size();
    for (std::size_t slot = next_low(); slot < low_slots && keys_.size() - next_key_ < lookahead_items;
         slot = next_low()) {
        const std::int64_t tick = (window_ << low_bits) | static_cast<std::int64_t>(slot);
        if (tick - (nanos(now) >> tick_bits) >= lookahead_slots) break;
        tick_ = tick;
        move_slot_to_front(slot);
    }
    sort_from(sorted);
}

// Sorts by time; equal times keep the order of insertion, which the keys contain. Many keys are sorted by a radix sort
// over the bytes of the time, from the lowest.
void EventQueue::sort_from(std::size_t first) {
    constexpr std::size_t radix_sort_min = 96;
    constexpr int digit_bits = 8;
    constexpr std::size_t digits = std::size_t{1} << digit_bits;
    const std::span<std::uint64_t> keys = std::span(keys_).subspan(first);
    if (keys.size() < radix_sort_min) return std::sort(keys.begin(), keys.end());
    sort_buffer_.resize(keys.size());
    std::span<std::uint64_t> from = keys;
    std::span<std::uint64_t> to = sort_buffer_;
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

// Removes the popped items. Few are left.
void EventQueue::compact_front(Time now) {
    std::vector<std::pair<Time, Packed>> left;
    for (std::size_t i = next_key_; i < keys_.size(); ++i) left.emplace_back(time_of(keys_[i]), in_front(i));
    first_ = nanos(now) >> tick_bits;
    front_.clear();
    keys_.clear();
    next_key_ = 0;
    for (const auto& [time, item] : left) {
        keys_.push_back(key_of(time, front_.size()));
        front_.push_back(item);
    }
}

void EventQueue::move_slot_to_front(std::size_t slot) {
    const Time start = low_start(slot);
    low_.drain(slot, [this, start](std::span<const Packed> items) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            keys_.push_back(key_of(start + Duration(items[i].after), front_.size() + i));
        }
        front_.insert(front_.end(), items.begin(), items.end());
    });
}

// The lower level is empty: moves it to the next non-empty span.
void EventQueue::advance_window() {
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
            if (item.timer == no_timer) pool_.free(item.node);
            put_low(start + Duration(item.after), entry);
        }
    });
}

// ---------------------------------------------------------------- looking ahead

// Does not advance the wheel, because the next push may be earlier than this time.
Time EventQueue::find_next() const {
    if (next_key_ < keys_.size()) return time_of(keys_[next_key_]);
    std::uint32_t first = 0xffffffff;  // nanoseconds since the start of the slot
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
