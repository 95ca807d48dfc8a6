#pragma once
// Kept in release builds: a broken invariant ends the process with its place, rather than going on
// with state that is wrong. Never for what a peer sent: that is an ordinary refusal.

namespace gossip {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define GOSSIP_ASSERT(expression) \
    (static_cast<bool>(expression) ? void(0) : ::gossip::assertion_failed(#expression, __FILE__, __LINE__))
