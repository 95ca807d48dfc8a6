#pragma once
// Signs of life between neighbours: rounds of PING and PONG, and who missed too many of them (PROTOCOL.md section 4).
// What else PING and PONG carry is of other parts, which are told by fact::NeighbourNews.

#include "protocol/peer/peer_turn.hpp"

#include <vector>

namespace gossip {

class Heartbeat {
public:
    // What other parts give along with a PING or PONG.
    struct Carried {
        std::uint64_t root{0};            // of the digest of the rumors we keep
        std::vector<LinksRecord> record;  // ours, if the neighbour has not been sent it
    };

    void begin(PeerTurn& t);
    void handle_round(PeerTurn& t);
    void ping(PeerTurn& t, NodeId peer, Carried carried);
    void on_ping(PeerTurn& t, const Sender& from, const msg::Ping& m, Carried carried);
    void on_pong(PeerTurn& t, const Sender& from, const msg::Pong& m);

private:
    Time round_due_{};
    std::uint32_t sequence_{0};
};

}  // namespace gossip
