#pragma once
// A peer. It routes: an event goes to one of the parts, which own their state and its rules, and what a part did that
// concerns others (see facts.hpp) goes to those; they do not know each other.
//
//   membership     registration with a quorum of seeds, leases, epochs        peer_membership
//   overlay        links and the record of them                               peer_overlay
//   dissemination  rumors                                                     peer_dissemination
//   heartbeat      PING and PONG                                              heartbeat
//   accuser        suspicions of neighbours, reports to the seeds             accuser
//   witness        testimony about others' suspects, refutation of our own    witness

#include "protocol/hinted_machine.hpp"
#include "protocol/memory/block_pool.hpp"
#include "protocol/peer/accuser.hpp"
#include "protocol/peer/heartbeat.hpp"
#include "protocol/peer/peer_context.hpp"
#include "protocol/peer/peer_dissemination.hpp"
#include "protocol/peer/peer_membership.hpp"
#include "protocol/peer/peer_overlay.hpp"
#include "protocol/peer/peer_snapshot.hpp"
#include "protocol/peer/peer_status.hpp"
#include "protocol/peer/peer_turn.hpp"
#include "protocol/peer/witness.hpp"
#include "protocol/rng.hpp"

namespace gossip {

struct PeerOptions {
    NodeId self{};
    Incarnation last_life{};  // a restarted peer passes its previous life; the new one is greater
};

class PeerMachine final : public HintedMachine {
public:
    // From a pool, one behind the other: there may be millions.
    static void* operator new(std::size_t bytes) { return block_pool().get(bytes); }
    static void operator delete(void* block, std::size_t bytes) { block_pool().put(block, bytes); }

    // `context` outlives the machine.
    PeerMachine(PeerContext& context, PeerOptions options, Rng rng);
    void step(Time now, const Event& event, Effects& out) override;
    // Instead of Started: the peer is a member with links already. `source` outlives the machine, which asks it for
    // what it does not need yet when it does.
    void start_from(Time now, WallMs wall, const SnapshotSource& source, Effects& out);
    [[nodiscard]] PeerSnapshot snapshot() const;
    [[nodiscard]] PeerStatus status() const;
    [[nodiscard]] Credential credential() const override { return membership_.credential(context_->config); }
    [[nodiscard]] bool vouches(NodeId node, const PublicKey& key, const Credential& shown) const override {
        return membership_.vouches(*context_, node, key, shown);
    }
    void prefetch() const override;
    [[nodiscard]] bool prefetch(const SharedMessage& next) const override;

private:
    class Router;
    [[nodiscard]] PeerTurn turn(Time now, Effects& out, Router& router);
    void handle(PeerTurn& t, const Started& event);
    void handle(PeerTurn& t, const Received& event);
    void handle(PeerTurn& t, const TimerFired& event);
    void handle(PeerTurn& t, const LinkLost& event);
    void handle(PeerTurn& t, const Publish& event);
    void handle(PeerTurn& t, const Persisted& event);
    void handle(PeerTurn& t, const LeaveRequested& event);
    void dispatch(PeerTurn& t, const Sender& from, const SharedMessage& message);
    void handle_timer(PeerTurn& t, TimerKind kind);
    void route(PeerTurn& t, const Fact& fact);
    void heard(PeerTurn& t, const Sender& from);
    void begin_rounds(PeerTurn& t);
    [[nodiscard]] Heartbeat::Carried carried(PeerTurn& t, NodeId to);

    // In the order of use, for the cache: a rumor that was seen before, which four of five messages of a flood are,
    // looks at the first two lines and no more.
    PeerContext* context_;
    PeerMembership membership_;
    PeerOverlay overlay_;
    Accuser accuser_;
    Witness witness_;
    PeerDissemination dissemination_;
    Heartbeat heartbeat_;
    PeerTimers timers_;
    Rng rng_;
};

}  // namespace gossip
