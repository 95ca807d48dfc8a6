#include "protocol/peer/accuser.hpp"

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/quorum.hpp"
#include "protocol/ring.hpp"
#include "protocol/witnesses.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr Duration retry_first = std::chrono::seconds(1);
constexpr Duration retry_last = std::chrono::seconds(10);
constexpr std::uint32_t gather_attempts = 20;  // then the seeds' lease is what remains
constexpr Duration report_patience = std::chrono::seconds(2);
constexpr Duration decision_patience = std::chrono::seconds(10);
constexpr std::uint32_t report_attempts = 8;
constexpr Duration isolation_pace = std::chrono::seconds(1);

// Of the suspicion_retry timer: what is due is no suspicion but another look at a neighbour, or at ourselves.
constexpr std::uint32_t no_suspicion = 0;

constexpr std::uint64_t key_of(NodeId id) { return static_cast<std::uint64_t>(id); }

constexpr std::string_view refused_text = "connection refused";
constexpr std::string_view silent_text = "silent";

std::string_view status_name(ReportStatus status) {
    switch (status) {
        case ReportStatus::accepted:
            return "accepted";
        case ReportStatus::refuted:
            return "refuted";
        case ReportStatus::stale:
            return "stale";
        case ReportStatus::bad_evidence:
            return "bad evidence";
        case ReportStatus::pending:
            return "pending";
    }
    return "?";
}

bool speaks_protocol_0(const PeerTurn& t, NodeId id) {
    const Link* link = t.links.find(id);
    const Candidate* candidate = t.view.candidate(id);
    return (link != nullptr && link->protocol == 0) || (candidate != nullptr && candidate->protocol == 0);
}

}  // namespace

// ---------------------------------------------------------------- what others noticed

void Accuser::heard(PeerTurn& t, NodeId node) {
    Detection* detection = detection_.if_any();
    if (detection == nullptr) return;
    detection->isolation.heard(node);
    if (detection->suspicions.find(node) != nullptr) cancel(t, node, "it showed a sign of life");
}

void Accuser::link_up(NodeId peer) {
    if (Detection* detection = detection_.if_any()) detection->isolation.heard(peer);
}

void Accuser::link_down(NodeId peer) {
    if (Detection* detection = detection_.if_any()) detection->isolation.forget(peer);
}

void Accuser::end_former_lives(NodeId peer, Incarnation life) {
    Detection* detection = detection_.if_any();
    if (detection == nullptr) return;
    const Suspicion* s = detection->suspicions.find(peer);
    if (s != nullptr && s->life < life) detection->suspicions.close(peer);
}

void Accuser::end_life(PeerTurn& t, NodeId peer, Incarnation life) {
    Detection* detection = detection_.if_any();
    if (detection == nullptr) return;
    Suspicions& suspicions = detection->suspicions;
    if (const Suspicion* s = suspicions.find(peer); s != nullptr && s->life <= life) suspicions.close(peer);
    for (const NodeId suspect : suspicions.suspects())
        judge_suspicion(t, suspect, false);  // it may have been a witness
}

void Accuser::handle_connection_lost(PeerTurn& t, NodeId peer, LossReason reason) {
    Detection& detection = detection_.ensure();
    if (t.links.find(peer) == nullptr || detection.suspicions.find(peer) != nullptr) return;
    if (reason == LossReason::refused) return suspect(t, peer, true, std::string(refused_text));
    if (reason == LossReason::timed_out) return;  // the cycles will tell
    const auto wait = detection.isolation.redial_after(peer, t.now);
    if (!wait) return;
    if (*wait == Duration::zero()) return t.raise(fact::PingDue{peer});
    t.timer(t.now + *wait, {TimerKind::suspicion_retry, no_suspicion, key_of(peer)});
}

void Accuser::suspect(PeerTurn& t, NodeId peer, bool refused, std::string why) {
    const Link* link = t.links.find(peer);
    if (!t.active() || link == nullptr) return;
    Detection& detection = detection_.ensure();
    if (detection.suspicions.find(peer) != nullptr) return;
    IsolationDetector& isolation = detection.isolation;
    const bool was_isolated = isolation.isolated();
    if (isolation.note(t.config.liveness, t.now, seed_contact_, t.links.degree())) {
        isolation.defer(peer, refused);
        if (!was_isolated) begin_isolation(t);
        return;
    }
    Suspicion* s = detection.suspicions.open(peer, t.links.details(*link).incarnation);
    if (s == nullptr) return;
    s->refused = refused;
    const RecordPtr record = t.record_of(*link);
    s->record = record ? *record : LinksRecord{.peer = peer, .incarnation = s->life};
    s->witnesses = s->record.version > 0 ? witnesses_of(s->record, t.config.liveness) : stand_in_witnesses(t, peer);
    t.notice({.kind = NoticeKind::suspected, .subject = peer, .incarnation = s->life, .text = std::move(why)});
    ask_witnesses(t, *s);
}

// For a suspect that never published its links: its ring successors as far as we know them.
std::vector<NodeId> Accuser::stand_in_witnesses(const PeerTurn& t, NodeId suspect) const {
    std::vector<NodeId> known{t.self};
    for (const Link& link : t.links.all()) known.push_back(link.id);
    for (const Candidate& candidate : t.view.candidates()) known.push_back(candidate.id);
    std::erase_if(known, [&t](NodeId id) { return speaks_protocol_0(t, id); });
    return ring_successors(suspect, known, t.config.liveness.witnesses_min);
}

void Accuser::ask_witnesses(PeerTurn& t, Suspicion& s) {
    s.stage = Suspicion::Stage::gathering;
    s.statements.clear();
    ++s.attempts;
    detection_.ensure().suspicions.renew(s);
    const LivenessConfig& c = t.config.liveness;
    const Duration probing = c.probe_timeout * c.probes + c.probe_timeout / 2;
    t.timer(t.now + std::max(c.refute, probing), {TimerKind::refute_window, s.generation, key_of(s.suspect)});
    if (!s.refused) t.send(s.suspect, msg::Suspect{s.suspect, s.life, t.self});
    for (const NodeId witness : s.witnesses) {
        if (witness == t.self || t.view.gone(witness)) continue;
        t.send(witness, msg::SuspectQuery{t.self, s.suspect, s.life, s.record});
        t.notice({.kind = NoticeKind::witness_asked, .subject = s.suspect, .other = witness});
    }
    // Last: `s` may be gone once our own finding is in.
    if (std::find(s.witnesses.begin(), s.witnesses.end(), t.self) != s.witnesses.end()) {
        t.raise(fact::OwnProbeDue{s.suspect, s.life, s.record.version});
    }
}

// ---------------------------------------------------------------- isolation

void Accuser::begin_isolation(PeerTurn& t) {
    t.notice({.kind = NoticeKind::isolated, .text = "more than half of the links were lost at once"});
    ask_any_seed(t);
}

void Accuser::ask_any_seed(PeerTurn& t) {
    const NodeId seed = t.rng.pick(t.config.seeds);
    t.send(seed, msg::Lease{t.self, t.incarnation(), t.degree(), t.view.epoch()});
    t.timer(t.now + isolation_pace, {TimerKind::suspicion_retry, no_suspicion, key_of(NodeId::none)});
}

void Accuser::seed_answered(PeerTurn& t) {
    seed_contact_ = t.now;
    Detection* detection = detection_.if_any();
    SlimVector<IsolationDetector::Deferred> deferred;
    if (detection == nullptr || !detection->isolation.contact(deferred)) return;
    t.notice({.kind = NoticeKind::isolation_over});
    for (const IsolationDetector::Deferred& d : deferred) {
        suspect(t, d.id, d.refused, std::string(d.refused ? refused_text : silent_text));
    }
}

// ---------------------------------------------------------------- evidence

void Accuser::on_suspect_response(PeerTurn& t, const Sender& from, const msg::SuspectResponse& m) {
    if (from.anonymous()) return;  // protocol 0 signs nothing: its word is no evidence
    if (m.statement.witness != from.node) return t.refuse(from.reply, "a statement of somebody else");
    const Link* link = t.links.find(from.node);
    const auto key = link != nullptr ? t.links.details(*link).key : std::nullopt;
    if (key && !t.crypto.verify(*key, canonical_bytes(m.statement), m.statement.signature)) {
        return t.refuse(from.reply, "statement with a bad signature");
    }
    take_statement(t, m.statement);
}

void Accuser::take_statement(PeerTurn& t, const Statement& statement) {
    Suspicions& suspicions = detection_.ensure().suspicions;
    if (!suspicions.add(statement)) return;
    const Tally tally = tally_of(t, *suspicions.find(statement.suspect));
    t.notice({.kind = NoticeKind::statement_received,
              .verdict = statement.verdict,
              .count = static_cast<std::uint32_t>(tally.confirming),
              .of = static_cast<std::uint32_t>(tally.of),
              .need = static_cast<std::uint32_t>(tally.need),
              .subject = statement.suspect,
              .other = statement.witness});
    judge_suspicion(t, statement.suspect, false);
}

// The removed cannot testify, and what protocol 0 says is not signed: the seeds count neither.
Tally Accuser::tally_of(const PeerTurn& t, const Suspicion& s) const {
    return tally(s, [&t](NodeId id) { return t.view.gone(id) || speaks_protocol_0(t, id); });
}

void Accuser::judge_suspicion(PeerTurn& t, NodeId suspect, bool window_over) {
    Suspicion* s = detection_.ensure().suspicions.find(suspect);
    if (s == nullptr || s->stage != Suspicion::Stage::gathering) return;
    switch (judge(tally_of(t, *s), window_over)) {
        case Finding::dead:
            return confirm(t, *s);
        case Finding::alive:
            return cancel(t, suspect, "a majority of its witnesses reached it");
        case Finding::open:
            break;
    }
    if (window_over) postpone(t, *s);
}

// No majority in time. A silent suspect gets another cycle; one that refused is gone for us, so the
// overlay is mended at once while its witnesses are asked again (they may be dead themselves and
// leave the denominator when they are removed).
void Accuser::postpone(PeerTurn& t, Suspicion& s) {
    const NodeId id = s.suspect;
    if (!s.refused || s.attempts >= gather_attempts) {
        if (Link* link = t.links.find(id)) doubt(t.config.liveness, *link);
        return cancel(t, id, "no majority of its witnesses answered in time");
    }
    s.stage = Suspicion::Stage::waiting;
    detection_.ensure().suspicions.renew(s);
    const Duration wait = std::min<Duration>(retry_first * s.attempts, retry_last);
    t.timer(t.now + t.rng.jitter(wait), {TimerKind::suspicion_retry, s.generation, key_of(id)});
    t.raise(fact::Unreachable{id, std::string(refused_text)});
}

void Accuser::cancel(PeerTurn& t, NodeId suspect, std::string why) {
    Suspicions& suspicions = detection_.ensure().suspicions;
    const Suspicion* s = suspicions.find(suspect);
    if (s == nullptr) return;
    // Frames may overtake the end of their connection: look again soon.
    if (s->refused) t.timer(t.now + retry_first, {TimerKind::suspicion_retry, no_suspicion, key_of(suspect)});
    suspicions.close(suspect);
    t.notice({.kind = NoticeKind::suspicion_cancelled, .subject = suspect, .text = std::move(why)});
}

void Accuser::on_alive(PeerTurn& t, const Sender& from, const msg::Alive& m) {
    const Suspicion* s = detection_.ensure().suspicions.find(m.peer);
    if (s != nullptr && m.incarnation >= s->life && believed(t, from, m)) cancel(t, m.peer, "it refuted");
}

// Its own word needs no proof; a word passed on needs its signature, and one never heard before.
bool Accuser::believed(PeerTurn& t, const Sender& from, const msg::Alive& m) const {
    if (from.node == m.peer) return true;
    const Link* link = t.links.find(m.peer);
    if (link == nullptr) return false;
    const LinkDetails& known = t.links.details(*link);
    if (!known.key || m.refutation <= known.refutation) return false;
    if (!t.crypto.verify(*known.key, canonical_bytes(m), m.signature)) return false;
    t.links.mutable_details(*link).refutation = m.refutation;
    return true;
}

// ---------------------------------------------------------------- reports

void Accuser::confirm(PeerTurn& t, Suspicion& s) {
    const NodeId suspect = s.suspect;
    const Tally tally = tally_of(t, s);
    t.notice({.kind = NoticeKind::peer_consensus,
              .count = static_cast<std::uint32_t>(tally.confirming),
              .of = static_cast<std::uint32_t>(tally.of),
              .subject = suspect});
    s.stage = Suspicion::Stage::reporting;
    s.attempts = 0;
    s.text = dead_node_text(suspect, t.wall(), t.self);
    send_reports(t, s);
    t.raise(fact::Unreachable{suspect, "dead"});
}

// To floor(n/2)+1 random seeds, so that one of them is in whatever majority there is.
void Accuser::send_reports(PeerTurn& t, Suspicion& s) {
    ++s.attempts;
    detection_.ensure().suspicions.renew(s);
    const msg::DeadNodeReport report{s.text,
                                     s.suspect,
                                     s.life,
                                     t.self,
                                     static_cast<std::uint32_t>(tally_of(t, s).confirming),
                                     Certificate{s.record, s.statements}};
    std::vector<NodeId> seeds(t.config.seeds);
    t.rng.shuffle(std::span<NodeId>(seeds));
    seeds.resize(majority(seeds.size()));
    for (const NodeId seed : seeds) {
        t.send(seed, report);
        t.notice({.kind = NoticeKind::dead_reported, .subject = s.suspect, .other = seed, .text = s.text});
    }
    const Duration wait = s.accepted ? decision_patience : report_patience * s.attempts;
    t.timer(t.now + t.rng.jitter(wait), {TimerKind::suspicion_retry, s.generation, key_of(s.suspect)});
}

void Accuser::on_report_ack(PeerTurn& t, const Sender& from, const msg::ReportAck& m) {
    if (from.trust != Trust::seed) return t.refuse(from.reply, "REPORT_ACK from a node that is no seed");
    Suspicions& suspicions = detection_.ensure().suspicions;
    Suspicion* s = suspicions.find(m.suspect);
    if (s == nullptr || s->stage != Suspicion::Stage::reporting || m.incarnation != s->life) return;
    t.notice({.kind = NoticeKind::report_answered,
              .subject = m.suspect,
              .other = from.node,
              .text = std::string(status_name(m.status))});
    if (m.status == ReportStatus::pending) return;
    if (m.status != ReportStatus::accepted) return suspicions.close(m.suspect);
    if (s->accepted) return;
    s->accepted = true;
    suspicions.renew(*s);
    t.timer(t.now + decision_patience, {TimerKind::suspicion_retry, s->generation, key_of(m.suspect)});
}

void Accuser::handle_timer(PeerTurn& t, const TimerTag& tag) {
    const NodeId id{tag.key};
    if (id == NodeId::none) {
        if (isolated() && t.active()) ask_any_seed(t);
        return;
    }
    if (tag.generation == no_suspicion) {
        if (t.links.find(id) != nullptr) t.raise(fact::PingDue{id});
        return;
    }
    Suspicions& suspicions = detection_.ensure().suspicions;
    Suspicion* s = suspicions.find(id);
    if (s == nullptr || s->generation != tag.generation) return;
    if (tag.kind == TimerKind::refute_window) return judge_suspicion(t, id, true);
    if (s->stage == Suspicion::Stage::waiting) return ask_witnesses(t, *s);
    if (s->attempts >= report_attempts) return suspicions.close(id);
    send_reports(t, *s);
}

}  // namespace gossip
