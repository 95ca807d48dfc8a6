#pragma once
// What a peer keeps only when something is amiss with it or near it: allocated then, for most peers never need it.

#include "protocol/config.hpp"
#include "protocol/peer/probes.hpp"
#include "protocol/peer/registration.hpp"
#include "protocol/peer/suspicions.hpp"

namespace gossip {

struct Troubles {
    explicit Troubles(const LivenessConfig& config) : probes(config) {}

    Suspicions suspicions;
    Probes probes;
    Damping damping;
    Epoch claimed_epoch{0};  // the highest a node told us of that is above ours
    Time delta_asked{};      // not again before
    Duration candidate_delay{};
    std::uint64_t refutations{0};
};

}  // namespace gossip
