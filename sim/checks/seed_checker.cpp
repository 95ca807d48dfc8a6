#include "sim/checks/seed_checker.hpp"

#include "protocol/log_text.hpp"
#include "protocol/names.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

bool holds(const Batch& batch, const Change& change) {
    return std::find(batch.begin(), batch.end(), change) != batch.end();
}

std::string epoch_text(Epoch epoch) { return "epoch " + std::to_string(epoch); }

}  // namespace

SeedChecker::SeedChecker(const Cluster& cluster, Alarm& alarm)
    : cluster_(cluster), alarm_(alarm), chain_(cluster.seeds().size()) {}

void SeedChecker::fail(const Context& c, std::string invariant, std::string text) const {
    alarm_.raise(std::move(invariant), c.now, {c.from}, std::move(text));
}

void SeedChecker::fail_if(const Context& c, const std::string& problem) const {
    if (problem.empty()) return;
    const std::size_t colon = problem.find(": ");
    fail(c, problem.substr(0, colon), problem.substr(colon + 2));
}

const RoundSeen* SeedChecker::round(Epoch epoch, Ballot ballot) const {
    const auto at = rounds_.find({epoch, ballot});
    return at == rounds_.end() ? nullptr : &at->second;
}

// A seat that lost its disk has no promises; it may not vote in its old life.
void SeedChecker::on_started(Time now, NodeId node, std::uint32_t) {
    const Seat seat = cluster_.seat_of(node);
    if (seat == no_seat) return;
    const auto journal = cluster_.sim().disk(node).records();
    if (journal.empty()) seats_[seat] = {};
    seats_[seat].said = seats_[seat].left;
    // Records that were written but not synced when the process ended may have survived.
    for (const Record& r : journal) on_durable({now, node, seat}, r.type, r.body);
}

void SeedChecker::on_synced(Time now, NodeId node, std::span<const Append> appends) {
    const Context c{now, node, cluster_.seat_of(node)};
    if (c.seat == no_seat) return;
    for (const Append& a : appends) on_durable(c, a.type, a.body);
}

void SeedChecker::on_durable(const Context& c, RecordType type, std::string_view body) {
    SeatState& s = seats_[c.seat];
    if (type == RecordType::header) {
        if (const auto r = decode_header(body)) s.life = r->own.life;
    } else if (type == RecordType::ceiling) {
        if (const auto r = decode_ceiling(body)) s.ceiling = std::max(s.ceiling, *r);
    } else if (type == RecordType::accepted) {
        if (const auto r = decode_accepted(body)) on_accepted(c, r->accepted);
    } else if (type == RecordType::snapshot) {
        if (const auto r = decode_snapshot(body)) on_snapshot(c, *r);
    }
}

void SeedChecker::on_accepted(const Context& c, const Accepted& accepted) {
    seats_[c.seat].durable.insert({accepted.epoch, accepted.ballot});
    // The proposer's own acceptance counts as its COMMIT, even if it crashes before the message leaves.
    if (accepted.ballot.seat == c.seat) {
        msg::Commit commit;
        commit.epoch = accepted.epoch;
        commit.ballot = accepted.ballot;
        commit.batch = accepted.batch;
        see(c, commit);
    }
    fail_if(c, chain_.on_accepted(c.seat, accepted));
}

void SeedChecker::on_snapshot(const Context& c, const SnapshotRecord& record) {
    SeatState& s = seats_[c.seat];
    s.life = record.header.own.life;
    s.ceiling = std::max(s.ceiling, record.ceiling);
    for (const AcceptedRecord& r : record.accepted) on_accepted(c, r.accepted);
    claims_decided(c, record.snapshot.epoch, record.snapshot.digest);
}

// S1, S4, S5: an epoch may be treated as decided only if a quorum accepted it durably.
void SeedChecker::claims_decided(const Context& c, Epoch epoch, const Digest& digest) {
    if (!chain_.decided(epoch)) {
        return fail(c, "S4", epoch_text(epoch) + " is treated as decided without a quorum of durable acceptances");
    }
    fail_if(c, chain_.on_digest(epoch, digest));
}

void SeedChecker::on_wire(Time now, NodeId from, NodeId, const SharedMessage& message) {
    const Context c{now, from, cluster_.seat_of(from)};
    if (c.seat == no_seat) return;
    message.visit(Overloaded{
        [&](const msg::Propose& m) { see(c, m); },
        [&](const msg::Vote& m) { see(c, m); },
        [&](const msg::Commit& m) { see(c, m); },
        [&](const msg::Ack& m) { see(c, m); },
        [&](const msg::Learn& m) { claims_decided(c, m.epoch, m.digest); },
        [&](const msg::Sync& m) { claims_decided(c, m.epoch, m.digest); },
        [&](const msg::Behind& m) { claims_decided(c, m.epoch, m.digest); },
        [&](const msg::Membership& m) { claims_decided(c, m.decision.epoch, m.decision.digest); },
        [&](const msg::RegisterAck& m) { see(c, m); },
        [&](const msg::Decisions& m) {
            for (const Decision& d : m.decisions) claims_decided(c, d.epoch, d.digest);
        },
        [](const auto&) {},
    });
}

void SeedChecker::see(const Context& c, const msg::Propose& m) {
    RoundSeen& r = rounds_[{m.epoch, m.ballot}];
    const std::uint32_t life = cluster_.sim().life(c.from);
    if (r.proposer == NodeId::none) {
        r.proposer = c.from;
        r.proposer_life = life;
        r.asks = m.asks;
    }
    if (r.proposer != c.from || m.ballot.seat != c.seat) fail(c, "S10", "proposes under another seat's ballot");
    if (r.proposer_life != life) fail(c, "S12", "uses a ballot again after a restart, in " + epoch_text(m.epoch));
    if (seats_[c.seat].ceiling < m.ballot.round) fail(c, "S13", "PROPOSE leaves before its ceiling is durable");
    last_proposed_[c.seat] = {m.epoch, m.ballot};
}

// S12: a seat never accepts a ballot below its promise, also across restarts.
void SeedChecker::check_promise(const Context& c, Ballot ballot) {
    Ballot& promised = seats_[c.seat].said.promised;
    if (ballot < promised) fail(c, "S12", "binds itself to a ballot below its promise");
    promised = std::max(promised, ballot);
}

void SeedChecker::says(const Context& c, const msg::Vote& m) {
    check_promise(c, m.ballot);
    const auto& acked = seats_[c.seat].said.acked;
    const auto at = acked.find(m.epoch);
    const bool tells = !m.accepted.empty() && at != acked.end() && m.accepted[0].ballot >= at->second;
    if (at != acked.end() && !tells) fail(c, "S12", "VOTE hides a batch it acknowledged, " + epoch_text(m.epoch));
}

void SeedChecker::says(const Context& c, const msg::Ack& m) {
    check_promise(c, m.ballot);
    Ballot& acked = seats_[c.seat].said.acked[m.epoch];
    acked = std::max(acked, m.ballot);
}

void SeedChecker::see(const Context& c, const msg::Vote& m) {
    SeatState& s = seats_[c.seat];
    if (s.ceiling < m.ballot.round) fail(c, "S13", "VOTE leaves before its ceiling is durable");
    if (m.life != s.life) fail(c, "S11", "votes for a life that is not its journal's");
    s.left.promised = std::max(s.left.promised, m.ballot);
    rounds_[{m.epoch, m.ballot}].votes.emplace(c.seat, m);
}

void SeedChecker::see(const Context& c, const msg::Ack& m) {
    SeatState& s = seats_[c.seat];
    if (!s.durable.contains({m.epoch, m.ballot})) {
        fail(c, "S13", "ACK leaves before the batch is durable, " + epoch_text(m.epoch));
    }
    if (m.life != s.life) fail(c, "S11", "acknowledges for a life that is not its journal's");
    s.left.promised = std::max(s.left.promised, m.ballot);
    Ballot& acked = s.left.acked[m.epoch];
    acked = std::max(acked, m.ballot);
}

void SeedChecker::see(const Context& c, const msg::Commit& m) {
    RoundSeen& r = rounds_[{m.epoch, m.ballot}];
    if (!r.committed.empty()) {
        if (r.committed[0] != m.batch) fail(c, "S1", "commits two batches under one ballot");
        return;
    }
    r.committed.push_back(m.batch);
    check_quorum_of_votes(c, r, m);
    check_opinions(c, r, m);
    for (const Change& change : rejected_[{m.epoch, m.ballot}]) {
        if (holds(m.batch, change)) fail(c, "S9", "commits what it rejected in that attempt");
    }
}

// S4: votes of distinct seats on the wire; the proposer's own vote is not a message.
void SeedChecker::check_quorum_of_votes(const Context& c, const RoundSeen& round, const msg::Commit& m) {
    const std::size_t need = majority(cluster_.seeds().size());
    if (round.votes.size() + 1 < need) {
        fail(c, "S4",
             "COMMIT of " + epoch_text(m.epoch) + " with the votes of " + std::to_string(round.votes.size() + 1) +
                 " seats");
    }
}

// S6: a quorum of YES. Checked where a batch is first committed; a proposer that finishes it later has no opinions.
void SeedChecker::check_opinions(const Context& c, const RoundSeen& round, const msg::Commit& m) {
    const std::size_t need = majority(cluster_.seeds().size());
    for (auto at = rounds_.lower_bound({m.epoch, Ballot{}}); at != rounds_.end() && at->first.first == m.epoch; ++at) {
        if (at->first.second >= m.ballot) break;
        if (!at->second.committed.empty() && at->second.committed[0] == m.batch) return;
    }
    for (const Change& change : m.batch) {
        std::size_t yes = 1;
        for (std::size_t i = 0; i < round.asks.size(); ++i) {
            if (round.asks[i].change != change) continue;
            for (const auto& [seat, vote] : round.votes) {
                if (i < vote.opinions.size() && vote.opinions[i].opinion == Opinion::yes) ++yes;
            }
            break;
        }
        if (yes < need) fail(c, "S6", "commits " + node_name(change.peer) + " with " + std::to_string(yes) + " YES");
    }
}

// S2: a registration is acknowledged only once it is decided.
void SeedChecker::see(const Context& c, const msg::RegisterAck& m) {
    claims_decided(c, m.epoch, m.digest);
    const Epoch added = chain_.added_in(m.peer, m.incarnation);
    if (added == 0 || added > m.epoch) {
        fail(c, "S2", "acknowledges " + node_name(m.peer) + ", whose life no decision added");
    }
    acknowledged_ = std::max(acknowledged_, m.epoch);
}

void SeedChecker::on_step(Time now, NodeId node, const Event&, const Effects& effects) {
    const Context c{now, node, cluster_.seat_of(node)};
    if (c.seat == no_seat) return;
    for (const Notice& n : effects.notices) on_notice(c, n);
    for (const Send& send : effects.sends) {
        if (const auto* vote = send.message.get_if<msg::Vote>()) says(c, *vote);
        if (const auto* ack = send.message.get_if<msg::Ack>()) says(c, *ack);
    }
    if (effects.fatal)
        fail(
            c, "S1",
            "ended itself: " + (effects.notices.empty() ? std::string("no notice") : log_text(effects.notices.back())));
}

void SeedChecker::on_notice(const Context& c, const Notice& n) {
    if (n.kind == NoticeKind::epoch_applied) check_applied(c, n);
    if (n.kind == NoticeKind::rejected) check_rejected(c, n);
    if (n.kind == NoticeKind::digest_alarm) fail(c, "S1", "digest alarm in " + epoch_text(n.epoch));
}

// S3, S7, S8: epochs are applied in order, and the list after each is that of the reference model.
void SeedChecker::check_applied(const Context& c, const Notice& n) {
    claims_decided(c, n.epoch, n.digest);
    if (!chain_.decided(n.epoch)) return;
    Epoch& applied = seats_[c.seat].applied[cluster_.sim().life(c.from)];
    if (n.epoch <= applied) fail(c, "S3", epoch_text(n.epoch) + " is applied after " + epoch_text(applied));
    applied = n.epoch;
    if (n.ids != chain_.ids(n.epoch)) fail(c, "S7", "another list than the decisions give at " + epoch_text(n.epoch));
}

void SeedChecker::check_rejected(const Context& c, const Notice& n) {
    const auto at = last_proposed_.find(c.seat);
    if (at == last_proposed_.end()) return;
    const RoundSeen& r = rounds_[at->second];
    for (const Ask& ask : r.asks) {
        if (ask.change.peer != n.subject || ask.change.incarnation != n.incarnation) continue;
        if ((ask.change.kind == ChangeKind::add) != n.add) continue;
        rejected_[at->second].push_back(ask.change);
        const bool sent = !r.committed.empty() && holds(r.committed[0], ask.change);
        if (sent) fail(c, "S9", "rejects what it committed in that attempt: " + node_name(n.subject));
    }
}

}  // namespace gossip::sim
