#pragma once
// The field names of values and of peers' messages on the wire, each said once for both directions.
// IO is JsonWriter or JsonReader:
//   need(name, v)            always written; a line without it is refused
//   opt(name, v [, absent])  left out when equal to `absent`, which a line without it means
//   list(name, v [, limit])  an array, left out when empty
//   seconds(name, v)         epoch seconds with a fraction, as document 000 writes times
// Names in document 000's dialect are marked [000]; everything else is optional there.

#include "node/wire/wire.hpp"

#include <array>
#include <string_view>

namespace gossip::wire {

constexpr std::size_t list_limit = 16'384;  // what a 1 MiB line could hold anyhow
constexpr std::size_t text_limit = 4'096;

template <class T>
struct Fields;
template <class T>
concept Described = requires {
    sizeof(Fields<std::remove_cvref_t<T>>);
};

template <class E>
struct EnumNames;
template <class E>
concept NamedEnum = requires {
    EnumNames<E>::names;
};

template <>
struct EnumNames<Role> {
    static constexpr std::array<std::string_view, 2> names{"seed", "peer"};
};
template <>
struct EnumNames<Verdict> {
    static constexpr std::array<std::string_view, 3> names{"reachable", "unreachable", "refused"};
};
template <>
struct EnumNames<ChangeKind> {
    static constexpr std::array<std::string_view, 4> names{"add", "remove", "leave", "replace"};
};
template <>
struct EnumNames<LinkKind> {
    static constexpr std::array<std::string_view, 3> names{"preferential", "ring", "implied"};
};
template <>
struct EnumNames<LeaseStatus> {
    static constexpr std::array<std::string_view, 3> names{"member", "unknown", "removed"};
};
template <>
struct EnumNames<ReportStatus> {
    static constexpr std::array<std::string_view, 5> names{"accepted", "refuted", "stale", "bad_evidence", "pending"};
};
template <>
struct EnumNames<Opinion> {
    static constexpr std::array<std::string_view, 3> names{"yes", "no", "undecided"};
};

// Values without an equality of their own that may be left out of a line.
[[nodiscard]] inline bool is_absent(const LinksRecord& r) {
    return r.peer == NodeId::none && r.version == 0 && r.links.empty() && r.successors.empty();
}
[[nodiscard]] inline bool is_absent(const Credential& c) { return c.signatures.empty(); }
[[nodiscard]] inline bool is_absent(const Certificate& c) { return is_absent(c.record) && c.statements.empty(); }

// ---------------------------------------------------------------- values

#define GOSSIP_FIELDS(type)              \
    template <>                          \
    struct Fields<type> {                \
        template <class IO, class M>     \
        static void visit(IO& io, M& m); \
    };                                   \
    template <class IO, class M>         \
    void Fields<type>::visit([[maybe_unused]] IO& io, [[maybe_unused]] M& m)

GOSSIP_FIELDS(LinksRecord) {
    io.need("peer", m.peer);
    io.opt("inc", m.incarnation);
    io.opt("version", m.version);
    io.list("links", m.links, 1024);
    io.list("successors", m.successors, 64);
    io.opt("sig", m.signature);
}
GOSSIP_FIELDS(Statement) {
    io.need("suspect", m.suspect);
    io.opt("inc", m.incarnation);
    io.opt("links_version", m.links_version);
    io.need("verdict", m.verdict);
    io.need("witness", m.witness);
    io.opt("sig", m.signature);
}
GOSSIP_FIELDS(Certificate) {
    io.opt("record", m.record);
    io.list("statements", m.statements, 64);
}
GOSSIP_FIELDS(SeatSignature) {
    io.need("seat", m.seat);
    io.need("sig", m.signature);
}
GOSSIP_FIELDS(Credential) {
    io.need("inc", m.incarnation);
    io.list("signatures", m.signatures, 32);
}
GOSSIP_FIELDS(Change) {
    io.need("kind", m.kind);
    io.opt("peer", m.peer);
    io.opt("inc", m.incarnation);
    io.opt("v", m.protocol, ProtocolVersion{1});
    io.opt("key", m.key);
    io.opt("seat", m.seat, no_seat);
    io.opt("old_life", m.old_life);
    io.opt("new_life", m.new_life);
}
GOSSIP_FIELDS(Ask) {
    io.need("change", m.change);
    io.opt("sig", m.signature);
    io.opt("certificate", m.certificate);
    io.opt("id", m.proposal);
}
GOSSIP_FIELDS(Accepted) {
    io.need("epoch", m.epoch);
    io.need("ballot", m.ballot);
    io.list("batch", m.batch);
}
GOSSIP_FIELDS(Decision) {
    io.need("epoch", m.epoch);
    io.list("batch", m.batch);
    io.need("digest", m.digest);
}
GOSSIP_FIELDS(Member) {
    io.need("id", m.id);
    io.opt("inc", m.incarnation);
    io.opt("v", m.protocol, ProtocolVersion{1});
    io.opt("key", m.key);
    io.opt("since", m.since);
}
GOSSIP_FIELDS(SeatInfo) {
    io.opt("seat", m.seat, no_seat);
    io.opt("life", m.life);
}
GOSSIP_FIELDS(Candidate) {
    io.need("id", m.id);
    io.opt("degree", m.degree);
    io.opt("v", m.protocol, ProtocolVersion{1});
}
GOSSIP_FIELDS(msg::AskOpinion) {
    io.need("vote", m.opinion);
    io.opt("reason", m.reason);
    io.opt("sig", m.signature);
}

// ---------------------------------------------------------------- peer <-> peer

GOSSIP_FIELDS(msg::LinkRequest) {
    io.need("kind", m.kind);
    io.opt("inc", m.incarnation);
    io.opt("degree", m.degree);
    io.opt("record", m.record);
}
GOSSIP_FIELDS(msg::LinkAccept) {
    io.need("kind", m.kind);
    io.opt("inc", m.incarnation);
    io.opt("degree", m.degree);
    io.opt("record", m.record);
}
GOSSIP_FIELDS(msg::LinkReject) {
    io.opt("reason", m.reason);
    io.list("redirects", m.redirects, 256);
}
GOSSIP_FIELDS(msg::Unlink) { io.opt("reason", m.reason); }
GOSSIP_FIELDS(msg::Ping) {
    io.need("sender", m.sender);      // [000]
    io.seconds("timestamp", m.sent);  // [000]
    io.opt("seq", m.sequence);
    io.opt("inc", m.incarnation);
    io.opt("linked", m.linked);
    io.opt("epoch", m.epoch);
    io.opt("root", m.root);
    io.opt("degree", m.degree);
    io.list("record", m.record, 1);
}
GOSSIP_FIELDS(msg::Pong) {
    io.need("sender", m.sender);      // [000]
    io.seconds("timestamp", m.sent);  // [000]
    io.opt("seq", m.sequence);
    io.opt("t1", m.ping_sent);
    io.opt("t2", m.received);
    io.opt("inc", m.incarnation);
    io.opt("linked", m.linked);
    io.opt("epoch", m.epoch);
    io.opt("root", m.root);
    io.opt("degree", m.degree);
    io.list("record", m.record, 1);
}
GOSSIP_FIELDS(msg::RepairDigest) {
    io.need("root", m.root);
    io.list("buckets", m.buckets, digest_buckets);
}
GOSSIP_FIELDS(msg::RepairDiff) {
    io.need("buckets", m.buckets);
    io.list("keys", m.keys);
    io.opt("reply", m.reply);
}
GOSSIP_FIELDS(msg::Pull) { io.list("keys", m.keys); }
GOSSIP_FIELDS(msg::Prune) {}
GOSSIP_FIELDS(msg::IHave) { io.list("keys", m.keys); }
GOSSIP_FIELDS(msg::Graft) { io.list("keys", m.keys); }
GOSSIP_FIELDS(msg::Suspect) {
    io.need("suspect", m.suspect);
    io.opt("inc", m.incarnation);
    io.opt("by", m.by);
}
GOSSIP_FIELDS(msg::Alive) {
    io.need("peer", m.peer);
    io.opt("inc", m.incarnation);
    io.opt("refutation", m.refutation);
    io.opt("sig", m.signature);
}
GOSSIP_FIELDS(msg::SuspectQuery) {
    io.need("sender", m.sender);    // [000]
    io.need("suspect", m.suspect);  // [000]
    io.opt("inc", m.incarnation);
    io.opt("record", m.record);
}
GOSSIP_FIELDS(msg::SuspectResponse) {
    auto& s = m.statement;
    io.need("sender", m.sender);        // [000]
    io.need("suspect", s.suspect);      // [000]
    io.need("confirmed", m.confirmed);  // [000]
    io.opt("inc", s.incarnation);
    io.opt("links_version", s.links_version);
    io.opt("verdict", s.verdict, m.confirmed ? Verdict::unreachable : Verdict::reachable);
    io.opt("witness", s.witness, m.sender);
    io.opt("sig", s.signature);
}
GOSSIP_FIELDS(msg::Error) {
    io.need("code", m.code);
    io.opt("text", m.text);
}

// ---------------------------------------------------------------- handshake

GOSSIP_FIELDS(Hello) {
    io.need("v", m.version);
    io.need("role", m.role);
    io.need("id", m.id);
    io.need("cluster", m.cluster);
    io.need("key", m.key);
    io.need("nonce", m.nonce);
    io.opt("credential", m.credential);
    io.opt("key_only", m.key_only);
}
GOSSIP_FIELDS(HelloAck) {
    Fields<Hello>::visit(io, m.hello);
    io.need("proof", m.proof);
}
GOSSIP_FIELDS(HelloProof) { io.need("proof", m.proof); }
GOSSIP_FIELDS(CredentialChanged) { io.need("credential", m.credential); }

}  // namespace gossip::wire
