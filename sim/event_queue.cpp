#include "sim/event_queue.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

namespace gossip::sim {
namespace {

constexpr auto earlier = [](const EventQueue::Due& a, const EventQueue::Due& b) { return a.time < b.time; };

void set_bit(std::vector<std::uint64_t>& bits, std::size_t i) { bits[i / 64] |= std::uint64_t{1} << (i % 64); }
void clear_bit(std::vector<std::uint64_t>& bits, std::size_t i) { bits[i / 64] &= ~(std::uint64_t{1} << (i % 64)); }

}  // namespace

// ---------------------------------------------------------------- slots

std::size_t EventQueue::next_bit(const Bits& bits, std::size_t from) {
    std::size_t word = from / 64;
    if (word >= bits.size()) return bits.size() * 64;
    std::uint64_t left = bits[word] & (~std::uint64_t{0} << (from % 64));
    while (left == 0) {
        if (++word == bits.size()) return bits.size() * 64;
        left = bits[word];
    }
    return word * 64 + static_cast<std::size_t>(std::countr_zero(left));
}

// The used slots that follow those whose turn it is.
std::size_t EventQueue::next_low() const {
    const bool inside = tick_ >> low_bits == window_;
    return next_bit(low_.used, inside ? static_cast<std::size_t>(tick_ & (low_slots - 1)) + 1 : 0);
}

std::size_t EventQueue::next_high() const {
    const bool inside = window_ >> high_bits == span_;
    return next_bit(high_.used, inside ? static_cast<std::size_t>(window_ & (high_slots - 1)) + 1 : 0);
}

EventQueue::Chunk& EventQueue::add_chunk(Level& level, std::size_t slot) {
    if (free_.empty()) {
        const std::size_t first = blocks_.size() * block;
        blocks_.push_back(std::make_unique<Chunk[]>(block));
        for (std::size_t i = block; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(first + i - 1));
    }
    const std::uint32_t fresh = free_.back();
    free_.pop_back();
    auto& [first, last] = level.slots[slot];
    if (last == none) {
        first = fresh;
        set_bit(level.used, slot);
    } else {
        chunk(last).next = fresh;
    }
    last = fresh;
    chunk(fresh).count = 0;
    chunk(fresh).next = none;
    return chunk(fresh);
}

template <class Take>
void EventQueue::drain(Level& level, std::size_t slot, Take take) {
    clear_bit(level.used, slot);
    std::uint32_t at = std::exchange(level.slots[slot], Slot{}).first;
    while (at != none) {
        const Chunk& full = chunk(at);
        take(std::span(full.items).first(full.count));
        free_.push_back(at);
        at = full.next;
    }
}

void EventQueue::put_low(const Due& due) {
    place_in(low_, static_cast<std::size_t>(nanos(due.time) >> tick_bits) & (low_slots - 1)) = due;
}

void EventQueue::put_high(const Due& due) {
    place_in(high_, static_cast<std::size_t>(nanos(due.time) >> (tick_bits + low_bits)) & (high_slots - 1)) = due;
}

// ---------------------------------------------------------------- in

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

std::uint64_t EventQueue::key_of(const Due& due, std::size_t place) const {
    return static_cast<std::uint64_t>(nanos(due.time) - (first_ << tick_bits)) << 32 | place;
}

void EventQueue::insert_into_turn(const Due& due) {
    const std::uint64_t key = key_of(due, turn_.size());
    turn_.push_back(due);
    order_.insert(std::lower_bound(order_.begin() + static_cast<std::ptrdiff_t>(at_), order_.end(), key), key);
    if (order_.size() - at_ > turn_limit) give_back();
}

// All slots but that of the next item: they are empty, and get their items in order.
void EventQueue::give_back() {
    const std::int64_t next = nanos(in_turn(at_).time) >> tick_bits;
    if (next == tick_) return;
    const auto later = [&](std::uint64_t key) { return nanos(turn_[key & place_mask].time) >> tick_bits > next; };
    const auto from = std::find_if(order_.begin() + static_cast<std::ptrdiff_t>(at_), order_.end(), later);
    for (auto key = from; key != order_.end(); ++key) put_low(turn_[*key & place_mask]);
    order_.erase(from, order_.end());
    tick_ = next;
}

// ---------------------------------------------------------------- out

EventQueue::Due EventQueue::pop() {
    GOSSIP_ASSERT(size_ > 0);
    if (at_ == order_.size()) load();
    const Due due = in_turn(at_++);
    --size_;
    if (order_.size() - at_ < turn_items) extend(due.time);
    next_known_ = at_ < order_.size();
    if (next_known_) next_ = in_turn(at_).time;
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
    std::vector<Due> left;
    for (std::size_t i = at_; i < order_.size(); ++i) left.push_back(in_turn(i));
    first_ = nanos(now) >> tick_bits;
    turn_.clear();
    order_.clear();
    at_ = 0;
    for (const Due& due : left) {
        order_.push_back(key_of(due, turn_.size()));
        turn_.push_back(due);
    }
}

void EventQueue::take_slot(std::size_t slot) {
    drain(low_, slot, [this](std::span<const Due> items) {
        for (std::size_t i = 0; i < items.size(); ++i) order_.push_back(key_of(items[i], turn_.size() + i));
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
    drain(high_, slot, [this](std::span<const Due> items) {
        for (const Due& due : items) put_low(due);
    });
}

// ---------------------------------------------------------------- looking ahead

Time EventQueue::earliest(const Slot& slot) const {
    Time first = Time::max();
    for (std::uint32_t at = slot.first; at != none; at = chunk(at).next) {
        for (std::uint32_t i = 0; i < chunk(at).count; ++i) first = std::min(first, chunk(at).items[i].time);
    }
    return first;
}

// Without moving the wheel: what is pushed next may well come before it.
Time EventQueue::find_next() const {
    if (at_ < order_.size()) return in_turn(at_).time;
    if (const std::size_t low = next_low(); low < low_slots) return earliest(low_.slots[low]);
    const std::size_t high = next_high();
    if (high < high_slots) return earliest(high_.slots[high]);
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
