// Removals: reports and lapsed leases become cases, every seed probes the suspect itself, and only
// then a removal is proposed (PROTOCOL.md sections 2 and 4).

#include "protocol/seed/evidence.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

// Own probes begun for lapsed leases at once: so many, or a share that gets through all in a few checks.
constexpr std::size_t probes_per_check = 64;
constexpr std::size_t checks_for_all = 4;
constexpr std::uint32_t rounds_limit = 3;     // of opinions with a quorum there, before a case is dropped
constexpr std::uint32_t doublings_limit = 4;  // of the time between rounds

Change removal_of(NodeId suspect, Incarnation incarnation) {
    Change change;
    change.kind = ChangeKind::remove;
    change.peer = suspect;
    change.incarnation = incarnation;
    return change;
}

}  // namespace

// ---------------------------------------------------------------- opening cases

void SeedMachine::on_dead_node_report(NodeId from, const msg::DeadNodeReport& m, Turn& t) {
    if (!is_anonymous(from) && from != m.reporter) return refuse(from, "DEAD_NODE_REPORT of another node", t);
    Notice received{NoticeKind::report_received};
    received.subject = m.suspect;
    received.other = m.reporter;
    received.count = m.peer_votes;
    received.text = m.text;
    t.out.notice(std::move(received));
    const Member* suspect = ledger_.find(m.suspect);
    const Incarnation last = ledger_.last_life(m.suspect);
    const Incarnation about = m.incarnation == Incarnation::none ? last : m.incarnation;
    if (suspect == nullptr && last != Incarnation::none && about == last) {
        Notice removed{NoticeKind::already_removed};
        removed.subject = m.suspect;
        t.out.notice(std::move(removed));
        return t.out.send(from, msg::ReportAck{m.suspect, about, ReportStatus::accepted});
    }
    if (suspect == nullptr || about != last) {
        return ignore_report(from, {m.suspect, about, ReportStatus::stale}, m.reporter, "not this life", t);
    }
    const RemovalCase* known = cases_.find(m.suspect);
    if (known == nullptr || known->incarnation != about || !known->ours) {
        auto problem = case_problem(*suspect, m.certificate, t.now);
        if (ledger_.find(m.reporter) == nullptr) problem = "the reporter is not in the list";
        if (problem) {
            return ignore_report(from, {m.suspect, about, ReportStatus::bad_evidence}, m.reporter, *problem, t);
        }
    }
    open_case(m.suspect, about, m.reporter, m.certificate, t);
    if (RemovalCase* c = cases_.find(m.suspect)) add_reporter(*c, from);
    ask_everybody(m.suspect, t);
}

void SeedMachine::ignore_report(NodeId from, const msg::ReportAck& answer, NodeId reporter, std::string why,
                                Turn& t) const {
    Notice ignored{NoticeKind::report_ignored};
    ignored.subject = answer.suspect;
    ignored.other = reporter;
    ignored.text = std::move(why);
    t.out.notice(std::move(ignored));
    t.out.send(from, answer);
}

// Why the evidence does not allow to judge this member. Without a certificate its lapsed lease here
// must do; of protocol 0, which has no leases and no keys, the seeds' own probes decide alone.
std::optional<std::string> SeedMachine::case_problem(const Member& suspect, const Certificate& certificate,
                                                     Time now) const {
    if (suspect.protocol == 0) return std::nullopt;
    if (!certificate.statements.empty()) {
        return evidence_problem(certificate, suspect, ledger_, config_->liveness, *crypto_);
    }
    if (lease_lapsed(suspect.id, now)) return std::nullopt;
    return "no certificate, and its lease here has not lapsed";
}

bool SeedMachine::lease_lapsed(NodeId peer, Time now) const {
    return directory_.silent_since(peer, now - config_->seed.lease * config_->seed.lease_misses);
}

void SeedMachine::open_case(NodeId suspect, Incarnation incarnation, NodeId reporter, const Certificate& certificate,
                            Turn& t) {
    RemovalCase* c = case_about(suspect, incarnation);
    if (c == nullptr || c->ours) return;
    c->ours = true;
    c->reporter = reporter;
    c->certificate = certificate;
    const TimerTag deadline{TimerKind::case_deadline, c->generation, static_cast<std::uint64_t>(suspect)};
    t.out.timer(t.now + case_patience(*c), deadline);
}

// The case under way about this life, or a new one, which needs a probe of its own. Null when there are too many.
RemovalCase* SeedMachine::case_about(NodeId suspect, Incarnation incarnation) {
    RemovalCase* known = cases_.find(suspect);
    if (known != nullptr && known->incarnation == incarnation) return known;
    probes_.forget_answer(suspect);
    return cases_.open(suspect, incarnation);
}

Duration SeedMachine::case_patience(const RemovalCase& c) const {
    const Duration once = 2 * (config_->seed.probe_timeout + config_->seed.vote_timeout);
    return once * (1 << std::min(c.rounds, doublings_limit));
}

// Once a round: every other seed is asked, and our own probe starts.
void SeedMachine::ask_everybody(NodeId suspect, Turn& t) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || c->asked) return;
    c->asked = true;
    send_to_seeds(msg::RemovalCase{suspect, c->incarnation, c->reporter, c->certificate}, t);
    if (!begin_probe(suspect, t)) settle_case(suspect, t);
}

// Members of whom nothing was heard for too long: our own probe first, and only if it fails a case.
void SeedMachine::handle_lease_check(Turn& t) {
    lease_timer_.set(t.now + Pace::jittered(config_->seed.lease / 2, rng_), t.out);
    probes_.forget_stale(t.now);
    const auto silent = directory_.all_silent_since(t.now - config_->seed.lease * config_->seed.lease_misses);
    const std::size_t allowed = std::max(probes_per_check, silent.size() / checks_for_all);
    std::size_t begun = 0;
    for (const NodeId peer : silent) {
        const Member* member = ledger_.find(peer);
        if (member == nullptr || cases_.find(peer) != nullptr) continue;
        if (++begun > allowed) break;
        open_case(peer, member->incarnation, options_.self, {}, t);
        if (!begin_probe(peer, t)) settle_case(peer, t);
    }
}

// ---------------------------------------------------------------- own probes

// False when there is nothing to wait for: a result is there, or a probe is under way already.
bool SeedMachine::begin_probe(NodeId suspect, Turn& t) {
    const auto generation = probes_.begin(suspect, t.now);
    if (!generation) return probes_.result(suspect, t.now) == OwnProbes::Result::running;
    send_probe(suspect, *generation, t);
    t.out.timer(t.now + config_->seed.probe_timeout,
                {TimerKind::seed_probe, *generation, static_cast<std::uint64_t>(suspect)});
    return true;
}

void SeedMachine::send_probe(NodeId suspect, std::uint64_t sequence, Turn& t) const {
    msg::Ping ping;
    ping.sender = options_.self;
    ping.sequence = sequence;
    ping.sent = wall(t.now);
    ping.epoch = ledger_.epoch();
    t.out.send(suspect, std::move(ping));
}

// Protocol 0 answers by a connection that never said who it is; it names itself in the PONG.
void SeedMachine::on_pong(NodeId from, const msg::Pong& m, Turn& t) {
    if (!is_anonymous(from)) return sign_of_life(from, t);
    const Member* member = ledger_.find(m.sender);
    if (member != nullptr && member->protocol == 0) sign_of_life(m.sender, t);
}

void SeedMachine::sign_of_life(NodeId peer, Turn& t) {
    directory_.touch(peer, t.now);
    if (probes_.answered(peer, t.now)) settle_case(peer, t);
}

void SeedMachine::handle_probe_lost(const LinkLost& event, Turn& t) {
    if (event.reason == LossReason::refused || event.reason == LossReason::timed_out) {
        if (probes_.failed(event.node, t.now)) settle_case(event.node, t);
    } else if (probes_.retry(event.node)) {
        send_probe(event.node, 0, t);
    }
}

void SeedMachine::handle_probe_timeout(const TimerTag& tag, Turn& t) {
    const NodeId suspect{tag.key};
    if (probes_.expired(suspect, tag.generation, t.now)) settle_case(suspect, t);
}

// ---------------------------------------------------------------- opinions

msg::AskOpinion SeedMachine::judge_removal(const Change& change, const Certificate& certificate, Time now) const {
    const Member* member = ledger_.find(change.peer);
    if (member == nullptr || member->incarnation != change.incarnation) {
        const bool behind = ledger_.last_life(change.peer) < change.incarnation;
        return behind ? msg::AskOpinion{Opinion::undecided, "this life is not known here yet"}
                      : msg::AskOpinion{Opinion::no, "not this life"};
    }
    if (auto problem = case_problem(*member, certificate, now)) return {Opinion::no, std::move(*problem)};
    switch (probes_.result(change.peer, now)) {
        case OwnProbes::Result::answered:
            return {Opinion::no, "reachable"};
        case OwnProbes::Result::failed:
            return {Opinion::yes, "own probe failed"};
        case OwnProbes::Result::none:
        case OwnProbes::Result::running:
            break;
    }
    return {Opinion::undecided, "own probe under way"};
}

// A voter without a fresh probe of its own has no opinion yet; the next attempt finds one.
void SeedMachine::probe_for_next_vote(const Ask& ask, Opinion opinion, Turn& t) {
    const Change& change = ask.change;
    if (change.kind != ChangeKind::remove || opinion != Opinion::undecided) return;
    if (ledger_.holds(change.peer, change.incarnation)) (void)begin_probe(change.peer, t);
}

void SeedMachine::on_removal_case(Seat from, const msg::RemovalCase& m, Turn& t) {
    const Change change = removal_of(m.suspect, m.incarnation);
    RemovalCase* c = ledger_.holds(m.suspect, m.incarnation) ? case_about(m.suspect, m.incarnation) : nullptr;
    const msg::AskOpinion first = judge_removal(change, m.certificate, t.now);
    if (c == nullptr || first.opinion != Opinion::undecided) {
        if (c != nullptr && !c->ours && c->askers.size() == 0) cases_.close(m.suspect);
        return send_opinion(from, m.suspect, m.incarnation, first, t);
    }
    if (!c->ours) {
        c->reporter = m.reporter;
        c->certificate = m.certificate;
    }
    c->askers.insert(from);
    (void)begin_probe(m.suspect, t);
}

void SeedMachine::send_opinion(Seat to, NodeId suspect, Incarnation incarnation, const msg::AskOpinion& opinion,
                               Turn& t) const {
    Notice notice{NoticeKind::case_opinion};
    notice.subject = suspect;
    notice.incarnation = incarnation;
    notice.other = options_.self;
    notice.yes = opinion.opinion == Opinion::yes;
    notice.text = opinion.reason;
    t.out.notice(std::move(notice));
    if (to == seats_.own()) return;
    send_to_seat(to, msg::CaseOpinion{suspect, incarnation, opinion.opinion, opinion.reason}, t);
}

void SeedMachine::on_case_opinion(Seat from, const msg::CaseOpinion& m, Turn& t) {
    RemovalCase* c = cases_.find(m.suspect);
    if (c == nullptr || c->incarnation != m.incarnation || !c->ours) return;
    c->opinions[from] = m.opinion;
    weigh_case(m.suspect, t);
}

// Our own probe has ended: whoever waits for our opinion gets it.
void SeedMachine::settle_case(NodeId suspect, Turn& t) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr) return;
    const Change change = removal_of(suspect, c->incarnation);
    const msg::AskOpinion opinion = judge_removal(change, c->certificate, t.now);
    if (opinion.opinion == Opinion::undecided) return;
    for (Seat seat = 0; seat < seeds(); ++seat) {
        if (c->askers.contains(seat)) send_opinion(seat, suspect, c->incarnation, opinion, t);
    }
    c->askers.clear();
    if (!c->ours) return cases_.close(suspect);
    const bool lease_only = c->certificate.statements.empty() && c->reporter == options_.self;
    if (lease_only && !c->asked && opinion.opinion == Opinion::no) return cases_.close(suspect);
    c->opinions[seats_.own()] = opinion.opinion;
    send_opinion(seats_.own(), suspect, c->incarnation, opinion, t);
    ask_everybody(suspect, t);
    weigh_case(suspect, t);
}

// ---------------------------------------------------------------- outcomes of cases

void SeedMachine::weigh_case(NodeId suspect, Turn& t) {
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || !c->ours) return;
    const Opinion opinion = tally(*c, seeds());
    if (opinion == Opinion::no) return dismiss_case(suspect, t);
    if (opinion == Opinion::undecided || c->proposed) return;
    c->proposed = true;
    Ask ask;
    ask.change = removal_of(suspect, c->incarnation);
    ask.certificate = c->certificate;
    ask.proposal = proposal_id(ask.change, seats_.own());
    pending_.add(ask, t.now, false);
}

// A majority of seeds reaches the suspect, or will not remove it.
void SeedMachine::dismiss_case(NodeId suspect, Turn& t) {
    const RemovalCase c = *cases_.find(suspect);
    cases_.close(suspect);
    Notice ignored{NoticeKind::report_ignored};
    ignored.subject = suspect;
    ignored.other = c.reporter;
    ignored.text = "the seeds' own probes do not confirm it";
    t.out.notice(std::move(ignored));
    answer_reporters(suspect, c, ReportStatus::refuted, t);
}

void SeedMachine::answer_reporters(NodeId suspect, const RemovalCase& c, ReportStatus status, Turn& t) const {
    for (const NodeId reporter : c.reporters) t.out.send(reporter, msg::ReportAck{suspect, c.incarnation, status});
}

// Nothing came of a round: ask again, less and less often, as long as it is not refuted. Without a
// quorum of seeds a case waits for as long as it takes.
void SeedMachine::handle_case_deadline(const TimerTag& tag, Turn& t) {
    const NodeId suspect{tag.key};
    RemovalCase* c = cases_.find(suspect);
    if (c == nullptr || c->generation != tag.generation) return;
    if (quorum_) ++c->fruitless;
    const auto own = c->opinions.find(seats_.own());
    const bool reachable = own != c->opinions.end() && own->second == Opinion::no;
    if (reachable || c->fruitless > rounds_limit) return dismiss_case(suspect, t);
    if (c->rounds++ == 0) answer_reporters(suspect, *c, ReportStatus::pending, t);
    c->opinions.clear();
    c->asked = c->proposed = false;
    t.out.timer(t.now + case_patience(*c), {TimerKind::case_deadline, c->generation, tag.key});
    ask_everybody(suspect, t);
}

// Cases that the list has answered.
void SeedMachine::close_cases(Turn& t) {
    const std::map<NodeId, RemovalCase> open = cases_.all();
    for (const auto& [suspect, c] : open) {
        if (ledger_.holds(suspect, c.incarnation)) continue;
        cases_.close(suspect);
        probes_.forget(suspect);
        answer_reporters(suspect, c, ReportStatus::accepted, t);
        for (Seat seat = 0; seat < seeds(); ++seat) {
            if (c.askers.contains(seat)) send_opinion(seat, suspect, c.incarnation, {Opinion::no, "not this life"}, t);
        }
    }
}

}  // namespace gossip
