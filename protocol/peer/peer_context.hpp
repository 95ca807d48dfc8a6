#pragma once
// What the peers of a process have in common; it outlives them. The last two are memory, not rules: values that many
// peers would make alike at nearly the same time, kept so that one object serves all of them.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/peer/membership_state.hpp"
#include "protocol/rumors/forward_cache.hpp"

namespace gossip {

struct PeerContext {
    const Config& config;
    const Crypto& crypto;
    ForwardCache forwards{};
    StateInterner states{};
};

}  // namespace gossip
