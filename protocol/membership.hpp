#pragma once
// What the seeds agree on: changes of the list in batches, and the evidence that a removal needs.

#include "protocol/types.hpp"

#include <vector>

namespace gossip {

// 0 = document 000's dialect (no HELLO, no keys, no incarnations), 1 = ours.
using ProtocolVersion = std::uint8_t;

// What one witness found when it probed a suspect itself.
enum class Verdict : std::uint8_t {
    reachable,    // it answered
    unreachable,  // no probe was answered
    refused,      // the host answered that nobody listens there
};

// A peer's own list of its neighbours, which it signs; `version` only grows within a life.
// Its witnesses are computed from it (see witnesses.hpp), so an accuser can neither choose nor
// shrink them.
struct LinksRecord {
    NodeId peer{};
    Incarnation incarnation{};
    std::uint64_t version{0};
    std::vector<NodeId> links;
    std::vector<NodeId> successors;
    Signature signature{};
};

// One witness' signed finding about one life of a suspect.
struct Statement {
    NodeId suspect{};
    Incarnation incarnation{};
    std::uint64_t links_version{0};  // of the record that made it a witness; 0 without one
    Verdict verdict{};
    NodeId witness{};
    Signature signature{};
};

// Why a peer may be removed: its own record and a majority of its witnesses' statements.
struct Certificate {
    LinksRecord record;
    std::vector<Statement> statements;
};

enum class ChangeKind : std::uint8_t {
    add,      // a peer's life enters the list
    remove,   // this life, and no other, leaves it: declared dead
    leave,    // this life leaves it: it said so itself
    replace,  // a seat's lost journal: its old life stops voting, the new one may start
};

// One line of a batch: what is applied. The evidence that seeds need to judge it is in Ask.
struct Change {
    ChangeKind kind{};
    NodeId peer{};                // add, remove, leave
    Incarnation incarnation{};    // add, remove, leave
    ProtocolVersion protocol{1};  // add
    PublicKey key{};              // add
    Seat seat{no_seat};           // replace
    SeatLife old_life{0};         // replace
    SeatLife new_life{0};         // replace
    friend auto operator<=>(const Change&, const Change&) = default;
};

using Batch = std::vector<Change>;

// A change that a node asks for, with what a seed needs to judge it.
struct Ask {
    Change change;
    Signature signature{};      // add, leave: by the peer's key over the change; zero from protocol 0
    Certificate certificate;    // remove
    std::uint32_t proposal{0};  // shown in the log: [id=…]
};

// The batch a seat accepted for an epoch, and under which ballot.
struct Accepted {
    Epoch epoch{0};
    Ballot ballot;
    Batch batch;
};

// A decided epoch; `digest` chains: digest(e) = H(digest(e-1), e, batch).
struct Decision {
    Epoch epoch{0};
    Batch batch;
    Digest digest;
};

struct Member {
    NodeId id{};
    Incarnation incarnation{};
    ProtocolVersion protocol{1};
    PublicKey key{};
    Epoch since{0};  // the epoch that added this life
    friend bool operator==(const Member&, const Member&) = default;
};

struct SeatInfo {
    Seat seat{no_seat};
    SeatLife life{0};
    friend bool operator==(const SeatInfo&, const SeatInfo&) = default;
};

// One seat's signature under what a quorum has to sign.
struct SeatSignature {
    Seat seat{no_seat};
    Signature signature{};
};

// Shows that a quorum of seeds said YES to this life of a node with its key (see credential.hpp).
struct Credential {
    Incarnation incarnation{};
    std::vector<SeatSignature> signatures;
};

// The whole list at one epoch, for a seed too far behind for deltas and for the journal's snapshot.
struct Snapshot {
    Epoch epoch{0};
    Digest digest;
    std::vector<Member> members;  // ascending by id
    std::vector<Member> removed;  // last removed life of endpoints that are not members, ascending
    std::vector<SeatInfo> seats;  // lives known to have voted, ascending by seat
};

// A peer that another may link with, and its degree, by which preferential attachment weighs it.
struct Candidate {
    NodeId id{};
    std::uint32_t degree{0};
    ProtocolVersion protocol{1};
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

}  // namespace gossip
