#pragma once
// What members get from a seed without a decision: leases, the list, candidates for links, signed
// decisions, and answers to PING.

#include "protocol/seed/list/directory.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <vector>

namespace gossip {

class MemberDesk {
public:
    [[nodiscard]] const Directory& directory() const { return directory_; }

    // ---- what the list says now
    void rebuild(SeedTurn& t) { directory_.rebuild(t.ledger, t.now); }
    void handle_decided(SeedTurn& t, const Batch& effective);
    // Peers flood decisions among themselves; a few of those that lease here, and whoever the decision
    // is about, start it.
    void spread(SeedTurn& t, const Decision& decision);

    // ---- signs of life
    // False when it is refused. What its sign of life sets off comes first, then `answer_lease`.
    [[nodiscard]] bool on_lease(SeedTurn& t, NodeId from, Trust trust, const msg::Lease& m);
    void answer_lease(SeedTurn& t, NodeId from, const msg::Lease& m) const;
    void expect_lease(SeedTurn& t, NodeId peer) { directory_.expect_lease(peer, t.now); }
    void on_pong(SeedTurn& t, NodeId from, Trust trust, const msg::Pong& m);
    void on_ping(SeedTurn& t, NodeId from, const msg::Ping& m) const;

    // ---- reading the list
    void on_get_peer_list(SeedTurn& t, NodeId from, const msg::GetPeerList& m) const;
    void on_get_candidates(SeedTurn& t, NodeId from, const msg::GetCandidates& m) const;
    void on_get_delta(SeedTurn& t, NodeId from, const msg::GetDelta& m);

    // ---- degrees, exchanged with SYNC
    [[nodiscard]] std::vector<Candidate> take_degrees();
    void learn_degrees(const std::vector<Candidate>& told);

private:
    [[nodiscard]] msg::Membership signed_membership(SeedTurn& t, const Decision& decision);

    Directory directory_;
    std::map<Epoch, Signature> signatures_;  // of decisions handed to peers
};

}  // namespace gossip
