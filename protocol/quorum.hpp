#pragma once
// floor(n/2)+1 and the counting of distinct seats.

#include "protocol/types.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace gossip {

// Two majorities of the same n share a member: what every safety argument rests on.
[[nodiscard]] constexpr std::size_t majority(std::size_t n) { return n / 2 + 1; }

// A set of seats (at most 32): a duplicated vote cannot count twice, because a set has no twice.
class SeatSet {
public:
    // False when the seat was in already.
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
