#pragma once
// One step of a peer, as its parts see it.

#include "protocol/peer/facts.hpp"
#include "protocol/peer/links.hpp"
#include "protocol/peer/peer_context.hpp"
#include "protocol/peer/peer_timers.hpp"
#include "protocol/peer/sender.hpp"
#include "protocol/peer/view.hpp"
#include "protocol/turn.hpp"

#include <optional>

namespace gossip {

enum class PeerPhase : std::uint8_t { starting, registering, active, waiting_to_rejoin, leaving, left };

struct PeerTurn;

class FactRouter {
public:
    virtual void route(PeerTurn& t, const Fact& fact) = 0;

protected:
    ~FactRouter() = default;
};

struct PeerTurn : Turn {
    PeerContext& context;
    const PeerPhase& phase;
    const View& view;  // the network, as far as the peer followed it
    Links& links;      // added to and taken from by the overlay only: see Link
    PeerTimers& timers;
    FactRouter& router;
    bool overlay_changed{false};  // the overlay is to be looked at when the step ends

    [[nodiscard]] bool active() const { return phase == PeerPhase::active; }
    [[nodiscard]] Incarnation incarnation() const { return view.incarnation(); }
    [[nodiscard]] WallMs wall() const { return view.wall(now); }
    [[nodiscard]] std::uint32_t degree() const { return static_cast<std::uint32_t>(links.degree()); }
    void raise(const Fact& fact) { router.route(*this, fact); }
    void arm(TimerKind kind, Duration after) { timers.arm(kind, now + after, out); }
    void disarm(TimerKind kind) { timers.disarm(kind); }

    [[nodiscard]] std::optional<Seat> seat_of(NodeId node) const;
    // A neighbour's newest links record; none when it published none.
    [[nodiscard]] RecordPtr record_of(const Link& link) const;
};

}  // namespace gossip
