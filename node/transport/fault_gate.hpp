#pragma once
// Faults that a node's own transport adds to what it sends, per directed link. What a link carries stays a
// stream as TCP's: a partition holds messages and lets them go in their order when it heals, a delay
// moves all of them. Loss, duplicates and reordering are harsher than TCP ever is.

#include "node/base/clock.hpp"
#include "node/transport/link_fault.hpp"
#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gossip {

// Holds messages back until they are due. It knows nothing of connections; a null frame stands for
// the end of one, and keeps its place in the order.
class FaultGate {
public:
    using Frame = std::shared_ptr<const std::string>;
    struct Released {
        NodeId to{};
        Frame frame;
    };

    // Replaces all rules. Draws depend on `seed` and the two ends only.
    void set(std::uint64_t seed, NodeId self, const std::vector<FaultRule>& rules);
    // Has a fault, or still holds messages of one.
    [[nodiscard]] bool affects(NodeId node) const { return links_.contains(node); }
    [[nodiscard]] const LinkFault& fault(NodeId node) const;

    void push(NodeId to, Frame frame, SteadyTime now);
    [[nodiscard]] std::vector<Released> take_due(SteadyTime now);
    // Everything that no partition holds, due or not: the node is about to end.
    [[nodiscard]] std::vector<Released> take_all() { return take_due(SteadyTime::max()); }
    [[nodiscard]] std::optional<SteadyTime> next_due() const;

    [[nodiscard]] std::size_t bytes_held(NodeId node) const;
    // Since when something waits for an acknowledgement that cannot come.
    [[nodiscard]] std::optional<SteadyTime> stalled_since(NodeId node) const;
    // Its connection is gone, and with it what was on its way.
    void forget_held(NodeId node);

    [[nodiscard]] std::uint64_t messages_lost() const { return lost_; }
    [[nodiscard]] std::uint64_t messages_held() const;

private:
    struct Link {
        LinkFault fault;
        Rng rng{0};
        std::multimap<SteadyTime, Frame> held;  // equal times keep their order
        std::size_t bytes{0};
        SteadyTime free_at{};   // the last byte has left, by the bandwidth
        SteadyTime last_due{};  // of what must not be overtaken
        std::optional<SteadyTime> stalled_since;
    };

    static SteadyTime due(Link& link, std::size_t bytes, SteadyTime now);
    static void hold(Link& link, SteadyTime due, Frame frame);
    static void take_due(NodeId to, Link& link, SteadyTime now, std::vector<Released>& out);

    std::map<NodeId, Link> links_;
    std::uint64_t lost_{0};
};

}  // namespace gossip
