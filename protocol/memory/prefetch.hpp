#pragma once
// Cache hints: the memory that a later step will read or write is loaded early. A function that does nothing but
// prefetch must be always_inline: GCC considers it free of side effects and removes the calls.

#include <cstddef>

namespace gossip {

constexpr std::size_t cache_line = 64;

[[gnu::always_inline]] inline void prefetch(const void* first, std::size_t lines = 1) {
    for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(first) + cache_line * i);
}

[[gnu::always_inline]] inline void prefetch_for_write(const void* first, std::size_t lines) {
    for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(first) + cache_line * i, 1);
}

}  // namespace gossip
