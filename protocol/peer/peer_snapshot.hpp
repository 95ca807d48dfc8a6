#pragma once
// A peer's state once it is a member with links, as data: what registration and the handshakes of its links leave
// behind. A driver that has no time for a million registrations starts peers from snapshots (docs/decisions/004);
// tests compare them.

#include "protocol/membership.hpp"
#include "protocol/memory/copy_on_write.hpp"
#include "protocol/peer/links.hpp"

#include <cstdint>
#include <vector>

namespace gossip {

// What every message and every round of pings looks at.
struct SnapshotBasis {
    Incarnation incarnation{};
    Epoch epoch{0};
    CopyOnWrite<Digest> digest;
    std::uint64_t record_version{0};                // of its own record; every link has been told it
    CopyOnWrite<std::vector<PublicKey>> seed_keys;  // by seat
    std::vector<Link> links;                        // ascending by id
    SharedLinkDetails details;                      // in the order of the links
};

// Whom a peer could link with.
struct ViewSample {
    std::uint32_t members{0};
    std::vector<NodeId> successors;                  // on the hash ring, nearest first
    CopyOnWrite<std::vector<Candidate>> candidates;  // ascending by id
    friend bool operator==(const ViewSample&, const ViewSample&) = default;
};

struct PeerSnapshot {
    SnapshotBasis basis;
    ViewSample sample;
    std::vector<Seat> seats;  // that acknowledged the registration, ascending
    RecordPtr record;         // the peer's own
};

// What the peers of a network were when they started from snapshots: a pure function, the same answers whenever it is
// asked. A peer asks for its basis when it starts, once, and for another part when it first needs it, so that a part
// which nothing touches takes no memory.
class SnapshotSource {
public:
    virtual ~SnapshotSource() = default;
    [[nodiscard]] virtual SnapshotBasis basis(NodeId peer) const = 0;
    [[nodiscard]] virtual ViewSample sample(NodeId peer) const = 0;
    [[nodiscard]] virtual Epoch epoch(NodeId peer) const = 0;  // at which it registered
    [[nodiscard]] virtual std::vector<Seat> seats(NodeId peer) const = 0;
    [[nodiscard]] virtual RecordPtr record(NodeId peer) const = 0;  // published by it, as all its links know it
};

// Of peers that start with nothing and register: every answer is empty.
[[nodiscard]] const SnapshotSource& no_snapshot();

[[nodiscard]] bool operator==(const PeerSnapshot& a, const PeerSnapshot& b);

}  // namespace gossip
