#include "protocol/peer/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

// What a peer answers a message with that is not for it.
constexpr auto not_for_a_peer = "not for a peer";

}  // namespace

PeerMachine::PeerMachine(PeerContext& context, PeerOptions options, Rng rng)
    : context_(&context), membership_(options.self, options.last_life), rng_(rng) {}

// Lives for a step, so that no machine has to keep it.
class PeerMachine::Router final : public FactRouter {
public:
    explicit Router(PeerMachine& machine) : machine_(machine) {}
    void route(PeerTurn& t, const Fact& fact) override { machine_.route(t, fact); }

private:
    PeerMachine& machine_;
};

PeerTurn PeerMachine::turn(Time now, Effects& out, Router& router) {
    const View& view = membership_.view();
    return {{now, view.self(), context_->config, context_->crypto, rng_, out},
            *context_,
            membership_.phase(),
            view,
            overlay_.links(),
            timers_,
            router};
}

void PeerMachine::step(Time now, const Event& event, Effects& out) {
    if (membership_.phase() == PeerPhase::left) return;
    Router router(*this);
    PeerTurn t = turn(now, out, router);
    std::visit([this, &t](const auto& e) { handle(t, e); }, event);
    if (t.overlay_changed) overlay_.maintain(t);
    membership_.share_state(context_->states);
}

void PeerMachine::start_from(Time now, WallMs wall, const SnapshotSource& source, Effects& out) {
    Router router(*this);
    PeerTurn t = turn(now, out, router);
    const SnapshotBasis basis = source.basis(t.self);
    membership_.start_from(t, basis, source, wall);
    overlay_.start_from(basis);
    dissemination_.make_room();
    begin_rounds(t);
    membership_.share_state(context_->states);
}

// ---------------------------------------------------------------- events

void PeerMachine::handle(PeerTurn& t, const Started& event) { membership_.handle_started(t, event.wall); }

void PeerMachine::handle(PeerTurn& t, const Received& event) {
    if (event.from == t.self) return;
    const Sender from{event.from, event.from, event.trust};
    if (t.phase == PeerPhase::leaving) return membership_.on_while_leaving(t, from, event.message);
    if (!is_anonymous(event.from)) heard(t, from);
    if (event.trust == Trust::seed) accuser_.seed_answered(t);
    if (const auto* gossip = event.message.get_if<msg::Gossip>()) {
        return dissemination_.on_gossip(t, from, *gossip);  // most are
    }
    dispatch(t, from, event.message);
}

void PeerMachine::handle(PeerTurn& t, const TimerFired& event) {
    const TimerTag& tag = event.tag;
    if (t.phase == PeerPhase::leaving && tag.kind != TimerKind::leave_deadline) return;
    if (tag.kind == TimerKind::probe) return witness_.handle_probe_timer(t, tag);
    if (tag.kind == TimerKind::refute_window || tag.kind == TimerKind::suspicion_retry) {
        return accuser_.handle_timer(t, tag);
    }
    if (PeerTimers::has(tag.kind) && timers_.current(tag)) handle_timer(t, tag.kind);
}

void PeerMachine::handle(PeerTurn& t, const LinkLost& event) {
    if (t.phase == PeerPhase::leaving) return;
    if (const auto seat = t.seat_of(event.node)) return membership_.handle_seat_lost(t, *seat);
    overlay_.handle_dial_failed(t, event.node);
    if (event.reason == LossReason::refused) witness_.handle_refused(t, event.node);
    accuser_.handle_connection_lost(t, event.node, event.reason);
}

void PeerMachine::handle(PeerTurn& t, const Publish& event) { dissemination_.handle_publish(t, event.text); }

void PeerMachine::handle(PeerTurn& /*t*/, const Persisted& /*event*/) {}  // a peer keeps nothing on disk

void PeerMachine::handle(PeerTurn& t, const LeaveRequested& /*event*/) { membership_.handle_leave_requested(t); }

// ---------------------------------------------------------------- messages and timers

void PeerMachine::dispatch(PeerTurn& t, const Sender& from, const SharedMessage& message) {
    message.visit(Overloaded{
        [&](const msg::RegisterAck& m) { membership_.on_register_ack(t, from, m); },
        [&](const msg::RegisterNack& m) { membership_.on_register_nack(t, from, m); },
        [&](const msg::RegisterPending& m) { membership_.on_register_pending(t, from, m); },
        [&](const msg::Challenge& m) { membership_.on_challenge(t, from, m); },
        [&](const msg::LeaseAck& m) { membership_.on_lease_ack(t, from, m); },
        [&](const msg::Membership& m) { membership_.on_membership(t, from, m); },
        [&](const msg::Deltas& m) { membership_.on_deltas(t, from, m); },
        [&](const msg::Candidates& m) { membership_.on_candidates(t, from, m); },
        [&](const msg::GetPeerList&) {
            t.send(from.reply, msg::Error{"not_a_seed", "only seeds keep the peer list"});
        },

        [&](const msg::LinkRequest& m) { overlay_.on_link_request(t, from, m); },
        [&](const msg::LinkAccept& m) { overlay_.on_link_accept(t, from, m); },
        [&](const msg::LinkReject& m) { overlay_.on_link_reject(t, from, m); },
        [&](const msg::Unlink& m) { overlay_.on_unlink(t, from, m); },

        [&](const msg::Gossip& m) { dissemination_.on_gossip(t, from, m); },
        [&](const msg::RepairDigest& m) { dissemination_.on_repair_digest(t, from, m); },
        [&](const msg::RepairDiff& m) { dissemination_.on_repair_diff(t, from, m); },
        [&](const msg::Pull& m) { dissemination_.on_pull(t, from, m); },
        [&](const msg::Prune& m) { dissemination_.on_prune(t, from, m); },
        [&](const msg::IHave& m) { dissemination_.on_ihave(t, from, m); },
        [&](const msg::Graft& m) { dissemination_.on_graft(t, from, m); },

        [&](const msg::Ping& m) {
            const Sender named = from.named(m.sender);
            heartbeat_.on_ping(t, named, m, carried(t, named.anonymous() ? NodeId::none : named.node));
        },
        [&](const msg::Pong& m) { heartbeat_.on_pong(t, from.named(m.sender), m); },

        [&](const msg::SuspectQuery& m) {
            const Sender named = from.named(m.sender);
            if (named.anonymous()) heard(t, named);
            witness_.on_suspect_query(t, named, m, accuser_.isolated());
        },
        [&](const msg::Suspect& m) { witness_.on_suspect(t, from, m); },
        [&](const msg::SuspectResponse& m) { accuser_.on_suspect_response(t, from, m); },
        [&](const msg::Alive& m) {
            accuser_.on_alive(t, from, m);
            witness_.on_alive(t, from, m);
        },
        [&](const msg::ReportAck& m) { accuser_.on_report_ack(t, from, m); },

        [&](const auto&) { t.refuse(from.reply, not_for_a_peer); },
    });
}

void PeerMachine::handle_timer(PeerTurn& t, TimerKind kind) {
    switch (kind) {
        case TimerKind::registration:
            return membership_.handle_registration_timer(t);
        case TimerKind::lease:
            return membership_.send_leases(t);
        case TimerKind::delta_gap:
            return membership_.handle_delta_gap(t);
        case TimerKind::rejoin:
            return membership_.begin_registration(t);
        case TimerKind::leave_deadline:
            return membership_.handle_left(t);
        case TimerKind::link_dial:
            return overlay_.handle_dial_timer(t);
        case TimerKind::ring_check:
            return overlay_.handle_ring_check(t);
        case TimerKind::degree_report:
            return overlay_.handle_degree_report(t);
        case TimerKind::generate:
            return dissemination_.handle_generate(t);
        case TimerKind::repair:
            return dissemination_.handle_repair(t);
        case TimerKind::announce:
            return dissemination_.handle_announce(t);
        case TimerKind::graft:
            return dissemination_.handle_graft(t);
        case TimerKind::ping_round:
            return heartbeat_.handle_round(t);
        default:
            return;
    }
}

// ---------------------------------------------------------------- what concerns several parts

void PeerMachine::route(PeerTurn& t, const Fact& fact) {
    std::visit(Overloaded{
                   [&](const fact::Admitted&) {
                       dissemination_.begin_life();
                       overlay_.begin(t);
                       begin_rounds(t);
                   },
                   [&](const fact::OwnLifeEnded&) {
                       overlay_.end_own_life(t);
                       dissemination_.purge(t.self, t.incarnation());
                       membership_.wait_to_rejoin(t);
                   },
                   [&](const fact::RecordOutdated&) { overlay_.outdate_record(); },
                   [&](const fact::LifeBegan& f) {
                       overlay_.end_former_lives(t, f.peer, f.life);
                       accuser_.end_former_lives(f.peer, f.life);
                   },
                   [&](const fact::LifeEnded& f) {
                       overlay_.end_life(t, f.peer, f.life);
                       accuser_.end_life(t, f.peer, f.life);
                   },
                   [&](const fact::Disbelieved& f) { dissemination_.purge(f.peer, f.life); },
                   [&](const fact::LinkUp& f) {
                       accuser_.link_up(f.peer);
                       if (f.protocol == 0) dissemination_.hand_over_newest(t, f.peer);
                   },
                   [&](const fact::LinkDown& f) {
                       accuser_.link_down(f.peer);
                       dissemination_.link_down(f.peer);
                   },
                   [&](const fact::LinkAccepted& f) {
                       heartbeat_.ping(t, f.peer, carried(t, f.peer));
                       dissemination_.send_digest(t, f.peer);
                   },
                   [&](const fact::DegreeChanged&) { membership_.send_leases(t); },
                   [&](const fact::CandidatesWanted&) { membership_.ask_for_candidates(t); },
                   [&](const fact::Leaving& f) { membership_.forget(f.peer); },
                   [&](const fact::Heard& f) { heard(t, f.from); },
                   [&](const fact::SpokenTo& f) { overlay_.imply_link(t, f.from.node); },
                   [&](const fact::Answered& f) {
                       const NodeId peer = f.from.node;
                       if (t.links.find(peer) != nullptr || overlay_.dials(peer)) overlay_.imply_link(t, peer);
                   },
                   [&](const fact::NeighbourNews& f) {
                       if (!overlay_.take_news(t, f)) return;
                       membership_.note_epoch(t, f.epoch);
                       dissemination_.compare_roots(t, f.from.node, f.root);
                   },
                   [&](const fact::PingDue& f) { heartbeat_.ping(t, f.peer, carried(t, f.peer)); },
                   [&](const fact::Silent& f) { accuser_.suspect(t, f.peer, false, "silent"); },
                   [&](const fact::Unreachable& f) {
                       membership_.forget(f.peer);
                       overlay_.give_up(t, f.peer, f.why);
                   },
                   [&](const fact::OwnProbeDue& f) { witness_.probe_for_ourselves(t, f); },
                   [&](const fact::OwnFinding& f) { accuser_.take_statement(t, f.statement); },
               },
               fact);
}

// A name that nothing proves counts only for protocol 0, which has no other way to speak: for a neighbour of ours,
// or for whoever answers at the address that we dialled.
void PeerMachine::heard(PeerTurn& t, const Sender& from) {
    Link* const link = t.links.find(from.node);
    const bool guest = link != nullptr ? link->protocol == 0 : from.trust == Trust::address;
    if (!from.proven() && !guest) return;
    if (link != nullptr) hear(*link);
    if (accuser_.watches()) accuser_.heard(t, from.node);
    if (witness_.probes()) witness_.heard(t, from);
}

void PeerMachine::begin_rounds(PeerTurn& t) {
    heartbeat_.begin(t);
    membership_.begin_leases(t);
    dissemination_.begin_rounds(t);
}

Heartbeat::Carried PeerMachine::carried(PeerTurn& t, NodeId to) {
    const std::uint64_t root = dissemination_.root(t.now);
    return {root, overlay_.record_for(t, to)};
}

// ---------------------------------------------------------------- observation

PeerSnapshot PeerMachine::snapshot() const {
    const View& view = membership_.view();
    return {.basis = overlay_.snapshot(view),
            .sample = view.sample(),
            .seats = membership_.acknowledged(),
            .record = overlay_.published(view)};
}

PeerStatus PeerMachine::status() const {
    const View& view = membership_.view();
    PeerStatus status{.incarnation = view.incarnation(),
                      .registered = membership_.registered(),
                      .active = membership_.phase() == PeerPhase::active,
                      .epoch = view.epoch(),
                      .digest = view.digest(),
                      .links = overlay_.links().ids(),
                      .suspects = static_cast<std::uint32_t>(accuser_.suspects()),
                      .delivered = dissemination_.delivered(),
                      .duplicates = dissemination_.duplicates(),
                      .gossip_sent = dissemination_.pushed(),
                      .stored = dissemination_.store().size()};
    for (const Link& link : overlay_.links().all()) {
        if (link.kind != LinkKind::ring) status.preferential.push_back(link.id);
    }
    return status;
}

// ---------------------------------------------------------------- hints

// Six lines: the links of most; of a hub, which more messages come to, the first of them.
void PeerMachine::prefetch() const {
    gossip::prefetch(overlay_.links().block(), 6);
    dissemination_.store().prefetch();
}

bool PeerMachine::prefetch(const SharedMessage& next) const {
    const auto* gossip = next.get_if<msg::Gossip>();
    if (gossip != nullptr && dissemination_.store().latest() == gossip->rumor.get()) return false;
    if (gossip == nullptr) gossip::prefetch(&rng_);  // the last line, which not all fetch
    gossip::prefetch(overlay_.links().all().data(), overlay_.links().degree() * sizeof(Link) / cache_line + 1);
    return true;
}

}  // namespace gossip
