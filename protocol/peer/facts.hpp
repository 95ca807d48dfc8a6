#pragma once
// What one part of a peer did that concerns others. Parts do not know each other: a part raises a fact, and
// PeerMachine::route() says, in one place, who is told and in what order. A fact is passed on at once, so a part raises
// it when its own state is whole again.

#include "protocol/membership.hpp"
#include "protocol/messages.hpp"
#include "protocol/peer/sender.hpp"

#include <span>
#include <string>
#include <variant>

namespace gossip {
namespace fact {

// ---- of the membership
struct Admitted {};        // a seed acknowledged our registration: the peer is active
struct OwnLifeEnded {};    // the list no longer holds the life we are in
struct RecordOutdated {};  // our life or our ring successors changed, which our links record names
struct LifeBegan {         // a life of another peer: its earlier lives are over
    NodeId peer{};
    Incarnation life{};
};
struct LifeEnded {  // a life of another peer left the list
    NodeId peer{};
    Incarnation life{};
};
struct Disbelieved {  // a life was declared dead: what it and earlier ones said is dropped
    NodeId peer{};
    Incarnation life{};
};

// ---- of the overlay
struct LinkUp {
    NodeId peer{};
    ProtocolVersion protocol{1};
};
struct LinkDown {
    NodeId peer{};
};
struct LinkAccepted {  // a link that we asked for
    NodeId peer{};
};
struct DegreeChanged {};     // and it is time to say so
struct CandidatesWanted {};  // too few peers are known to find the links wanted
struct Leaving {             // a neighbour said that it leaves
    NodeId peer{};
};

// ---- of whoever hears from a node
struct Heard {  // a sign of life
    Sender from;
};
struct SpokenTo {  // as to a neighbour, by a peer of protocol 0
    Sender from;
};
struct Answered {  // a ping, by a peer of protocol 0
    Sender from;
};
struct NeighbourNews {  // what PING and PONG say beside being signs of life
    Sender from;
    Incarnation incarnation{};
    bool linked{false};  // it counts the link
    std::uint32_t degree{0};
    std::span<const LinksRecord> record;  // its newest, if it has not sent it before
    Epoch epoch{0};
    std::uint64_t root{0};  // of the digest of the rumors it keeps
};
struct PingDue {
    NodeId peer{};
};

// ---- of failure detection
struct Silent {  // a neighbour missed too many cycles
    NodeId peer{};
};
struct Unreachable {  // the accuser gives the link up
    NodeId peer{};
    std::string why;
};
struct OwnProbeDue {  // we are a witness of our own suspect
    NodeId suspect{};
    Incarnation life{};
    std::uint64_t links_version{0};
};
struct OwnFinding {  // and found this
    Statement statement;
};

}  // namespace fact

using Fact = std::variant<fact::Admitted, fact::OwnLifeEnded, fact::RecordOutdated, fact::LifeBegan, fact::LifeEnded,
                          fact::Disbelieved, fact::LinkUp, fact::LinkDown, fact::LinkAccepted, fact::DegreeChanged,
                          fact::CandidatesWanted, fact::Leaving, fact::Heard, fact::SpokenTo, fact::Answered,
                          fact::NeighbourNews, fact::PingDue, fact::Silent, fact::Unreachable, fact::OwnProbeDue,
                          fact::OwnFinding>;

}  // namespace gossip
