#pragma once
// What a part of a seed found out and other parts have to act on. A part raises it during a turn;
// SeedMachine::route hands it on when the part's handler has returned, in the order of raising.

#include "protocol/membership.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// The YES votes of the round that decided a change.
struct Approval {
    std::uint32_t votes{0};
    std::vector<SeatSignature> signatures;  // of a registration: the peer's credential
};
// For the changes that somebody waits for here.
using VotesFor = std::map<Change, Approval>;

namespace fact {

struct SeedReached {};  // a seed that did not answer before
struct QuorumBack {};   // a majority of seeds answers again
struct RoundFailed {};  // our proposal found no quorum in time
struct AsksCarried {    // of another seat, with its vote
    std::vector<Ask> asks;
};
struct AskRejected {  // no quorum can want it any more
    Ask ask;
    std::uint32_t votes{0};  // YES
    std::string reason;
};
struct BatchChosen {  // a quorum voted for it, or had accepted it before
    Batch batch;
};
struct ProposalOver {  // decided or not: what was asked for in it
    std::vector<Change> changes;
};
struct EpochDecided {  // by a quorum of acks, or as another seed tells
    Decision decision;
    VotesFor votes;
};
struct ChangeWanted {  // by this seed itself
    Ask ask;
};
struct PeerAcknowledged {  // registered, and told so
    NodeId peer{};
};
struct AddressUnknown {  // nobody asked yet who listens at the address of this registration
    Change add;
};
struct AddressChecked {  // whether the node that wants it answers at this address is known now
    NodeId peer{};
};
struct PeerAlive {  // a lease, or an answer to a probe
    NodeId peer{};
};

}  // namespace fact

using SeedFact =
    std::variant<fact::SeedReached, fact::QuorumBack, fact::RoundFailed, fact::AsksCarried, fact::AskRejected,
                 fact::BatchChosen, fact::ProposalOver, fact::EpochDecided, fact::ChangeWanted, fact::PeerAcknowledged,
                 fact::AddressUnknown, fact::AddressChecked, fact::PeerAlive>;

}  // namespace gossip
