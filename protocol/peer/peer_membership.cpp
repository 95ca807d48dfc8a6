// Registration, leases, following the epochs, and leaving.

#include "protocol/canonical.hpp"
#include "protocol/overlay.hpp"
#include "protocol/peer/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

// A gap is asked about a little later, and by every peer at another moment: most close by themselves.
constexpr Duration delta_patience = std::chrono::milliseconds(500);
// A neighbour that claims an epoch no seed knows does not make us ask more often than this.
constexpr Duration delta_pace = std::chrono::seconds(5);
constexpr Duration leave_patience = std::chrono::seconds(2);

template <class Items>
std::vector<NodeId> ids_of(const Items& items) {
    std::vector<NodeId> ids;
    for (const auto& item : items) ids.push_back(item.id);
    return ids;
}

}  // namespace

std::optional<Seat> PeerMachine::seat_of(NodeId node) const {
    const auto at = std::find(config().seeds.begin(), config().seeds.end(), node);
    if (at == config().seeds.end()) return std::nullopt;
    return static_cast<Seat>(at - config().seeds.begin());
}

NodeId PeerMachine::some_seed() {
    std::vector<Seat> seats = registration().acked();
    if (seats.empty() || rng_.chance(200'000)) {  // now and then another, in case ours are dead
        return config().seeds[static_cast<std::size_t>(rng_.below(config().seeds.size()))];
    }
    return config().seeds[seats[static_cast<std::size_t>(rng_.below(seats.size()))]];
}

// ---------------------------------------------------------------- registration

void PeerMachine::begin_registration() {
    phase_ = Phase::registering;
    const std::vector<Seat> seats = registration().begin(now(), rng_);
    Notice n{.kind = NoticeKind::registering};
    n.count = static_cast<std::uint32_t>(seats.size());
    n.of = static_cast<std::uint32_t>(config().seeds.size());
    n.need = static_cast<std::uint32_t>(registration().need());
    for (const Seat seat : seats) n.ids.push_back(config().seeds[seat]);
    notice(std::move(n));
    ask_seeds(seats);
    arm(TimerKind::registration, registration().delay(rng_));
}

void PeerMachine::ask_seeds(const std::vector<Seat>& seats) {
    if (seats.empty()) return;
    const PublicKey key = crypto().public_key(self());
    const Change change{
        .kind = ChangeKind::add, .peer = self(), .incarnation = incarnation(), .protocol = 1, .key = key};
    const Signature signature = crypto().sign(self(), canonical_bytes(change));
    for (const Seat seat : seats) {
        const NodeId seed = config().seeds[seat];
        out_->send(seed, msg::RegisterRequest{self(), incarnation(), 1, key, signature});
        notice({.kind = NoticeKind::registration_sent, .other = seed});
    }
}

void PeerMachine::handle_registration_timer() {
    if (registration().complete()) return;
    const std::vector<Seat> seats = registration().due(now(), rng_);
    if (!seats.empty() && registration().acks() == 0) {
        notice({.kind = NoticeKind::registration_retry, .text = "trying again"});
    }
    ask_seeds(seats);
    arm(TimerKind::registration, registration().delay(rng_));
}

void PeerMachine::on(const Sender& from, const msg::RegisterAck& m) {
    const auto seat = seat_of(from.node);
    if (from.trust != Trust::seed || !seat) return refuse(from.reply, "REGISTER_ACK from a node that is no seed");
    if (m.peer != self() || m.incarnation != incarnation()) return;
    learn_seed_keys(m.seed_keys);
    follow(m);
    view_.learn(m.successors, m.candidates, config().overlay, rng_);
    const Registration::Ack ack = registration().on_ack(*seat);
    if (!ack.counts) return;
    notice({.kind = NoticeKind::registration_ack,
            .count = static_cast<std::uint32_t>(registration().acks()),
            .need = static_cast<std::uint32_t>(registration().need()),
            .other = from.node,
            .text = m.text});
    if (phase_ == Phase::registering) activate(m, from.node);
    finish_registration();
    overlay_stale_ = true;
}

// A first life takes the list as it stands. One that was a member before reads what it missed, so that
// it knows who was removed meanwhile.
void PeerMachine::follow(const msg::RegisterAck& m) {
    if (view_.epoch() == 0) {
        view_.rise(m.epoch, m.digest, m.members);
    } else {
        troubles().claimed_epoch = std::max(troubles().claimed_epoch, m.epoch);
        arm(TimerKind::delta_gap, jitter(delta_patience));
    }
}

void PeerMachine::finish_registration() {
    if (!registration().finish()) return;
    notice({.kind = NoticeKind::registration_complete,
            .count = static_cast<std::uint32_t>(registration().acks()),
            .epoch = view_.epoch()});
}

void PeerMachine::activate(const msg::RegisterAck& ack, NodeId seed) {
    phase_ = Phase::active;
    own_rare().registered_epoch = ack.epoch;
    dissemination_.begin_life();
    const auto known = static_cast<std::uint32_t>(view_.candidates().size());
    notice({.kind = NoticeKind::peer_list_received, .other = seed, .ids = ids_of(view_.candidates())});
    want(strategy_links(config().overlay));
    if (Troubles* troubles = any_troubles()) troubles->candidate_delay = {};
    notice({.kind = NoticeKind::overlay_building, .count = std::min(config().overlay.links, known), .of = known});
    if (known == 0) notice({.kind = NoticeKind::overlay_empty});
    notice({.kind = NoticeKind::peer_active});
    begin_rounds();
}

// Whatever a peer does again and again, each at a moment of its own.
void PeerMachine::begin_rounds() {
    const LivenessConfig& liveness = config().liveness;
    const auto phase = static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(liveness.interval.count())));
    round_due_ = now() + Duration(phase);
    arm(TimerKind::ping_round, Duration(phase));
    arm(TimerKind::lease, jitter(config().seed.lease));
    arm(TimerKind::repair, jitter(config().gossip.repair_interval));
    if (config().gossip.max_messages > 0) arm(TimerKind::generate, config().gossip.first_after);
}

void PeerMachine::on(const Sender& from, const msg::RegisterNack& m) {
    const auto seat = seat_of(from.node);
    if (from.trust != Trust::seed || !seat) return refuse(from.reply, "REGISTER_NACK from a node that is no seed");
    if (m.peer != self() || phase_ != Phase::registering) return;
    if (m.minimum != Incarnation::none && m.minimum <= incarnation()) return;  // of an earlier request
    notice({.kind = NoticeKind::registration_nack, .other = from.node, .text = m.text});
    if (m.minimum == Incarnation::none) {
        registration().on_nack(*seat);
        return finish_registration();
    }
    own_told().incarnation = m.minimum;
    record_stale_ = true;
    ask_seeds(registration().begin(now(), rng_));
}

void PeerMachine::on(const Sender& from, const msg::RegisterPending& m) {
    const auto seat = seat_of(from.node);
    if (from.trust != Trust::seed || !seat) return refuse(from.reply, "REGISTER_PENDING from a node that is no seed");
    const Duration wait = std::clamp<Duration>(m.retry_after, Registration::first_delay, Registration::last_delay);
    registration().on_pending(*seat, now() + wait);
}

void PeerMachine::learn_seed_keys(const std::vector<PublicKey>& keys) {
    auto& known = own_told().seed_keys.own();
    known.resize(config().seeds.size());
    for (std::size_t i = 0; i < keys.size() && i < known.size(); ++i) {
        if (keys[i] != PublicKey{}) known[i] = keys[i];
    }
}

void PeerMachine::on(const Sender& from, const msg::GetPeerList&) {
    out_->send(from.reply, msg::Error{"not_a_seed", "only seeds keep the peer list"});
}

// ---------------------------------------------------------------- leases

void PeerMachine::send_leases() {
    const auto degree = static_cast<std::uint32_t>(links_.degree());
    for (const Seat seat : chosen_seats()) {
        out_->send(config().seeds[seat], msg::Lease{self(), incarnation(), degree, view_.epoch()});
    }
    arm(TimerKind::lease, jitter(config().seed.lease));
}

void PeerMachine::on(const Sender& from, const msg::LeaseAck& m) {
    if (from.trust != Trust::seed) return refuse(from.reply, "LEASE_ACK from a node that is no seed");
    if (m.peer != self()) return;
    if (!active()) return;
    const bool member = m.status == LeaseStatus::member && m.incarnation <= incarnation();
    if (!member && m.epoch >= registered_epoch()) return handle_removed_self();
    note_epoch(m.epoch);
}

// The list dropped this life while it is alive: it comes back as another, after a while.
void PeerMachine::handle_removed_self() {
    if (!active()) return;
    notice({.kind = NoticeKind::removed_self, .incarnation = incarnation()});
    for (const NodeId id : links_.ids()) {
        out_->send(id, msg::Unlink{"removed"});
        link_down(id, "removed from the list", false);
    }
    dissemination_.purge(self(), incarnation());
    const auto next_life = static_cast<std::uint64_t>(incarnation()) + 1;
    own_told().incarnation = Incarnation{std::max(next_life, static_cast<std::uint64_t>(std::max<WallMs>(wall(), 0)))};
    record_stale_ = true;
    overlay_announced_ = false;
    phase_ = Phase::waiting_to_rejoin;
    for (const TimerKind kind : {TimerKind::lease, TimerKind::ping_round, TimerKind::generate, TimerKind::repair,
                                 TimerKind::ring_check, TimerKind::link_dial}) {
        disarm(kind);
    }
    arm(TimerKind::rejoin, troubles().damping.next(now()));
}

// ---------------------------------------------------------------- epochs

void PeerMachine::on(const Sender& from, const msg::Candidates& m) {
    if (from.trust != Trust::seed) return refuse(from.reply, "CANDIDATES from a node that is no seed");
    view_.learn(m.successors, m.candidates, config().overlay, rng_);
    overlay_stale_ = true;
}

bool PeerMachine::authentic(const msg::Membership& m, const Sender& from) const {
    const bool known = m.signer < told().seed_keys->size() && (*told().seed_keys)[m.signer] != PublicKey{};
    if (!known) return from.trust == Trust::seed;
    return crypto().verify((*told().seed_keys)[m.signer], canonical_bytes(m.decision), m.signature);
}

void PeerMachine::on(const Sender& from, const msg::Membership& m) {
    if (m.decision.epoch <= view_.epoch()) return;
    if (!authentic(m, from)) return refuse(from.reply, "MEMBERSHIP without a seed's valid signature");
    if (view_.offer(m) != View::Offer::fresh) return;
    const SharedMessage message = m;
    for (const Link& link : links_.all()) {
        if (link.id != from.node && link.protocol > 0) out_->send(link.id, message);
    }
    apply_decisions();
    if (view_.gap()) note_epoch(m.decision.epoch);
}

void PeerMachine::on(const Sender& from, const msg::Deltas& m) {
    if (from.trust != Trust::seed) return refuse(from.reply, "DELTAS from a node that is no seed");
    const Epoch before = view_.epoch();
    for (const msg::Membership& decision : m.decisions) {
        if (decision.decision.epoch != view_.epoch() + 1) continue;
        (void)view_.offer(decision);
        apply_decisions();
    }
    if (m.epoch <= view_.epoch()) return;
    if (m.gap) {
        view_.rise(m.epoch, Digest{}, 0);  // too far behind: the sample is read again instead
        notice({.kind = NoticeKind::epoch_learned, .yes = true, .epoch = m.epoch});
        out_->send(from.reply, msg::GetCandidates{self()});
    } else if (view_.epoch() > before) {
        out_->send(from.reply, msg::GetDelta{view_.epoch()});  // there was more than fits one answer
    }
}

void PeerMachine::apply_decisions() {
    bool changed = false;
    while (const auto decision = view_.next()) {
        changed = true;
        for (const Change& change : decision->decision.batch) apply_change(change);
    }
    if (!changed) return;
    notice({.kind = NoticeKind::epoch_learned, .epoch = view_.epoch()});
    overlay_stale_ = true;
}

void PeerMachine::apply_change(const Change& change) {
    if (change.kind == ChangeKind::replace) return;
    if (change.peer == self()) return apply_own_change(change);
    view_.apply(change, config().overlay, rng_);
    record_stale_ = true;  // our successors may have changed
    if (change.kind == ChangeKind::add) {
        end_former_lives(change.peer, change.incarnation);
    } else {
        bury(change.peer, change.incarnation, change.kind == ChangeKind::remove);
    }
}

void PeerMachine::apply_own_change(const Change& change) {
    if (change.kind == ChangeKind::add) {
        if (change.incarnation > incarnation()) handle_removed_self();
        return;
    }
    view_.apply(change, config().overlay, rng_);  // what our former lives said is dropped here as everywhere
    if (change.kind == ChangeKind::remove) dissemination_.purge(self(), change.incarnation);
    if (change.incarnation == incarnation()) handle_removed_self();
}

// Links and suspicions are of one life: a restarted peer starts without them.
void PeerMachine::end_former_lives(NodeId id, Incarnation life) {
    const Link* link = links_.find(id);
    if (link != nullptr && link->protocol > 0 && links_.details(*link).incarnation < life) {
        link_down(id, "it restarted", true);
    }
    Troubles* const troubles = any_troubles();
    if (troubles == nullptr) return;
    if (const Suspicion* s = troubles->suspicions.find(id); s != nullptr && s->life < life) {
        troubles->suspicions.close(id);
    }
}

// What a peer that left said stays worth hearing; what a dead life says is not believed any more.
void PeerMachine::bury(NodeId id, Incarnation life, bool dead) {
    if (const Link* link = links_.find(id); link != nullptr && links_.details(*link).incarnation <= life) {
        link_down(id, "removed from the list", true);
    }
    if (dead) dissemination_.purge(id, life);
    if (any_troubles() == nullptr) return;
    Suspicions& suspicions = troubles().suspicions;
    if (const Suspicion* s = suspicions.find(id); s != nullptr && s->life <= life) suspicions.close(id);
    for (const NodeId suspect : suspicions.suspects()) settle(suspect, false);  // it may have been a witness
}

void PeerMachine::note_epoch(Epoch epoch) {
    if (epoch <= view_.epoch()) return;
    Troubles& t = troubles();
    t.claimed_epoch = std::max(t.claimed_epoch, epoch);
    if (!active() || now() < t.delta_asked) return;
    const Duration wait = jitter(delta_patience);
    t.delta_asked = now() + wait + delta_pace;
    arm(TimerKind::delta_gap, wait);
}

void PeerMachine::ask_for_delta() {
    const Epoch claimed = std::exchange(troubles().claimed_epoch, 0);
    if (view_.epoch() < claimed) out_->send(some_seed(), msg::GetDelta{view_.epoch()});
}

// ---------------------------------------------------------------- leaving

// Neighbours are told first, so that the end of their connections surprises nobody; then the seeds,
// whose answer is waited for, but not for ever.
void PeerMachine::handle(const LeaveRequested&) {
    if (phase_ == Phase::leaving) return;
    notice({.kind = NoticeKind::leaving});
    for (const Link& link : links_.all()) out_->send(link.id, msg::Unlink{"leaving"});
    if (phase_ == Phase::starting || phase_ == Phase::waiting_to_rejoin) return handle_left();
    phase_ = Phase::leaving;
    const Change change{.kind = ChangeKind::leave, .peer = self(), .incarnation = incarnation()};
    const Signature signature = crypto().sign(self(), canonical_bytes(change));
    for (const Seat seat : chosen_seats()) {
        out_->send(config().seeds[seat], msg::Leave{self(), incarnation(), signature});
    }
    arm(TimerKind::leave_deadline, leave_patience);
}

void PeerMachine::handle_left() {
    phase_ = Phase::left;
    out_->finished = true;
}

void PeerMachine::on_while_leaving(const Sender& from, const SharedMessage& message) {
    if (const auto* ack = message.get_if<msg::LeaseAck>()) {
        if (from.trust == Trust::seed && ack->peer == self() && ack->status != LeaseStatus::member) handle_left();
    }
    if (const auto* m = message.get_if<msg::Membership>(); m != nullptr && authentic(*m, from)) {
        const auto ours = [this](const Change& c) { return c.kind != ChangeKind::add && c.peer == self(); };
        if (std::any_of(m->decision.batch.begin(), m->decision.batch.end(), ours)) handle_left();
    }
}

}  // namespace gossip
