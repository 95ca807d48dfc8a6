#include "protocol/seed/member_desk.hpp"

#include "protocol/canonical.hpp"
#include "protocol/quorum.hpp"
#include "protocol/seed/neighbours.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t page_size = 500;
constexpr std::size_t deltas_per_reply = 64;
constexpr std::size_t delta_changes_per_reply = 256;  // a peer's line of 64 KiB
constexpr std::size_t degrees_per_sync = 1000;
constexpr std::size_t first_told = 3;  // lease holders that start the flood of a decision

}  // namespace

// ---------------------------------------------------------------- what the list says now

void MemberDesk::handle_decided(SeedTurn& t, const Batch& effective) {
    for (const Change& change : effective) {
        if (change.kind == ChangeKind::add) directory_.add(change.peer, change.protocol, t.now);
        if (change.kind == ChangeKind::remove || change.kind == ChangeKind::leave) directory_.remove(change.peer);
    }
}

void MemberDesk::spread(SeedTurn& t, const Decision& decision) {
    std::vector<NodeId> to = directory_.lease_holders(first_told, t.rng);
    for (const Change& change : decision.batch) {
        if (change.kind == ChangeKind::add && !directory_.leases_here(change.peer)) continue;
        if (change.kind != ChangeKind::replace && change.protocol > 0) to.push_back(change.peer);
    }
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    if (to.empty()) return;
    const SharedMessage membership = signed_membership(t, decision);
    for (const NodeId peer : to) t.send(peer, membership);
}

msg::Membership MemberDesk::signed_membership(SeedTurn& t, const Decision& decision) {
    const auto [it, fresh] = signatures_.try_emplace(decision.epoch);
    if (fresh) it->second = t.crypto.sign(t.self, canonical_bytes(decision));
    const Signature signature = it->second;
    while (signatures_.size() > t.config.seed.history) signatures_.erase(signatures_.begin());
    return {decision, t.seat, signature};
}

// ---------------------------------------------------------------- signs of life

bool MemberDesk::on_lease(SeedTurn& t, NodeId from, Trust trust, const msg::Lease& m) {
    // A removed peer can show its key to a list that has it no more in vain: it is answered where it asked.
    const bool itself = from == m.peer && trust == Trust::proven;
    const bool allowed = from == m.peer || is_anonymous(from);
    if (!allowed || (!itself && t.ledger.holds(m.peer, m.incarnation))) {
        t.refuse(from, "LEASE of another node");
        return false;
    }
    if (itself && t.ledger.holds(m.peer, m.incarnation)) {
        directory_.lease(m.peer, m.degree, t.now);
        t.raise(fact::PeerAlive{m.peer});
    }
    return true;
}

void MemberDesk::answer_lease(SeedTurn& t, NodeId from, const msg::Lease& m) const {
    msg::LeaseAck ack{m.peer, LeaseStatus::unknown, t.ledger.last_life(m.peer), t.ledger.epoch()};
    if (t.ledger.holds(m.peer, m.incarnation)) {
        ack.status = LeaseStatus::member;
    } else if (ack.incarnation >= m.incarnation) {
        ack.status = LeaseStatus::removed;
    }
    t.send(from, ack);
}

// Protocol 0 answers by a connection that never said who it is; it names itself in the PONG. Of a member with a
// key only what it proved is a sign of life.
void MemberDesk::on_pong(SeedTurn& t, NodeId from, Trust trust, const msg::Pong& m) {
    const NodeId peer = is_anonymous(from) ? m.sender : from;
    const Member* member = t.ledger.find(peer);
    const bool proven = trust == Trust::proven && !is_anonymous(from);
    if (member == nullptr || (member->protocol > 0 && !proven)) return;
    directory_.touch(peer, t.now);
    t.raise(fact::PeerAlive{peer});
}

void MemberDesk::on_ping(SeedTurn& t, NodeId from, const msg::Ping& m) const {
    t.send(from, msg::Pong{.sender = t.self,
                           .sequence = m.sequence,
                           .ping_sent = m.sent,
                           .received = t.wall,
                           .sent = t.wall,
                           .epoch = t.ledger.epoch()});
}

// ---------------------------------------------------------------- reading the list

void MemberDesk::on_get_peer_list(SeedTurn& t, NodeId from, const msg::GetPeerList& m) const {
    const auto& members = t.ledger.members();
    msg::PeerList list;
    list.seed = t.self;
    list.page = m.page;
    list.pages = as_u32(std::max<std::size_t>(1, (members.size() + page_size - 1) / page_size));
    list.epoch = t.ledger.epoch();
    list.stale = !t.neighbours.quorum();
    const std::size_t skip = std::min<std::size_t>(std::size_t{m.page} * page_size, members.size());
    auto it = std::next(members.begin(), static_cast<std::ptrdiff_t>(skip));
    for (; it != members.end() && list.peers.size() < page_size; ++it) list.peers.push_back(it->second);
    t.notice({.kind = NoticeKind::list_sent, .count = as_u32(list.peers.size()), .other = from});
    t.send(from, std::move(list));
}

void MemberDesk::on_get_candidates(SeedTurn& t, NodeId from, const msg::GetCandidates& m) const {
    t.send(from, msg::Candidates{t.ledger.epoch(), directory_.successors(m.peer, t.config.overlay.successors),
                                 directory_.sample(candidates_handed_out(t.config.overlay, t.config.seed.sample),
                                                   m.peer, t.config.overlay, t.rng)});
}

void MemberDesk::on_get_delta(SeedTurn& t, NodeId from, const msg::GetDelta& m) {
    const Epoch last = t.ledger.epoch();
    msg::Deltas reply;
    reply.epoch = last;
    reply.gap = m.since < last && !t.ledger.reaches_back_to(m.since);
    const bool news = m.since < last && !reply.gap;
    std::size_t changes = 0;
    for (Epoch e = m.since + 1; news && e <= last && reply.decisions.size() < deltas_per_reply; ++e) {
        const Decision* decision = t.ledger.decision(e);
        changes += decision->batch.size();
        if (changes > delta_changes_per_reply && !reply.decisions.empty()) break;
        reply.decisions.push_back(signed_membership(t, *decision));
    }
    t.send(from, std::move(reply));
}

// ---------------------------------------------------------------- degrees

std::vector<Candidate> MemberDesk::take_degrees() { return directory_.take_degrees(degrees_per_sync); }

void MemberDesk::learn_degrees(const std::vector<Candidate>& told) {
    for (const Candidate& candidate : told) directory_.learn_degree(candidate);
}

}  // namespace gossip
