#pragma once
// What the peers of a process have in common: one pointer in each. It outlives them.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"

namespace gossip {

struct Surroundings {
    const Config& config;
    const Crypto& crypto;
};

}  // namespace gossip
