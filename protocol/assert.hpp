#pragma once
// An assertion that release builds keep: a broken invariant ends the process and prints the place, before wrong
// state spreads. Not for input from the network: that is refused.

namespace gossip {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define GOSSIP_ASSERT(expression) \
    (static_cast<bool>(expression) ? void(0) : ::gossip::assertion_failed(#expression, __FILE__, __LINE__))
