#pragma once
// Our own generator and distributions: std::uniform_int_distribution and std::shuffle differ
// between standard libraries, so a seed would not replay elsewhere. Eight bytes a node.

#include "protocol/types.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

namespace gossip {

// One step of splitmix64 (Steele, Lea, Flood 2014): also used as a stateless 64-bit mix.
constexpr std::uint64_t mix64(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

class Rng {
public:
    explicit constexpr Rng(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        const std::uint64_t result = mix64(state_);
        state_ += 0x9e3779b97f4a7c15ULL;
        return result;
    }

    // Uniform in [0, bound); 0 when bound is 0. Lemire's multiply-shift: the bias is below 2^-32
    // for the bounds used here.
    constexpr std::uint64_t below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }

    // Uniform in [0, bound).
    constexpr Duration below(Duration bound) { return Duration(static_cast<std::int64_t>(below(ticks(bound)))); }
    // Uniform in [0, most].
    constexpr Duration up_to(Duration most) { return Duration(static_cast<std::int64_t>(below(ticks(most) + 1))); }
    // Uniform in [d / 2, 3 d / 2): for what many nodes do at the same interval.
    constexpr Duration jitter(Duration d) { return d / 2 + below(d); }
    // Uniform, at most `percent` % more or less than `d`.
    constexpr Duration around(Duration d, std::uint32_t percent) {
        const Duration width = d * percent / 100;
        return d - width + up_to(2 * width);
    }

    // An element, each as likely; there must be one.
    template <class Items>
    constexpr decltype(auto) pick(const Items& items) {
        return items[static_cast<std::size_t>(below(std::size(items)))];
    }

    constexpr bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }

    constexpr Rng fork() { return Rng{next()}; }

    template <class T>
    constexpr void shuffle(std::span<T> items) {
        for (std::size_t i = items.size(); i > 1; --i) {
            std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
        }
    }

private:
    static constexpr std::uint64_t ticks(Duration d) { return static_cast<std::uint64_t>(d.count()); }

    std::uint64_t state_;
};

}  // namespace gossip
