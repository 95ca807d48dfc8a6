#include "protocol/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace gossip {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "gossipctl: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace gossip
