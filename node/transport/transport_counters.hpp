#pragma once
// What a node's transport has done so far.

#include <cstdint>

namespace gossip {

struct TransportCounters {
    std::uint64_t messages_sent{0};
    std::uint64_t messages_received{0};
    std::uint64_t bytes_sent{0};
    std::uint64_t bytes_received{0};
    std::uint64_t connections{0};  // open now
    std::uint64_t offences{0};     // bad lines, over-long lines, deadlines missed
    std::uint64_t unknown_types{0};
    std::uint64_t fault_lost{0};  // messages that injected faults lost
    std::uint64_t fault_held{0};  // and those that they hold back now
};

}  // namespace gossip
