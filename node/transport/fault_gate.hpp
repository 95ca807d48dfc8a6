#pragma once
// Faults that a node's own transport adds to what it sends, per directed link. What a link carries stays a
// stream as TCP's: a partition holds messages and lets them go in their order when it heals, a delay
// moves all of them. Loss, duplicates and reordering are harsher than TCP ever is.

#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
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

// Holds messages back until they are due. It knows nothing of connections; a null frame stands for
// the end of one, and keeps its place in the order.
class FaultGate {
public:
    using Clock = std::chrono::steady_clock;
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

    void push(NodeId to, Frame frame, Clock::time_point now);
    [[nodiscard]] std::vector<Released> take_due(Clock::time_point now);
    // Everything that no partition holds, due or not: the node is about to end.
    [[nodiscard]] std::vector<Released> take_all() { return take_due(Clock::time_point::max()); }
    [[nodiscard]] std::optional<Clock::time_point> next_due() const;

    [[nodiscard]] std::size_t bytes_held(NodeId node) const;
    // Since when something waits for an acknowledgement that cannot come.
    [[nodiscard]] std::optional<Clock::time_point> stalled_since(NodeId node) const;
    // Its connection is gone, and with it what was on its way.
    void forget_held(NodeId node);

    [[nodiscard]] std::uint64_t messages_lost() const { return lost_; }
    [[nodiscard]] std::uint64_t messages_held() const;

private:
    struct Link {
        LinkFault fault;
        Rng rng{0};
        std::multimap<Clock::time_point, Frame> held;  // equal times keep their order
        std::size_t bytes{0};
        Clock::time_point free_at{};   // the last byte has left, by the bandwidth
        Clock::time_point last_due{};  // of what must not be overtaken
        std::optional<Clock::time_point> stalled_since;
    };

    static Clock::time_point due(Link& link, std::size_t bytes, Clock::time_point now);
    static void hold(Link& link, Clock::time_point due, Frame frame);
    static void take_due(NodeId to, Link& link, Clock::time_point now, std::vector<Released>& out);

    std::map<NodeId, Link> links_;
    std::uint64_t lost_{0};
};

}  // namespace gossip
