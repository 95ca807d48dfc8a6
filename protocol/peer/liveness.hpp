#pragma once
// Which neighbours show signs of life (PROTOCOL.md section 4).
//
// - Any frame is a sign of life. A *cycle* is missed when nothing at all was heard in it; `misses`
//   missed cycles in a row make a suspect. Three unanswered pings are three samples, not silence:
//   that rule evicts nodes which merely stall.
// - A node that was late itself (its own round came more than a quarter of the interval too late)
//   learns nothing from that cycle: the silence may be its own.
// - A node that lost more than half of its links within one window accuses nobody until a seed
//   answers: it is probably the one that is cut off.
//
// What was heard and missed of a neighbour is kept with its link.

#include "protocol/config.hpp"
#include "protocol/peer/links.hpp"
#include "protocol/types.hpp"

#include <optional>
#include <span>
#include <vector>

namespace gossip {

struct Missed {
    NodeId id{};
    std::uint32_t cycles{0};
};

struct Round {
    bool late{false};            // our own lag: nothing was judged
    std::vector<Missed> missed;  // silent for another cycle
    std::vector<NodeId> silent;  // of these, silent for too many
};

// A sign of life of a neighbour.
void hear(Link& link);
// The end of a cycle which was due at `due`.
[[nodiscard]] Round end_cycle(const LivenessConfig& config, std::span<Link> links, Time now, Time due);
// Leaves the neighbour one missed cycle short of a suspicion, so that the next one raises it.
void doubt(const LivenessConfig& config, Link& link);

// Links that were lost, or seem to be.
class IsolationDetector {
public:
    // A seed's answer shows that we are not cut off, for this long.
    static constexpr Duration proof_of_contact = std::chrono::seconds(5);

    // A neighbour that closes every connection at once is not dialled in a loop.
    static constexpr Duration redial_pace = std::chrono::seconds(1);

    // It showed a sign of life.
    void heard(NodeId id);
    // It is no neighbour any more.
    void forget(NodeId id);
    // A neighbour's connection ended: how long to wait before it is dialled again; nothing when that is due anyway.
    [[nodiscard]] std::optional<Duration> redial_after(NodeId id, Time now);

    // A link seems lost, a seed answered last at `contact`. True when we had better ask ourselves first: see
    // isolated().
    bool note(const LivenessConfig& config, Time now, Time contact, std::size_t degree);
    [[nodiscard]] bool isolated() const { return isolated_; }
    // A suspicion that waits for the end of the isolation.
    void defer(NodeId id, bool refused);
    struct Deferred {
        NodeId id{};
        bool refused{false};
    };
    // A seed answered: what was deferred and is still worth a suspicion. Says whether an isolation ended.
    bool contact(SlimVector<Deferred>& deferred);

private:
    struct Redial {
        NodeId id{};
        Time at{};  // the last one, or the next
    };
    SlimVector<Redial> redials_;  // of neighbours
    SlimVector<Deferred> deferred_;
    Time window_{};
    std::uint32_t counted_{0};  // in it
    bool isolated_{false};
};

}  // namespace gossip
