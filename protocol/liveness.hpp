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
// What was heard and missed of a neighbour is kept with its link, this is the rules.

#include "protocol/config.hpp"
#include "protocol/links.hpp"
#include "protocol/types.hpp"

#include <memory>
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

class Liveness {
public:
    // A seed's answer shows that we are not cut off, for this long.
    static constexpr Duration proof_of_contact = std::chrono::seconds(5);

    // A neighbour that closes every connection at once is not dialled in a loop.
    static constexpr Duration redial_pace = std::chrono::seconds(1);

    explicit Liveness(const LivenessConfig& config) : config_(&config) {}

    // A sign of life; `link` is its link, if it has one.
    void heard(NodeId id, Link* link);
    // It is no neighbour any more.
    void lost(NodeId id);
    // A neighbour's connection ended: how long to wait before it is dialled again; nothing when that is due anyway.
    [[nodiscard]] std::optional<Duration> redial_after(NodeId id, Time now);

    // The end of a cycle which was due at `due`.
    [[nodiscard]] Round round(std::span<Link> links, Time now, Time due) const;
    // Leaves the neighbour one missed cycle short of a suspicion, so that the next one raises it.
    void doubt(Link& link) const;

    // A link seems lost. True when we had better ask ourselves first: see isolated().
    bool note_loss(Time now, std::size_t degree);
    [[nodiscard]] bool isolated() const { return losses_ && losses_->isolated; }
    // A suspicion that waits for the end of the isolation.
    void defer(NodeId id, bool refused);
    struct Deferred {
        NodeId id{};
        bool refused{false};
    };
    // A seed answered: what was deferred and is still worth a suspicion. Says whether an isolation ended.
    bool contact(Time now, std::vector<Deferred>& deferred);

private:
    struct Redial {
        NodeId id{};
        Time at{};  // the last one, or the next
    };
    // Of links that were lost.
    struct Losses {
        std::vector<Redial> redials;  // of neighbours
        std::vector<Deferred> deferred;
        Time window{};
        std::size_t counted{0};  // in it
        bool isolated{false};
    };
    [[nodiscard]] Losses& losses();
    void forget_deferred(NodeId id);

    const LivenessConfig* config_;
    Time contact_ = Time::min();      // with a seed, the last one
    std::unique_ptr<Losses> losses_;  // none before the first
};

}  // namespace gossip
