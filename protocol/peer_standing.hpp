#pragma once
// Where a peer stands once it is a member with links: what registration and the handshakes of its links
// leave behind, as data. A driver that has no time for a million registrations can start a peer from it
// (docs/decisions/004); tests compare it.

#include "protocol/copy_on_write.hpp"
#include "protocol/links.hpp"
#include "protocol/membership.hpp"

#include <vector>

namespace gossip {

struct StandingLink {
    NodeId id{};
    Incarnation incarnation{};
    LinkKind kind{};
    std::uint32_t degree{0};
    RecordPtr record;  // its own, as it told us; none when it never did
};

struct PeerStanding {
    Incarnation incarnation{};
    Epoch epoch{0};
    Digest digest;
    std::uint32_t members{0};
    std::vector<Seat> seats;                         // that acknowledged the registration, ascending
    CopyOnWrite<std::vector<PublicKey>> seed_keys;   // by seat
    std::vector<NodeId> successors;                  // nearest first
    CopyOnWrite<std::vector<Candidate>> candidates;  // ascending by id
    std::vector<StandingLink> links;                 // ascending by id
    RecordPtr record;                                // the peer's own; every link has been told it
};

[[nodiscard]] bool operator==(const StandingLink& a, const StandingLink& b);
[[nodiscard]] bool operator==(const PeerStanding& a, const PeerStanding& b);

}  // namespace gossip
