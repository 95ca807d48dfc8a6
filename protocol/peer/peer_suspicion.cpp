// The accuser's side: suspecting, gathering statements, reporting to the seeds.

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/peer/peer_machine.hpp"
#include "protocol/ring.hpp"
#include "protocol/witnesses.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr Duration retry_first = std::chrono::seconds(1);
constexpr Duration retry_last = std::chrono::seconds(10);
constexpr std::uint32_t gather_attempts = 20;  // then the seeds' lease is what remains
constexpr Duration report_patience = std::chrono::seconds(2);
constexpr Duration decision_patience = std::chrono::seconds(10);
constexpr std::uint32_t report_attempts = 8;
constexpr Duration isolation_pace = std::chrono::seconds(1);

constexpr std::uint64_t key_of(NodeId id) { return static_cast<std::uint64_t>(id); }

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

}  // namespace

// ---------------------------------------------------------------- opening a case

void PeerMachine::neighbour_lost(NodeId id, LossReason reason) {
    if (reason == LossReason::refused) perform(id, troubles().probes.refused(id, now()));
    const Suspicion* open = troubles().suspicions.find(id);
    if (links_.find(id) == nullptr || open != nullptr) return;
    if (reason == LossReason::refused) return suspect(id, true, "connection refused");
    if (reason == LossReason::timed_out) return;  // the cycles will tell
    const auto wait = own_rare().losses.redial_after(id, now());
    if (!wait) return;
    if (*wait == Duration::zero()) return ping(id);
    out_->timer(now() + *wait, {TimerKind::suspicion_retry, 0, key_of(id)});
}

void PeerMachine::suspect(NodeId id, bool refused, std::string why) {
    const Link* link = links_.find(id);
    if (!active() || link == nullptr || troubles().suspicions.find(id) != nullptr) return;
    Losses& losses = own_rare().losses;
    const bool was_isolated = losses.isolated();
    if (losses.note(config().liveness, now(), seed_contact_, links_.degree())) {
        losses.defer(id, refused);
        if (!was_isolated) begin_isolation();
        return;
    }
    Suspicion* s = troubles().suspicions.open(id, links_.details(*link).incarnation);
    if (s == nullptr) return;
    s->refused = refused;
    const RecordPtr record = record_of(*link);
    s->record = record ? *record : LinksRecord{.peer = id, .incarnation = s->life};
    s->witnesses = s->record.version > 0 ? witnesses_of(s->record, config().liveness) : stand_in_witnesses(id);
    notice({.kind = NoticeKind::suspected, .subject = id, .incarnation = s->life, .text = std::move(why)});
    ask_witnesses(*s);
}

// For a suspect that never published its links: its ring successors as far as we know them.
std::vector<NodeId> PeerMachine::stand_in_witnesses(NodeId suspect) const {
    std::vector<NodeId> known{self()};
    for (const Link& link : links_.all()) known.push_back(link.id);
    for (const Candidate& candidate : view_.candidates()) known.push_back(candidate.id);
    std::erase_if(known, [this](NodeId id) { return speaks_protocol_0(id); });
    return ring_successors(suspect, known, config().liveness.witnesses_min);
}

void PeerMachine::ask_witnesses(Suspicion& s) {
    s.stage = Suspicion::Stage::gathering;
    s.statements.clear();
    ++s.attempts;
    troubles().suspicions.renew(s);
    const LivenessConfig& c = config().liveness;
    const Duration probing = c.probe_timeout * c.probes + c.probe_timeout / 2;
    out_->timer(now() + std::max(c.refute, probing), {TimerKind::refute_window, s.generation, key_of(s.suspect)});
    if (!s.refused) out_->send(s.suspect, msg::Suspect{s.suspect, s.life, self()});
    for (const NodeId witness : s.witnesses) {
        if (witness == self() || view_.gone(witness)) continue;
        out_->send(witness, msg::SuspectQuery{self(), s.suspect, s.life, s.record});
        notice({.kind = NoticeKind::witness_asked, .subject = s.suspect, .other = witness});
    }
    const NodeId suspect = s.suspect;  // `s` may be gone once our own finding is in
    if (std::find(s.witnesses.begin(), s.witnesses.end(), self()) != s.witnesses.end()) {
        perform(suspect, troubles().probes.ask(suspect, s.life, {NodeId::none, s.record.version}, now()));
    }
}

// ---------------------------------------------------------------- isolation

void PeerMachine::begin_isolation() {
    notice({.kind = NoticeKind::isolated, .text = "more than half of the links were lost at once"});
    ask_any_seed();
}

void PeerMachine::ask_any_seed() {
    const NodeId seed = config().seeds[static_cast<std::size_t>(rng_.below(config().seeds.size()))];
    out_->send(seed, msg::Lease{self(), incarnation(), static_cast<std::uint32_t>(links_.degree()), view_.epoch()});
    out_->timer(now() + isolation_pace, {TimerKind::suspicion_retry, 0, 0});
}

void PeerMachine::seed_answered() {
    seed_contact_ = now();
    SlimVector<Losses::Deferred> deferred;
    if (!rare_ || !rare_->losses.contact(deferred)) return;
    notice({.kind = NoticeKind::isolation_over});
    for (const Losses::Deferred& d : deferred) {
        suspect(d.id, d.refused, d.refused ? "connection refused" : "silent");
    }
}

// ---------------------------------------------------------------- evidence

void PeerMachine::on(const Sender& from, const msg::SuspectResponse& m) {
    if (from.anonymous()) return;  // protocol 0 signs nothing: its word is no evidence
    if (m.statement.witness != from.node) return refuse(from.reply, "a statement of somebody else");
    const Link* link = links_.find(from.node);
    const auto key = link != nullptr ? links_.details(*link).key : std::nullopt;
    if (key && !crypto().verify(*key, canonical_bytes(m.statement), m.statement.signature)) {
        return refuse(from.reply, "statement with a bad signature");
    }
    take_statement(m.statement);
}

void PeerMachine::take_statement(const Statement& statement) {
    if (!troubles().suspicions.add(statement)) return;
    const Suspicion& s = *troubles().suspicions.find(statement.suspect);
    const Tally t = tally_of(s);
    Notice n{.kind = NoticeKind::statement_received, .verdict = statement.verdict};
    n.subject = statement.suspect;
    n.other = statement.witness;
    n.count = static_cast<std::uint32_t>(t.confirming);
    n.of = static_cast<std::uint32_t>(t.of);
    n.need = static_cast<std::uint32_t>(t.need);
    notice(std::move(n));
    settle(statement.suspect, false);
}

// The removed cannot testify, and what protocol 0 says is not signed: the seeds count neither.
Tally PeerMachine::tally_of(const Suspicion& s) const {
    return tally(s, [this](NodeId id) { return view_.gone(id) || speaks_protocol_0(id); });
}

bool PeerMachine::speaks_protocol_0(NodeId id) const {
    const Link* link = links_.find(id);
    const Candidate* candidate = view_.candidate(id);
    return (link != nullptr && link->protocol == 0) || (candidate != nullptr && candidate->protocol == 0);
}

void PeerMachine::settle(NodeId suspect, bool window_over) {
    Suspicion* s = troubles().suspicions.find(suspect);
    if (s == nullptr || s->stage != Suspicion::Stage::gathering) return;
    switch (judge(tally_of(*s), window_over)) {
        case Finding::dead:
            return confirm(*s);
        case Finding::alive:
            return cancel_suspicion(suspect, "a majority of its witnesses reached it");
        case Finding::open:
            break;
    }
    if (window_over) postpone(*s);
}

// No majority in time. A silent suspect gets another cycle; one that refused is gone for us, so the
// overlay is mended at once while its witnesses are asked again (they may be dead themselves and
// leave the denominator when they are removed).
void PeerMachine::postpone(Suspicion& s) {
    const NodeId id = s.suspect;
    if (!s.refused || s.attempts >= gather_attempts) {
        if (Link* link = links_.find(id)) doubt(config().liveness, *link);
        return cancel_suspicion(id, "no majority of its witnesses answered in time");
    }
    s.stage = Suspicion::Stage::waiting;
    troubles().suspicions.renew(s);
    const Duration wait = std::min<Duration>(retry_first * s.attempts, retry_last);
    out_->timer(now() + jitter(wait), {TimerKind::suspicion_retry, s.generation, key_of(id)});
    view_.forget(id);
    link_down(id, "connection refused", true);
}

void PeerMachine::cancel_suspicion(NodeId id, std::string why) {
    const Suspicion* s = troubles().suspicions.find(id);
    if (s == nullptr) return;
    // Frames may overtake the end of their connection: look again soon.
    if (s->refused) out_->timer(now() + retry_first, {TimerKind::suspicion_retry, 0, key_of(id)});
    troubles().suspicions.close(id);
    notice({.kind = NoticeKind::suspicion_cancelled, .subject = id, .text = std::move(why)});
}

void PeerMachine::on(const Sender& from, const msg::Alive& m) {
    const Suspicion* s = troubles().suspicions.find(m.peer);
    if (s != nullptr && m.incarnation >= s->life && believed(from, m)) {
        cancel_suspicion(m.peer, "it refuted");
    }
    if (from.node != m.peer) return;
    for (const Asker& asker : troubles().probes.askers(m.peer)) {
        if (asker.reply != NodeId::none && !is_anonymous(asker.reply)) out_->send(asker.reply, m);
    }
}

// Its own word needs no proof; a word passed on needs its signature, and one never heard before.
bool PeerMachine::believed(const Sender& from, const msg::Alive& m) {
    Link* link = links_.find(m.peer);
    if (from.node == m.peer) return true;
    if (link == nullptr) return false;
    const LinkDetails& known = links_.details(*link);
    if (!known.key || m.refutation <= known.refutation) return false;
    if (!crypto().verify(*known.key, canonical_bytes(m), m.signature)) return false;
    links_.own_details(*link).refutation = m.refutation;
    return true;
}

// ---------------------------------------------------------------- reports

void PeerMachine::confirm(Suspicion& s) {
    const Tally t = tally_of(s);
    notice({.kind = NoticeKind::peer_consensus,
            .count = static_cast<std::uint32_t>(t.confirming),
            .of = static_cast<std::uint32_t>(t.of),
            .subject = s.suspect});
    s.stage = Suspicion::Stage::reporting;
    s.attempts = 0;
    s.text = dead_node_text(s.suspect, wall(), self());
    send_reports(s);
    view_.forget(s.suspect);
    link_down(s.suspect, "dead", true);
}

// To floor(n/2)+1 random seeds, so that one of them is in whatever majority there is.
void PeerMachine::send_reports(Suspicion& s) {
    ++s.attempts;
    troubles().suspicions.renew(s);
    const msg::DeadNodeReport report{s.text,
                                     s.suspect,
                                     s.life,
                                     self(),
                                     static_cast<std::uint32_t>(tally_of(s).confirming),
                                     Certificate{s.record, s.statements}};
    std::vector<NodeId> seeds(config().seeds);
    rng_.shuffle(std::span<NodeId>(seeds));
    seeds.resize(registration().need());
    for (const NodeId seed : seeds) {
        out_->send(seed, report);
        notice({.kind = NoticeKind::dead_reported, .subject = s.suspect, .other = seed, .text = s.text});
    }
    const Duration wait = s.accepted ? decision_patience : report_patience * s.attempts;
    out_->timer(now() + jitter(wait), {TimerKind::suspicion_retry, s.generation, key_of(s.suspect)});
}

void PeerMachine::on(const Sender& from, const msg::ReportAck& m) {
    if (from.trust != Trust::seed) return refuse(from.reply, "REPORT_ACK from a node that is no seed");
    Suspicion* s = troubles().suspicions.find(m.suspect);
    if (s == nullptr || s->stage != Suspicion::Stage::reporting || m.incarnation != s->life) return;
    notice({.kind = NoticeKind::report_answered,
            .subject = m.suspect,
            .other = from.node,
            .text = std::string(status_name(m.status))});
    if (m.status == ReportStatus::pending) return;
    if (m.status != ReportStatus::accepted) return troubles().suspicions.close(m.suspect);
    if (s->accepted) return;
    s->accepted = true;
    troubles().suspicions.renew(*s);
    out_->timer(now() + decision_patience, {TimerKind::suspicion_retry, s->generation, key_of(m.suspect)});
}

void PeerMachine::handle_suspicion_timer(const TimerTag& tag) {
    const NodeId id{tag.key};
    if (id == NodeId::none) {
        if (rare().losses.isolated() && active()) ask_any_seed();
        return;
    }
    if (tag.generation == 0) {
        if (links_.find(id) != nullptr) ping(id);
        return;
    }
    Suspicion* s = troubles().suspicions.find(id);
    if (s == nullptr || s->generation != tag.generation) return;
    if (tag.kind == TimerKind::refute_window) return settle(id, true);
    if (s->stage == Suspicion::Stage::waiting) return ask_witnesses(*s);
    if (s->attempts >= report_attempts) return troubles().suspicions.close(id);
    send_reports(*s);
}

}  // namespace gossip
