#pragma once
// Every message between nodes, as plain values. node/wire/ gives them their JSON form; messages
// that document 000 has keep its type and field names there (given in brackets here).
// HELLO and its proof of identity belong to the transport and never reach a machine.

#include "protocol/membership.hpp"
#include "protocol/rumor.hpp"
#include "protocol/seed_messages.hpp"
#include "protocol/types.hpp"

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gossip {

enum class LinkKind : std::uint8_t { preferential, ring, implied };

enum class LeaseStatus : std::uint8_t { member, unknown, removed };

enum class ReportStatus : std::uint8_t { accepted, refuted, stale, bad_evidence, pending };

// Repair compares the rumors of two peers bucket by bucket; a rumor key decides its bucket.
constexpr std::size_t digest_buckets = 64;

namespace msg {

// ---- peer -> seed
struct RegisterRequest {  // [REGISTER_REQUEST{host,port}]
    NodeId peer{};
    Incarnation incarnation{};  // 0 from protocol 0: the seed picks one
    ProtocolVersion protocol{1};
    PublicKey key{};
    Signature signature{};  // over canonical_bytes(Change) of the add it asks for
};
struct GetPeerList {  // [GET_PEER_LIST{}]
    std::uint32_t page{0};
};
struct GetCandidates {
    NodeId peer{};
};
struct GetDelta {
    Epoch since{0};
};
struct Lease {
    NodeId peer{};
    Incarnation incarnation{};
    std::uint32_t degree{0};
    Epoch epoch{0};
};
struct DeadNodeReport {  // [DEAD_NODE_REPORT{dead_peer_id,reporter_id,peer_votes,timestamp,report_string}]
    std::string text;    // Dead Node:<IP>:<Port>:<ts>:<self.IP>
    NodeId suspect{};
    Incarnation incarnation{};  // 0 from protocol 0
    NodeId reporter{};
    std::uint32_t peer_votes{0};
    Certificate certificate;  // empty from protocol 0
};
struct Leave {
    NodeId peer{};
    Incarnation incarnation{};
    Signature signature{};  // over canonical_bytes(Change) of the leave
};
struct ChallengeAnswer {
    NodeId peer{};
    PublicKey key;          // of the node that listens there
    Signature signature{};  // over challenge_bytes
};

// ---- seed -> peer
struct Challenge {  // asks who listens at the address of a node that wants to be registered
    Digest nonce;   // of this asking
};
struct RegisterAck {  // [REGISTER_ACK{peer_id,message}]
    NodeId peer{};
    std::string text;  // "Registration approved (3 votes)" or "Already registered"
    Incarnation incarnation{};
    Epoch epoch{0};
    Digest digest;
    std::uint32_t members{0};
    std::vector<NodeId> successors;     // next on the hash ring
    std::vector<Candidate> candidates;  // a uniform sample of the list
    std::vector<PublicKey> seed_keys;   // by seat; zero when not yet known
    // Of the peer's credential: those that this seed has, its own among them.
    std::vector<SeatSignature> credential;
};
struct RegisterNack {  // [REGISTER_NACK{peer_id,message}]
    NodeId peer{};
    std::string text;
    Incarnation minimum{};  // ask again with at least this one; 0 = final
};
struct RegisterPending {
    NodeId peer{};
    Duration retry_after{};
};
struct PeerList {  // [PEER_LIST{peers{id:{host,port,joined}},seed_id}]
    NodeId seed{};
    std::uint32_t page{0};
    std::uint32_t pages{1};
    Epoch epoch{0};
    bool stale{false};
    std::vector<Member> peers;
};
struct Candidates {
    Epoch epoch{0};
    std::vector<NodeId> successors;
    std::vector<Candidate> candidates;
};
struct LeaseAck {
    NodeId peer{};
    LeaseStatus status{};
    Incarnation incarnation{};  // the life in the list, or the last one removed
    Epoch epoch{0};
};
struct ReportAck {
    NodeId suspect{};
    Incarnation incarnation{};
    ReportStatus status{};
};

// A decided epoch as peers learn it: flooded from peer to peer, believed for the seed's signature.
struct Membership {
    Decision decision;
    Seat signer{no_seat};
    Signature signature{};  // over canonical_bytes(Decision)
};
struct Deltas {
    std::vector<Membership> decisions;
    Epoch epoch{0};
    bool gap{false};
};  // gap: `since` is older than the history

// ---- peer <-> peer
struct LinkRequest {
    LinkKind kind{};
    Incarnation incarnation{};
    std::uint32_t degree{0};
    LinksRecord record;
};
struct LinkAccept {
    LinkKind kind{};
    Incarnation incarnation{};
    std::uint32_t degree{0};
    LinksRecord record;
};
struct LinkReject {
    std::string reason;
    std::vector<NodeId> redirects;
};
struct Unlink {
    std::string reason;
};
struct Ping {  // [PING{sender,timestamp}]
    NodeId sender{};
    std::uint64_t sequence{0};
    WallMs sent{0};
    Incarnation incarnation{};
    bool linked{false};  // the sender counts us among its links
    Epoch epoch{0};
    std::uint64_t root{0};  // 8-byte digest of the settled rumors held
    std::uint32_t degree{0};
    std::vector<LinksRecord> record;  // none or one: when it changed since the last ping of this link
};
struct Pong {  // [PONG{sender,timestamp}]
    NodeId sender{};
    std::uint64_t sequence{0};  // of the PING
    WallMs ping_sent{0};        // t1, echoed
    WallMs received{0};         // t2
    WallMs sent{0};             // t3
    Incarnation incarnation{};
    bool linked{false};
    Epoch epoch{0};
    std::uint64_t root{0};
    std::uint32_t degree{0};
    std::vector<LinksRecord> record;
};
struct Gossip {  // [GOSSIP{msg_id,msg_hash,sender}]
    RumorPtr rumor;
    NodeId sender{};       // none: the sending node, which its driver fills in; all neighbours are sent one object
    std::uint32_t hop{0};  // 1 at the origin's neighbours
    WallMs sent{0};        // of this hop
    bool repair{false};    // sent because the receiver lacked it, not pushed
};
struct RepairDigest {
    std::uint64_t root{0};
    std::vector<std::uint64_t> buckets;
};  // XOR of key.lo per bucket
struct RepairDiff {
    std::uint64_t buckets{0};
    std::vector<RumorKey> keys;
    bool reply{false};
};  // bit per differing bucket, keys held in them
struct Pull {
    std::vector<RumorKey> keys;
};
struct Prune {};  // the link leaves the tree: both ends only announce messages over it
struct IHave {    // announces messages that the sender received lately
    std::vector<RumorKey> keys;
};
struct Graft {  // the link joins the tree: both ends send messages over it again, and these first
    std::vector<RumorKey> keys;
};
struct Suspect {
    NodeId suspect{};
    Incarnation incarnation{};
    NodeId by{};
};  // to the suspect, which answers ALIVE
struct Alive {
    NodeId peer{};
    Incarnation incarnation{};
    std::uint64_t refutation{0};
    Signature signature{};
};
struct SuspectQuery {  // [SUSPECT_QUERY{sender,suspect}]
    NodeId sender{};
    NodeId suspect{};
    Incarnation incarnation{};
    LinksRecord record;
};
struct SuspectResponse {  // [SUSPECT_RESPONSE{sender,suspect,confirmed}]
    NodeId sender{};
    bool confirmed{false};
    Statement statement;
};

// ---- anyone
struct Error {
    std::string code;
    std::string text;
};

}  // namespace msg

using MessageBody =
    std::variant<msg::RegisterRequest, msg::GetPeerList, msg::GetCandidates, msg::GetDelta, msg::Lease,
                 msg::DeadNodeReport, msg::Leave, msg::RegisterAck, msg::RegisterNack, msg::RegisterPending,
                 msg::PeerList, msg::Candidates, msg::LeaseAck, msg::ReportAck, msg::Membership, msg::Deltas,
                 msg::Propose, msg::Vote, msg::Nack, msg::Behind, msg::Commit, msg::Ack, msg::Learn, msg::Sync,
                 msg::Fetch, msg::Decisions, msg::SnapshotPart, msg::RemovalCase, msg::CaseOpinion, msg::SeatQuery,
                 msg::SeatAnswer, msg::LinkRequest, msg::LinkAccept, msg::LinkReject, msg::Unlink, msg::Ping, msg::Pong,
                 msg::Gossip, msg::RepairDigest, msg::RepairDiff, msg::Pull, msg::Suspect, msg::Alive,
                 msg::SuspectQuery, msg::SuspectResponse, msg::Error, msg::Prune, msg::IHave, msg::Graft,
                 msg::Challenge, msg::ChallengeAnswer>;

template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Alternatives>
inline constexpr bool is_alternative<T, std::variant<Alternatives...>> = (std::same_as<T, Alternatives> || ...);

// The variant with its copies, moves and destructor compiled once, in messages.cpp: inline, they cost each of a
// hundred files one or two seconds of compiling.
struct Message : MessageBody {
    Message();
    Message(const Message& other);
    Message(Message&& other) noexcept;
    Message& operator=(const Message& other);
    Message& operator=(Message&& other) noexcept;
    ~Message();

    template <class T>
    requires is_alternative<std::remove_cvref_t<T>, MessageBody> Message(
        T&& body)  // NOLINT(google-explicit-constructor): each body is a message
        : MessageBody(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(body)) {}
    template <std::size_t I>
    explicit Message(std::in_place_index_t<I> which) : MessageBody(which) {}
};

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace gossip
