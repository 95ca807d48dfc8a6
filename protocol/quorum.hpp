#pragma once
// The size of a majority, counts of seats and members, and a set that counts each seat once.

#include "protocol/types.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace gossip {

// floor(n/2)+1: any two majorities of the same n share a member, which every safety argument needs.
[[nodiscard]] constexpr std::size_t majority(std::size_t n) { return n / 2 + 1; }

// A count as messages and journal records carry it.
[[nodiscard]] constexpr std::uint32_t as_u32(std::size_t count) { return static_cast<std::uint32_t>(count); }

// A set of at most 32 seats: a duplicated vote counts once.
class SeatSet {
public:
    // False when the set held the seat already.
    constexpr bool insert(Seat seat) {
        const std::uint32_t bit = std::uint32_t{1} << (seat & 31U);
        const bool fresh = (bits_ & bit) == 0;
        bits_ |= bit;
        return fresh;
    }
    [[nodiscard]] constexpr bool contains(Seat seat) const { return (bits_ >> (seat & 31U) & 1U) != 0; }
    [[nodiscard]] constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
    constexpr void clear() { bits_ = 0; }
    [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
    friend constexpr bool operator==(SeatSet, SeatSet) = default;

private:
    std::uint32_t bits_{0};
};

}  // namespace gossip
