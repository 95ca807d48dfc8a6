#pragma once
// One level of a timing wheel: items in numbered slots, in each slot in the order of insertion. Slots are lists of
// chunks from a common free list, so that memory is proportional to the number of items and not of slots.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace gossip::sim {

template <class Item, std::size_t slot_count>
class WheelLevel {
public:
    [[gnu::always_inline]] void add(std::size_t slot, const Item& item) {
        const std::uint32_t last = slots_[slot].last;
        Chunk& open = last == none || chunk(last).count == Chunk::capacity ? add_chunk(slot) : chunk(last);
        open.items[open.count++] = item;
    }
    // The first non-empty slot at or after `from`; slot_count if there is none.
    [[nodiscard]] std::size_t next_used(std::size_t from) const {
        std::size_t word = from / 64;
        if (word >= used_.size()) return slot_count;
        std::uint64_t left = used_[word] & (~std::uint64_t{0} << (from % 64));
        while (left == 0) {
            if (++word == used_.size()) return slot_count;
            left = used_[word];
        }
        return word * 64 + static_cast<std::size_t>(std::countr_zero(left));
    }
    // Empties a slot; `take` gets its items as consecutive spans.
    template <class Take>
    void drain(std::size_t slot, Take take) {
        used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        std::uint32_t at = std::exchange(slots_[slot], Slot{}).first;
        while (at != none) {
            const Chunk& full = chunk(at);
            take(std::span(full.items).first(full.count));
            free_.push_back(at);
            at = full.next;
        }
    }
    template <class See>
    void each(std::size_t slot, See see) const {
        for (std::uint32_t at = slots_[slot].first; at != none; at = chunk(at).next) {
            for (std::uint32_t i = 0; i < chunk(at).count; ++i) see(chunk(at).items[i]);
        }
    }

private:
    static_assert(slot_count % 64 == 0);
    static constexpr std::uint32_t none = 0xffffffff;
    static constexpr std::size_t block = 256;  // chunks per allocation

    struct Chunk {
        static constexpr std::uint32_t capacity = (256 - 2 * sizeof(std::uint32_t)) / sizeof(Item);
        std::array<Item, capacity> items;
        std::uint32_t count{0};
        std::uint32_t next{none};
    };
    struct Slot {
        std::uint32_t first{none};
        std::uint32_t last{none};
    };

    [[nodiscard]] Chunk& chunk(std::uint32_t i) const { return blocks_[i / block][i % block]; }
    [[gnu::noinline]] Chunk& add_chunk(std::size_t slot) {
        if (free_.empty()) {
            const std::size_t first = blocks_.size() * block;
            blocks_.push_back(std::make_unique_for_overwrite<Chunk[]>(block));
            for (std::size_t i = block; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(first + i - 1));
        }
        const std::uint32_t fresh = free_.back();
        free_.pop_back();
        auto& [first, last] = slots_[slot];
        if (last == none) {
            first = fresh;
            used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
        } else {
            chunk(last).next = fresh;
        }
        last = fresh;
        chunk(fresh).count = 0;
        chunk(fresh).next = none;
        return chunk(fresh);
    }

    std::vector<Slot> slots_ = std::vector<Slot>(slot_count);
    std::vector<std::uint64_t> used_ = std::vector<std::uint64_t>(slot_count / 64);  // bitmap of non-empty slots
    std::vector<std::unique_ptr<Chunk[]>> blocks_;
    std::vector<std::uint32_t> free_;
};

}  // namespace gossip::sim
