#pragma once
// What seeds say to each other, believed from proven seeds only; messages.hpp has the rest.

#include "protocol/membership.hpp"
#include "protocol/types.hpp"

#include <string>
#include <vector>

namespace gossip {

enum class Opinion : std::uint8_t { yes, no, undecided };

namespace msg {

struct Propose {
    Epoch epoch{0};
    Digest previous;  // digest(epoch - 1)
    Ballot ballot;
    std::vector<Ask> asks;
};
struct AskOpinion {
    Opinion opinion{};
    std::string reason;
    Signature signature{};  // of a YES to a registration: the voter's part of the peer's credential
};
struct Vote {
    Epoch epoch{0};
    Ballot ballot;
    SeatLife life{0};
    std::vector<Accepted> accepted;    // none or one
    std::vector<AskOpinion> opinions;  // one per ask of the PROPOSE, in its order
    std::vector<Ask> carried_asks;     // the voter's own pending asks, for the winner's next round
    PublicKey key{};                   // the voter's, for RegisterAck.seed_keys
};
struct Nack {
    Epoch epoch{0};
    Ballot ballot;
    Ballot promised;
};  // `ballot` is refused
struct Behind {
    Epoch epoch{0};
    Digest digest;
};  // sender has applied `epoch` already
struct Commit {
    Epoch epoch{0};
    Ballot ballot;
    Digest previous;
    Batch batch;
    std::vector<SeatInfo> lives;  // whose acks count; a seat that accepts records them first
};
struct Ack {
    Epoch epoch{0};
    Ballot ballot;
    SeatLife life{0};
};
struct Learn {
    Epoch epoch{0};
    Ballot ballot;
    Digest digest;
};
struct Sync {
    Epoch epoch{0};
    Digest digest;
    SeatLife life{0};
    std::vector<Candidate> degrees;  // what its peers told it since the last one
    PublicKey key{};                 // the sender's, for RegisterAck.seed_keys
};
struct Fetch {
    Epoch since{0};
    Digest digest;
};
struct Decisions {
    std::vector<Decision> decisions;
};
struct SnapshotPart {  // one of `parts` slices of the members and removed lives; seats ride in each
    Snapshot snapshot;
    std::uint32_t part{0};
    std::uint32_t parts{1};
};
struct RemovalCase {  // asks a seed to judge a certificate and to probe before anything is proposed
    NodeId suspect{};
    Incarnation incarnation{};
    NodeId reporter{};
    Certificate certificate;
};
struct CaseOpinion {
    NodeId suspect{};
    Incarnation incarnation{};
    Opinion opinion{};
    std::string reason;
};
struct SeatQuery {
    Seat seat{no_seat};
    SeatLife life{0};
};
struct SeatAnswer {
    Seat seat{no_seat};
    SeatLife asked{0};
    SeatLife known{0};
};  // known 0 = never seen

}  // namespace msg
}  // namespace gossip
