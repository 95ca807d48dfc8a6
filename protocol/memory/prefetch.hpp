#pragma once
// Memory that will be looked at soon, asked for early. Whatever does only this must be inlined always: GCC takes a
// function of mere prefetches for one without effect, and leaves out the calls of it.

#include <cstddef>

namespace gossip {

constexpr std::size_t cache_line = 64;

[[gnu::always_inline]] inline void prefetch(const void* first, std::size_t lines = 1) {
    for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(first) + cache_line * i);
}

}  // namespace gossip
