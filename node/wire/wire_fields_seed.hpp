#pragma once
// The field names of messages that seeds read or write; see wire_fields.hpp for the notation.

#include "node/wire/wire_fields.hpp"

namespace gossip::wire {

// ---------------------------------------------------------------- peer -> seed

GOSSIP_FIELDS(msg::RegisterRequest) {
    io.host_port(m.peer);  // [000] host, port
    io.opt("inc", m.incarnation);
    io.opt("v", m.protocol, ProtocolVersion{0});
    io.opt("key", m.key);
    io.opt("sig", m.signature);
}
GOSSIP_FIELDS(msg::GetPeerList) { io.opt("page", m.page); }  // [000] {}
GOSSIP_FIELDS(msg::GetCandidates) { io.need("peer", m.peer); }
GOSSIP_FIELDS(msg::GetDelta) { io.need("since", m.since); }
GOSSIP_FIELDS(msg::Lease) {
    io.need("peer", m.peer);
    io.opt("inc", m.incarnation);
    io.opt("degree", m.degree);
    io.opt("epoch", m.epoch);
}
GOSSIP_FIELDS(msg::DeadNodeReport) {
    io.need("dead_peer_id", m.suspect);  // [000]
    io.need("reporter_id", m.reporter);  // [000]
    io.opt("peer_votes", m.peer_votes);  // [000]
    io.now("timestamp");                 // [000]
    io.opt("report_string", m.text);     // [000]
    io.opt("inc", m.incarnation);
    io.opt("certificate", m.certificate);
}
GOSSIP_FIELDS(msg::Leave) {
    io.need("peer", m.peer);
    io.opt("inc", m.incarnation);
    io.opt("sig", m.signature);
}

// ---------------------------------------------------------------- seed -> peer

GOSSIP_FIELDS(msg::RegisterAck) {
    io.need("peer_id", m.peer);  // [000]
    io.need("message", m.text);  // [000]
    io.opt("inc", m.incarnation);
    io.opt("epoch", m.epoch);
    io.opt("digest", m.digest);
    io.opt("members", m.members);
    io.list("successors", m.successors, 64);
    io.list("candidates", m.candidates, 1024);
    io.list("seed_keys", m.seed_keys, 32);
    io.list("credential", m.credential, 32);
}
GOSSIP_FIELDS(msg::Challenge) { io.need("nonce", m.nonce); }
GOSSIP_FIELDS(msg::ChallengeAnswer) {
    io.need("peer", m.peer);
    io.need("key", m.key);
    io.need("sig", m.signature);
}
GOSSIP_FIELDS(msg::RegisterNack) {
    io.need("peer_id", m.peer);  // [000]
    io.need("message", m.text);  // [000]
    io.opt("minimum", m.minimum);
}
GOSSIP_FIELDS(msg::RegisterPending) {
    io.need("peer_id", m.peer);
    io.opt("retry_after_ms", m.retry_after);
}
GOSSIP_FIELDS(msg::PeerList) {
    io.peers("peers", m.peers);  // [000] {id: {host, port, joined}}
    io.need("seed_id", m.seed);  // [000]
    io.opt("page", m.page);
    io.opt("pages", m.pages, 1U);
    io.opt("epoch", m.epoch);
    io.opt("stale", m.stale);
}
GOSSIP_FIELDS(msg::Candidates) {
    io.opt("epoch", m.epoch);
    io.list("successors", m.successors, 64);
    io.list("candidates", m.candidates, 1024);
}
GOSSIP_FIELDS(msg::LeaseAck) {
    io.need("peer", m.peer);
    io.need("status", m.status);
    io.opt("inc", m.incarnation);
    io.opt("epoch", m.epoch);
}
GOSSIP_FIELDS(msg::ReportAck) {
    io.need("suspect", m.suspect);
    io.opt("inc", m.incarnation);
    io.need("status", m.status);
}
GOSSIP_FIELDS(msg::Membership) {
    Fields<Decision>::visit(io, m.decision);
    io.opt("signer", m.signer, no_seat);
    io.opt("sig", m.signature);
}
GOSSIP_FIELDS(msg::Deltas) {
    io.list("decisions", m.decisions);
    io.opt("epoch", m.epoch);
    io.opt("gap", m.gap);
}

// ---------------------------------------------------------------- seed <-> seed

GOSSIP_FIELDS(msg::Propose) {
    io.need("epoch", m.epoch);
    io.need("previous", m.previous);
    io.need("ballot", m.ballot);
    io.list("asks", m.asks);
}
GOSSIP_FIELDS(msg::Vote) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.need("life", m.life);
    io.list("accepted", m.accepted, 1);
    io.list("opinions", m.opinions);
    io.list("mail", m.carried_asks);
    io.opt("key", m.key);
}
GOSSIP_FIELDS(msg::Nack) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.need("promised", m.promised);
}
GOSSIP_FIELDS(msg::Behind) {
    io.need("epoch", m.epoch);
    io.need("digest", m.digest);
}
GOSSIP_FIELDS(msg::Commit) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.need("previous", m.previous);
    io.list("batch", m.batch);
    io.list("lives", m.lives, 64);
}
GOSSIP_FIELDS(msg::Ack) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.need("life", m.life);
}
GOSSIP_FIELDS(msg::Learn) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.need("digest", m.digest);
}
GOSSIP_FIELDS(msg::Sync) {
    io.need("epoch", m.epoch);
    io.need("digest", m.digest);
    io.opt("life", m.life);
    io.list("degrees", m.degrees);
    io.opt("key", m.key);
}
GOSSIP_FIELDS(msg::Fetch) {
    io.need("since", m.since);
    io.opt("digest", m.digest);
}
GOSSIP_FIELDS(msg::Decisions) { io.list("decisions", m.decisions); }
GOSSIP_FIELDS(msg::SnapshotPart) {
    auto& s = m.snapshot;
    io.need("epoch", s.epoch);
    io.need("digest", s.digest);
    io.list("members", s.members);
    io.list("removed", s.removed);
    io.list("seats", s.seats, 64);
    io.opt("part", m.part);
    io.opt("parts", m.parts, 1U);
}
GOSSIP_FIELDS(msg::RemovalCase) {
    io.need("suspect", m.suspect);
    io.opt("inc", m.incarnation);
    io.opt("reporter", m.reporter);
    io.opt("certificate", m.certificate);
}
GOSSIP_FIELDS(msg::CaseOpinion) {
    io.need("suspect", m.suspect);
    io.opt("inc", m.incarnation);
    io.need("vote", m.opinion);
    io.opt("reason", m.reason);
}
GOSSIP_FIELDS(msg::SeatQuery) {
    io.opt("seat", m.seat, no_seat);
    io.opt("life", m.life);
}
GOSSIP_FIELDS(msg::SeatAnswer) {
    io.opt("seat", m.seat, no_seat);
    io.opt("asked", m.asked);
    io.opt("known", m.known);
}

}  // namespace gossip::wire
#undef GOSSIP_FIELDS
