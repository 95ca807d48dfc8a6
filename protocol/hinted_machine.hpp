#pragma once
// A machine that tells a driver of millions what its next steps will look at, so that it can be on its way into the
// cache by then. Hints change nothing that a machine does.

#include "protocol/machine.hpp"

namespace gossip {

class HintedMachine : public Machine {
public:
    // A step is near.
    virtual void prefetch() const {}
    // It is this message's. False: no sends are to be expected.
    [[nodiscard]] virtual bool prefetch(const SharedMessage& /*next*/) const { return true; }
};

}  // namespace gossip
