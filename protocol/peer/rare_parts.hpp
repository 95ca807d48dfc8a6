#pragma once
// What a peer that stands in a calm network does not need, behind one pointer, and what even few of those need that
// are not calm behind another.

#include "protocol/peer/links.hpp"
#include "protocol/peer/liveness.hpp"
#include "protocol/peer/registration.hpp"
#include "protocol/peer/tree.hpp"
#include "protocol/peer/troubles.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace gossip {

using TimerGeneration = std::uint16_t;  // a timer is long due before another has the same

struct RareParts {
    Losses losses;
    Dials dials;
    Time overlay_due{};                          // of the link_dial timer that is set
    std::unique_ptr<Troubles> troubles;          // none before the first
    std::unique_ptr<Tree> tree;                  // none while every link carries messages
    std::unique_ptr<Registration> registration;  // see PeerMachine::registration()
    RecordPtr record;           // our own; none before the first link, or while it is the one we stood with
    Epoch registered_epoch{0};  // seeds behind it may not know us yet; 0: we stood
    std::uint16_t wanted{0};    // preferential links still to be opened
    std::array<TimerGeneration, 10> generations{};  // of the timers that only those have
};

}  // namespace gossip
