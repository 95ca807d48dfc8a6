#pragma once
// What an injected fault does to what one node sends to another.

#include "protocol/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gossip {

struct LinkFault {
    bool cut{false};             // nothing that we send gets there
    bool deaf{false};            // nothing that it sends gets here: no dial succeeds, nothing is acknowledged
    Duration delay{};            // one way
    Duration jitter{};           // up to this much more, drawn for each message
    std::uint32_t loss{0};       // per million messages, as the next two
    std::uint32_t duplicate{0};  // arrives once more, a little later
    std::uint32_t reorder{0};    // is overtaken by what comes after it
    std::uint64_t bytes_per_second{0};

    bool operator==(const LinkFault&) const = default;
    [[nodiscard]] bool any() const { return *this != LinkFault{}; }
    [[nodiscard]] bool blocks() const { return cut || deaf; }
};

struct FaultRule {
    std::vector<NodeId> nodes;
    LinkFault fault;
    bool operator==(const FaultRule&) const = default;
};

// "cut", "delay 50ms jitter 10ms loss 10%"; "none" for no fault.
[[nodiscard]] std::string fault_text(const LinkFault& fault);

}  // namespace gossip
