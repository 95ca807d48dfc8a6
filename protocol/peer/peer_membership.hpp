#pragma once
// A peer's membership: registration with a quorum of seeds, leases, following the epochs, coming back after a removal,
// and leaving (PROTOCOL.md section 2).

#include "protocol/memory/cold.hpp"
#include "protocol/peer/peer_turn.hpp"
#include "protocol/peer/registration.hpp"
#include "protocol/peer/view.hpp"

#include <optional>
#include <vector>

namespace gossip {

class PeerMembership {
public:
    PeerMembership(NodeId self, Incarnation last_life);

    [[nodiscard]] const View& view() const { return view_; }
    [[nodiscard]] const PeerPhase& phase() const { return phase_; }
    [[nodiscard]] bool registered() const;
    void share_state(StateInterner& latest) { view_.share_state(latest); }

    // ---- registration
    void handle_started(PeerTurn& t, WallMs wall);
    // Instead: the peer is a member already.
    void start_from(PeerTurn& t, const SnapshotBasis& basis, const SnapshotSource& source, WallMs wall);
    void begin_registration(PeerTurn& t);
    void handle_registration_timer(PeerTurn& t);
    void handle_seat_lost(PeerTurn& t, Seat seat);
    void on_register_ack(PeerTurn& t, const Sender& from, const msg::RegisterAck& m);
    void on_register_nack(PeerTurn& t, const Sender& from, const msg::RegisterNack& m);
    void on_register_pending(PeerTurn& t, const Sender& from, const msg::RegisterPending& m);
    void on_challenge(PeerTurn& t, const Sender& from, const msg::Challenge& m) const;
    // Shows to others that this life is a member; empty until a quorum of seeds has signed it.
    [[nodiscard]] Credential credential(const Config& config) const;
    // True when the credential shows that the node is a member and has this key.
    [[nodiscard]] bool vouches(const PeerContext& context, NodeId node, const PublicKey& key,
                               const Credential& shown) const;
    // Seeds that acknowledged the registration, ascending.
    [[nodiscard]] std::vector<Seat> acknowledged() const;

    // ---- leases, removal of our own life
    void begin_leases(PeerTurn& t);
    void send_leases(PeerTurn& t);
    void on_lease_ack(PeerTurn& t, const Sender& from, const msg::LeaseAck& m);
    // The next life begins after a while.
    void wait_to_rejoin(PeerTurn& t);

    // ---- epochs
    void on_membership(PeerTurn& t, const Sender& from, const msg::Membership& m);
    void on_deltas(PeerTurn& t, const Sender& from, const msg::Deltas& m);
    void on_candidates(PeerTurn& t, const Sender& from, const msg::Candidates& m);
    void ask_for_candidates(PeerTurn& t);
    void note_epoch(PeerTurn& t, Epoch epoch);
    void handle_delta_gap(PeerTurn& t);
    // Not to be linked with again until it is heard of again.
    void forget(NodeId peer) { view_.forget(peer); }

    // ---- leaving
    void handle_leave_requested(PeerTurn& t);
    void handle_left(PeerTurn& t);
    void on_while_leaving(PeerTurn& t, const Sender& from, const SharedMessage& message);

private:
    // What a peer needs while it registers, and when its list has a gap.
    struct Joining {
        std::optional<Registration> registration;  // none yet, or that of a snapshot
        Epoch registered_epoch{0};                 // seeds behind it may not know us yet
        Credential credential;                     // as far as signatures came, each checked
        Epoch claimed_epoch{0};                    // the highest above ours that a node told us of
        Time delta_asked{};                        // not again before
        Damping damping;
    };

    [[nodiscard]] Registration& ensure_registration(const Config& config);
    [[nodiscard]] std::vector<Seat> chosen_seats() const;
    [[nodiscard]] Epoch registered_epoch() const;
    [[nodiscard]] NodeId some_seed(PeerTurn& t) const;
    void ask_seeds(PeerTurn& t, const std::vector<Seat>& seats);
    void learn_seed_keys(const PeerTurn& t, const std::vector<PublicKey>& keys);
    void collect_credential(PeerTurn& t, const std::vector<SeatSignature>& signatures);
    [[nodiscard]] Change own_add(const PeerTurn& t) const;
    void follow(PeerTurn& t, const msg::RegisterAck& m);
    void finish_registration(PeerTurn& t);
    void activate(PeerTurn& t, const msg::RegisterAck& ack, NodeId seed);
    void begin_next_life(WallMs wall);
    void lose_membership(PeerTurn& t);
    [[nodiscard]] bool authentic(const PeerTurn& t, const msg::Membership& m, const Sender& from) const;
    void apply_decisions(PeerTurn& t);
    void apply_change(PeerTurn& t, const Change& change);
    void apply_own_change(PeerTurn& t, const Change& change);

    [[no_unique_address]] View view_;  // has room for the phase in its last byte
    PeerPhase phase_{PeerPhase::starting};
    Cold<Joining> joining_;
};

}  // namespace gossip
