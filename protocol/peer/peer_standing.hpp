#pragma once
// Where a peer stands once it is a member with links: what registration and the handshakes of its links
// leave behind, as data. A driver that has no time for a million registrations can start a peer from it
// (docs/decisions/004); tests compare it.

#include "protocol/membership.hpp"
#include "protocol/memory/copy_on_write.hpp"
#include "protocol/peer/links.hpp"

#include <vector>

namespace gossip {

// What every message and every round of pings looks at.
struct StandingBasis {
    Incarnation incarnation{};
    Epoch epoch{0};
    CopyOnWrite<Digest> digest;
    std::uint64_t record_version{0};                // of its own record; every link has been told it
    CopyOnWrite<std::vector<PublicKey>> seed_keys;  // by seat
    std::vector<Link> links;                        // ascending by id
    CopyOnWrite<DetailsOfLinks> details;
};

// Whom a peer could link with.
struct ViewSample {
    std::uint32_t members{0};
    std::vector<NodeId> successors;                  // nearest first
    CopyOnWrite<std::vector<Candidate>> candidates;  // ascending by id
    friend bool operator==(const ViewSample&, const ViewSample&) = default;
};

struct PeerStanding {
    StandingBasis basis;
    ViewSample sample;
    std::vector<Seat> seats;  // that acknowledged the registration, ascending
    RecordPtr record;         // the peer's own
};

// Where the peers of a network stood when they began to: a pure function, the same answers whenever it is asked.
// A peer asks for its basis when it begins, once, and for another part when it first needs it, so that what nothing
// touches takes no memory.
class Standings {
public:
    virtual ~Standings() = default;
    [[nodiscard]] virtual StandingBasis basis(NodeId peer) const = 0;
    [[nodiscard]] virtual ViewSample sample(NodeId peer) const = 0;
    [[nodiscard]] virtual Epoch epoch(NodeId peer) const = 0;  // at which it registered
    [[nodiscard]] virtual std::vector<Seat> seats(NodeId peer) const = 0;
    [[nodiscard]] virtual RecordPtr record(NodeId peer) const = 0;  // published by it, as all its links know it
};

[[nodiscard]] bool operator==(const PeerStanding& a, const PeerStanding& b);

}  // namespace gossip
