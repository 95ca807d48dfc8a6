#include "protocol/seed/removals.hpp"

#include "protocol/canonical.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/list/directory.hpp"
#include "protocol/seed/list/evidence.hpp"
#include "protocol/seed/neighbours.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace gossip {
namespace {

// Own probes begun for lapsed leases at once: so many, or a share that gets through all in a few checks.
constexpr std::size_t probes_per_check = 64;
constexpr std::size_t checks_for_all = 4;
constexpr std::size_t lost_strangers = 1024;  // whose connection ended before they were members
constexpr std::uint32_t rounds_limit = 3;     // of opinions with a quorum there, before a case is dropped
constexpr std::uint32_t doublings_limit = 4;  // of the time between rounds

Change removal_of(NodeId suspect, Incarnation incarnation) {
    return {.kind = ChangeKind::remove, .peer = suspect, .incarnation = incarnation};
}

Time lease_limit(const SeedTurn& t) { return t.now - t.config.seed.lease * t.config.seed.lease_misses; }

// Its neighbours had time to accuse it, and itself to speak up.
bool nobody_spoke(const SeedTurn& t, NodeId suspect) {
    return t.directory.silent_since(suspect, t.now - t.config.liveness.refute);
}

// Why the evidence does not allow to judge this member. Without a certificate its lapsed lease here
// must do; of protocol 0, which has no leases and no keys, the seeds' own probes decide alone.
std::optional<std::string> case_problem(const SeedTurn& t, const Member& suspect, const Certificate& certificate) {
    if (suspect.protocol == 0) return std::nullopt;
    if (!certificate.statements.empty()) {
        return evidence_problem(certificate, suspect, t.ledger, t.config.liveness, t.crypto);
    }
    if (t.directory.silent_since(suspect.id, lease_limit(t))) return std::nullopt;
    return "no certificate, and its lease here has not lapsed";
}

Duration case_patience(const SeedTurn& t, const RemovalCase& c) {
    const Duration once = 2 * (t.config.seed.probe_timeout + t.config.seed.vote_timeout);
    return once * (1 << std::min(c.rounds, doublings_limit));
}

void ignore_report(SeedTurn& t, NodeId suspect, NodeId reporter, std::string why) {
    t.notice({.kind = NoticeKind::report_ignored, .subject = suspect, .other = reporter, .text = std::move(why)});
}

void answer_reporters(SeedTurn& t, NodeId suspect, const RemovalCase& c, ReportStatus status) {
    for (const NodeId reporter : c.reporters) t.send(reporter, msg::ReportAck{suspect, c.incarnation, status});
}

void announce_opinion(SeedTurn& t, NodeId suspect, Incarnation incarnation, const msg::AskOpinion& opinion) {
    t.notice({.kind = NoticeKind::case_opinion,
              .yes = opinion.opinion == Opinion::yes,
              .subject = suspect,
              .other = t.self,
              .incarnation = incarnation,
              .text = opinion.reason});
}

void send_opinion(SeedTurn& t, Seat to, NodeId suspect, Incarnation incarnation, const msg::AskOpinion& opinion) {
    announce_opinion(t, suspect, incarnation, opinion);
    t.to_seat(to, msg::CaseOpinion{suspect, incarnation, opinion.opinion, opinion.reason});
}

void send_probe(SeedTurn& t, NodeId suspect, std::uint64_t sequence) {
    t.send(suspect, msg::Ping{.sender = t.self, .sequence = sequence, .sent = t.wall, .epoch = t.ledger.epoch()});
}

}  // namespace

// ---------------------------------------------------------------- what opens a case

void Removals::on_dead_node_report(SeedTurn& t, NodeId from, const msg::DeadNodeReport& m) {
    const Member* reporter = t.ledger.find(m.reporter);
    const bool guest = is_anonymous(from) && (reporter == nullptr || reporter->protocol == 0);
    if (!guest && from != m.reporter) return t.refuse(from, "DEAD_NODE_REPORT of another node");
    t.notice({.kind = NoticeKind::report_received,
              .count = m.peer_votes,
              .subject = m.suspect,
              .other = m.reporter,
              .text = m.text});
    const Member* suspect = t.ledger.find(m.suspect);
    const Incarnation last = t.ledger.last_life(m.suspect);
    const Incarnation about = m.incarnation == Incarnation::none ? last : m.incarnation;
    if (suspect == nullptr && last != Incarnation::none && about == last) {
        t.notice({.kind = NoticeKind::already_removed, .subject = m.suspect});
        return t.send(from, msg::ReportAck{m.suspect, about, ReportStatus::accepted});
    }
    if (suspect == nullptr || about != last) {
        ignore_report(t, m.suspect, m.reporter, "not this life");
        return t.send(from, msg::ReportAck{m.suspect, about, ReportStatus::stale});
    }
    if (const auto problem = report_problem(t, m, *suspect)) {
        ignore_report(t, m.suspect, m.reporter, *problem);
        return t.send(from, msg::ReportAck{m.suspect, about, ReportStatus::bad_evidence});
    }
    open_case(t, m.suspect, about, m.reporter, m.certificate);
    if (RemovalCase* c = cases_.find(m.suspect)) add_reporter(*c, from);
    ask_everybody(t, m.suspect);
}

// A certificate about this life has been looked at before: one more report needs no evidence.
std::optional<std::string> Removals::report_problem(const SeedTurn& t, const msg::DeadNodeReport& m,
                                                    const Member& suspect) const {
    const RemovalCase* known = cases_.find(suspect.id);
    const bool same = known != nullptr && known->ours && known->incarnation == suspect.incarnation;
    if (same && !known->certificate.statements.empty()) return std::nullopt;
    if (t.ledger.find(m.reporter) == nullptr) return "the reporter is not in the list";
    return case_problem(t, suspect, m.certificate);
}

void Removals::open_case(SeedTurn& t, NodeId suspect, Incarnation incarnation, NodeId reporter,
                         const Certificate& certificate) {
    RemovalCase* c = case_about(suspect, incarnation);
    if (c == nullptr) return;
    const bool better = c->certificate.statements.empty() && !certificate.statements.empty();
    if (c->ours && !better) return;
    if (c->ours) c->asked = c->proposed = false;  // the others judge again, by what the witnesses say
    c->ours = true;
    c->reporter = reporter;
    c->certificate = certificate;
    arm_case(t, suspect, *c);
}

// The case under way about this life, or a new one, which needs a probe of its own. Null when there are too many.
RemovalCase* Removals::case_about(NodeId suspect, Incarnation incarnation) {
    RemovalCase* known = cases_.find(suspect);
    if (known != nullptr && known->incarnation == incarnation) return known;
    probes_.forget_answer(suspect);
    return cases_.open(suspect, incarnation);
}

void Removals::arm_case(SeedTurn& t, NodeId suspect, const RemovalCase& c) const {
    t.timer(t.now + case_patience(t, c), {TimerKind::case_deadline, c.generation, static_cast<std::uint64_t>(suspect)});
}

// Once a round: every other seed is asked, and our own probe starts.
void Removals::ask_everybody(SeedTurn& t, NodeId suspect) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || c->asked) return;
    c->asked = true;
    t.to_seeds(msg::RemovalCase{suspect, c->incarnation, c->reporter, c->certificate});
    if (!begin_probe(t, suspect)) conclude_probe(t, suspect);
}

void Removals::on_removal_case(SeedTurn& t, Seat from, const msg::RemovalCase& m) {
    RemovalCase* c = t.ledger.holds(m.suspect, m.incarnation) ? case_about(m.suspect, m.incarnation) : nullptr;
    const msg::AskOpinion first = judge(t, removal_of(m.suspect, m.incarnation), m.certificate);
    if (c == nullptr || first.opinion != Opinion::undecided) {
        if (c != nullptr && !c->ours && c->askers.size() == 0) cases_.close(m.suspect);
        return send_opinion(t, from, m.suspect, m.incarnation, first);
    }
    if (!c->ours || c->certificate.statements.empty()) {
        c->reporter = m.reporter;
        c->certificate = m.certificate;
    }
    c->askers.insert(from);
    (void)begin_probe(t, m.suspect);
}

void Removals::arm_lease_check(SeedTurn& t) { lease_timer_.set(t, t.now + t.rng.around(t.config.seed.lease / 2, 30)); }

// Members of whom nothing was heard for too long: our own probe first, and only if it fails a case.
void Removals::handle_lease_check(SeedTurn& t, const TimerTag& tag) {
    if (!lease_timer_.fired(t, tag)) return;
    arm_lease_check(t);
    probes_.forget_stale(t.now);
    const auto silent = t.directory.all_silent_since(lease_limit(t));
    const std::size_t allowed = std::max(probes_per_check, silent.size() / checks_for_all);
    std::size_t begun = 0;
    for (const NodeId peer : silent) {
        const Member* member = t.ledger.find(peer);
        if (member == nullptr || cases_.find(peer) != nullptr) continue;
        if (++begun > allowed) break;
        look_at(t, *member);
    }
}

void Removals::look_at(SeedTurn& t, const Member& member) {
    open_case(t, member.id, member.incarnation, t.self, {});
    if (!begin_probe(t, member.id)) conclude_probe(t, member.id);
}

// Whoever has living neighbours is usually reported by them before. A vote later than the others must not find that
// it is too early here, so this waits a little longer than a voter does.
void Removals::look_for_lost(SeedTurn& t) {
    const Duration patience = t.config.liveness.refute + t.config.seed.vote_timeout;
    std::vector<NodeId> due;
    std::erase_if(lost_, [&](const auto& entry) {
        const auto& [peer, since] = entry;
        const Member* member = t.ledger.find(peer);
        if (t.now - since < patience) return false;
        if (member == nullptr || member->protocol == 0) return true;
        if (cases_.find(peer) != nullptr || !t.directory.silent_since(peer, t.now - patience)) return false;
        due.push_back(peer);
        return true;
    });
    for (const NodeId peer : due) look_at(t, *t.ledger.find(peer));
}

// ---------------------------------------------------------------- own probes

// False when there is nothing to wait for: the result of a probe is there.
bool Removals::begin_probe(SeedTurn& t, NodeId suspect) {
    const auto generation = probes_.begin(suspect, t.now);
    if (!generation) return probes_.result(suspect, t.now) == OwnProbes::Result::running;
    send_probe(t, suspect, *generation);
    t.timer(t.now + t.config.seed.probe_timeout,
            {TimerKind::seed_probe, *generation, static_cast<std::uint64_t>(suspect)});
    return true;
}

void Removals::probe_for_next_vote(SeedTurn& t, const std::vector<Ask>& asks,
                                   const std::vector<msg::AskOpinion>& opinions) {
    for (std::size_t i = 0; i < asks.size(); ++i) {
        const Change& change = asks[i].change;
        if (change.kind != ChangeKind::remove || opinions[i].opinion != Opinion::undecided) continue;
        if (t.ledger.holds(change.peer, change.incarnation)) (void)begin_probe(t, change.peer);
    }
}

void Removals::handle_alive(SeedTurn& t, NodeId peer) {
    if (probes_.answered(peer, t.now)) conclude_probe(t, peer);
}

// A refused or unanswered dial is a failed probe. Any other loss says nothing: the probe is sent again.
void Removals::handle_link_lost(SeedTurn& t, const LinkLost& event) {
    const bool refused = event.reason == LossReason::refused;
    if (refused || event.reason == LossReason::closed) note_lost(t, event.node);
    if (refused) {
        if (probes_.refused(event.node, t.now)) conclude_probe(t, event.node);
    } else if (event.reason == LossReason::timed_out) {
        if (probes_.failed(event.node, t.now)) conclude_probe(t, event.node);
    } else if (probes_.retry(event.node)) {
        send_probe(t, event.node, 0);
    }
}

// It may have died on its way into the list: some who are no members are noted as well, and keep no member out.
void Removals::note_lost(const SeedTurn& t, NodeId node) {
    if (is_anonymous(node)) return;
    const bool room = t.ledger.find(node) != nullptr || lost_.size() < lost_strangers;
    if (room) lost_.try_emplace(node, t.now);
}

void Removals::handle_probe_timeout(SeedTurn& t, const TimerTag& tag) {
    const NodeId suspect{tag.key};
    if (probes_.expired(suspect, tag.generation, t.now)) conclude_probe(t, suspect);
}

// ---------------------------------------------------------------- opinions

msg::AskOpinion Removals::judge(const SeedTurn& t, const Change& change, const Certificate& certificate) const {
    const Member* member = t.ledger.find(change.peer);
    if (member == nullptr || member->incarnation != change.incarnation) {
        const bool behind = t.ledger.last_life(change.peer) < change.incarnation;
        return behind ? msg::AskOpinion{Opinion::undecided, "this life is not known here yet"}
                      : msg::AskOpinion{Opinion::no, "not this life"};
    }
    const auto own = probes_.result(change.peer, t.now);
    const bool probed = own != OwnProbes::Result::none && own != OwnProbes::Result::running;
    const bool refused = own == OwnProbes::Result::refused;
    // Where nobody listens, and no neighbour spoke up, there is nobody left who could: the lease need not lapse.
    const bool alone = certificate.statements.empty() && (refused || !probed) && nobody_spoke(t, change.peer);
    auto problem = alone ? std::nullopt : case_problem(t, *member, certificate);
    if (problem) return {Opinion::no, std::move(*problem)};
    switch (own) {
        case OwnProbes::Result::answered:
            return {Opinion::no, "reachable"};
        case OwnProbes::Result::failed:
        case OwnProbes::Result::refused:
            return {Opinion::yes, "own probe failed"};
        case OwnProbes::Result::none:
        case OwnProbes::Result::running:
            break;
    }
    return {Opinion::undecided, "own probe under way"};
}

NodeId Removals::reporter_of(NodeId suspect) const {
    const RemovalCase* c = cases_.find(suspect);
    return c == nullptr ? NodeId::none : c->reporter;
}

// Our own probe has ended: whoever waits for our opinion gets it.
void Removals::conclude_probe(SeedTurn& t, NodeId suspect) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr) return;
    const msg::AskOpinion opinion = judge(t, removal_of(suspect, c->incarnation), c->certificate);
    if (opinion.opinion == Opinion::undecided) return;
    tell_askers(t, suspect, *c, opinion);
    c->askers.clear();
    if (!c->ours) return cases_.close(suspect);
    const bool lease_only = c->certificate.statements.empty() && c->reporter == t.self;
    if (lease_only && !c->asked && opinion.opinion == Opinion::no) return cases_.close(suspect);
    c->opinions[t.seat] = opinion.opinion;
    announce_opinion(t, suspect, c->incarnation, opinion);
    ask_everybody(t, suspect);
    weigh_case(t, suspect);
}

void Removals::tell_askers(SeedTurn& t, NodeId suspect, const RemovalCase& c, const msg::AskOpinion& opinion) const {
    for (Seat seat = 0; seat < t.seeds(); ++seat) {
        if (c.askers.contains(seat)) send_opinion(t, seat, suspect, c.incarnation, opinion);
    }
}

void Removals::on_case_opinion(SeedTurn& t, Seat from, const msg::CaseOpinion& m) {
    RemovalCase* c = cases_.find(m.suspect);
    if (c == nullptr || c->incarnation != m.incarnation || !c->ours) return;
    c->opinions[from] = m.opinion;
    weigh_case(t, m.suspect);
}

// ---------------------------------------------------------------- outcomes

void Removals::weigh_case(SeedTurn& t, NodeId suspect) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || !c->ours) return;
    const Opinion opinion = tally(*c, t.seeds());
    if (opinion == Opinion::no) return dismiss_case(t, suspect);
    if (opinion == Opinion::undecided || c->proposed) return;
    c->proposed = true;
    Ask ask{.change = removal_of(suspect, c->incarnation), .certificate = c->certificate};
    ask.proposal = proposal_id(ask.change, t.seat);
    t.raise(fact::ChangeWanted{std::move(ask)});
}

// A majority of seeds reaches the suspect, or will not remove it.
void Removals::dismiss_case(SeedTurn& t, NodeId suspect) {
    const RemovalCase c = *cases_.find(suspect);
    cases_.close(suspect);
    ignore_report(t, suspect, c.reporter, "the seeds' own probes do not confirm it");
    answer_reporters(t, suspect, c, ReportStatus::refuted);
}

// Nothing came of a round: ask again, less and less often, as long as it is not refuted. Without a
// quorum of seeds a case waits for as long as it takes.
void Removals::handle_case_deadline(SeedTurn& t, const TimerTag& tag) {
    const NodeId suspect{tag.key};
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || c->generation != tag.generation) return;
    if (t.neighbours.quorum()) ++c->fruitless;
    const auto own = c->opinions.find(t.seat);
    const bool reachable = own != c->opinions.end() && own->second == Opinion::no;
    if (reachable || c->fruitless > rounds_limit) return dismiss_case(t, suspect);
    if (c->rounds++ == 0) answer_reporters(t, suspect, *c, ReportStatus::pending);
    c->opinions.clear();
    c->asked = c->proposed = false;
    arm_case(t, suspect, *c);
    ask_everybody(t, suspect);
}

void Removals::handle_list_changed(SeedTurn& t) {
    const std::map<NodeId, RemovalCase> open = cases_.all();
    for (const auto& [suspect, c] : open) {
        if (t.ledger.holds(suspect, c.incarnation)) continue;
        cases_.close(suspect);
        probes_.forget(suspect);
        answer_reporters(t, suspect, c, ReportStatus::accepted);
        tell_askers(t, suspect, c, {Opinion::no, "not this life"});
    }
}

void Removals::fingerprint(ByteWriter& out) const {
    out.u32(static_cast<std::uint32_t>(cases_.all().size()));
    for (const auto& [suspect, c] : cases_.all()) {
        out.u64(static_cast<std::uint64_t>(suspect));
        out.u64(static_cast<std::uint64_t>(c.incarnation));
        out.u8(c.ours);
        out.u8(c.asked);
        out.u8(c.proposed);
        out.u32(c.askers.bits());
        for (const auto& [seat, opinion] : c.opinions) {
            out.u8(seat);
            out.u8(static_cast<std::uint8_t>(opinion));
        }
        out.u32(static_cast<std::uint32_t>(c.reporters.size()));
        out.u32(c.rounds);
        out.u32(c.fruitless);
    }
    out.u32(static_cast<std::uint32_t>(lost_.size()));
    for (const auto& [peer, since] : lost_) out.u64(static_cast<std::uint64_t>(peer));
    probes_.fingerprint(out);
}

}  // namespace gossip
