#include "protocol/peer/witness.hpp"

#include "protocol/canonical.hpp"

namespace gossip {

void Witness::on_suspect_query(PeerTurn& t, const Sender& from, const msg::SuspectQuery& m, bool isolated) {
    if (m.suspect == NodeId::none || is_anonymous(m.suspect) || t.seat_of(m.suspect)) {
        return t.refuse(from.reply, "SUSPECT_QUERY about no peer");
    }
    const bool recorded = m.record.peer == m.suspect && m.record.incarnation == m.incarnation;
    const Asker asker{from.reply, recorded ? m.record.version : 0, !from.proven()};
    if (m.suspect == t.self) return testify(t, {t.self, m.incarnation, Verdict::reachable, {asker}});
    if (isolated) return;
    const Probes::Action action =
        testifying_.ensure().probes.ask(t.config.liveness, m.suspect, m.incarnation, asker, t.now);
    if (action.busy) return t.refuse(from.reply, "too many suspects at once");
    if (action.ping) t.send(m.suspect, msg::Suspect{m.suspect, m.incarnation, from.node});
    perform(t, m.suspect, action);
}

void Witness::probe_for_ourselves(PeerTurn& t, const fact::OwnProbeDue& due) {
    const Asker ourselves{NodeId::none, due.links_version};
    perform(t, due.suspect,
            testifying_.ensure().probes.ask(t.config.liveness, due.suspect, due.life, ourselves, t.now));
}

void Witness::handle_probe_timer(PeerTurn& t, const TimerTag& tag) {
    const NodeId suspect{tag.key};
    perform(t, suspect, testifying_.ensure().probes.timer(t.config.liveness, suspect, tag.generation, t.now));
}

void Witness::heard(PeerTurn& t, const Sender& from) {
    Testifying* testifying = testifying_.if_any();
    if (testifying == nullptr || testifying->probes.size() == 0) return;
    perform(t, from.node, testifying->probes.heard(from.node, from.proven(), t.now));
}

void Witness::handle_refused(PeerTurn& t, NodeId node) {
    Testifying* testifying = testifying_.if_any();
    if (testifying != nullptr) perform(t, node, testifying->probes.refused(node, t.now));
}

void Witness::perform(PeerTurn& t, NodeId suspect, const Probes::Action& action) {
    if (action.ping) t.raise(fact::PingDue{suspect});
    if (action.wait) {
        t.timer(t.now + *action.wait, {TimerKind::probe, action.generation, static_cast<std::uint64_t>(suspect)});
    }
    if (action.testimony) testify(t, *action.testimony);
}

void Witness::testify(PeerTurn& t, const Testimony& testimony) {
    Statement statement{testimony.suspect, testimony.life, 0, testimony.verdict, t.self, {}};
    bool is_signed = false;
    for (const Asker& asker : testimony.askers) {
        if (!is_signed || statement.links_version != asker.version) {
            statement.links_version = asker.version;
            statement.signature = t.crypto.sign(t.self, canonical_bytes(statement));
            is_signed = true;
        }
        if (asker.reply == NodeId::none) {
            t.raise(fact::OwnFinding{statement});
            continue;
        }
        t.notice({.kind = NoticeKind::statement_given,
                  .verdict = testimony.verdict,
                  .subject = testimony.suspect,
                  .other = asker.reply});
        t.send(asker.reply, msg::SuspectResponse{t.self, testimony.verdict != Verdict::reachable, statement});
    }
}

void Witness::on_suspect(PeerTurn& t, const Sender& from, const msg::Suspect& m) {
    if (m.suspect != t.self) return;
    msg::Alive alive{t.self, t.incarnation(), ++testifying_.ensure().refutations, {}};
    alive.signature = t.crypto.sign(t.self, canonical_bytes(alive));
    t.notice({.kind = NoticeKind::refuted, .subject = t.self, .other = m.by});
    t.send(from.reply, alive);
    // The accuser is a neighbour; anybody else named here could be a victim of ours.
    if (m.by != from.node && t.links.find(m.by) != nullptr) t.send(m.by, alive);
}

// A suspect's own word is passed on to those who asked us about it lately.
void Witness::on_alive(PeerTurn& t, const Sender& from, const msg::Alive& m) {
    if (from.node != m.peer) return;
    for (const Asker& asker : testifying_->probes.askers(m.peer)) {
        if (asker.reply != NodeId::none && !is_anonymous(asker.reply)) t.send(asker.reply, m);
    }
}

}  // namespace gossip
