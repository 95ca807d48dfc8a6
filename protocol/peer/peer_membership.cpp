#include "protocol/peer/peer_membership.hpp"

#include "protocol/canonical.hpp"
#include "protocol/peer/parting.hpp"
#include "protocol/quorum.hpp"
#include "protocol/trust/credential.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

// A gap is asked about a little later, and by every peer at another moment: most close by themselves.
constexpr Duration delta_patience = std::chrono::milliseconds(500);
// A neighbour that claims an epoch no seed knows does not make us ask more often than this.
constexpr Duration delta_pace = std::chrono::seconds(5);
constexpr Duration leave_patience = std::chrono::seconds(2);
constexpr std::uint32_t other_seed_per_million = 200'000;

std::vector<NodeId> ids_of(std::span<const Candidate> candidates) {
    std::vector<NodeId> ids;
    for (const Candidate& candidate : candidates) ids.push_back(candidate.id);
    return ids;
}

}  // namespace

PeerMembership::PeerMembership(NodeId self, Incarnation last_life) : view_(self) {
    if (last_life != Incarnation::none) view_.mutable_state().incarnation = last_life;
}

Registration& PeerMembership::ensure_registration(const Config& config) {
    auto& registration = joining_.ensure().registration;
    if (!registration) {
        registration.emplace(config.seeds.size());
        const std::vector<Seat> seats = view_.source().seats(view_.self());
        if (!seats.empty()) registration->restore(seats);
    }
    return *registration;
}

bool PeerMembership::registered() const {
    const auto& registration = joining_->registration;
    return registration ? registration->acks() > 0 : view_.source().epoch(view_.self()) != 0;
}

std::vector<Seat> PeerMembership::chosen_seats() const {
    const auto& registration = joining_->registration;
    return registration ? registration->chosen() : view_.source().seats(view_.self());
}

std::vector<Seat> PeerMembership::acknowledged() const {
    const auto& registration = joining_->registration;
    return registration ? registration->acked() : view_.source().seats(view_.self());
}

Epoch PeerMembership::registered_epoch() const {
    return joining_->registered_epoch != 0 ? joining_->registered_epoch : view_.source().epoch(view_.self());
}

NodeId PeerMembership::some_seed(PeerTurn& t) const {
    const std::vector<Seat> seats = acknowledged();
    // Now and then another, in case ours are dead.
    if (seats.empty() || t.rng.chance(other_seed_per_million)) return t.rng.pick(t.config.seeds);
    return t.config.seeds[t.rng.pick(seats)];
}

// ---------------------------------------------------------------- registration

void PeerMembership::begin_next_life(WallMs wall) {
    const auto next = static_cast<std::uint64_t>(view_.incarnation()) + 1;
    view_.mutable_state().incarnation =
        Incarnation{std::max(next, static_cast<std::uint64_t>(std::max<WallMs>(wall, 0)))};
}

void PeerMembership::handle_started(PeerTurn& t, WallMs wall) {
    view_.mutable_state().wall_offset = std::chrono::milliseconds(wall) - t.now.time_since_epoch();
    begin_next_life(wall);
    t.notice({.kind = NoticeKind::peer_started, .subject = t.self});
    begin_registration(t);
}

void PeerMembership::start_from(PeerTurn& t, const SnapshotBasis& basis, const SnapshotSource& source, WallMs wall) {
    phase_ = PeerPhase::active;
    MembershipState& state = view_.mutable_state();
    state.wall_offset = std::chrono::milliseconds(wall) - t.now.time_since_epoch();
    state.incarnation = basis.incarnation;
    state.epoch = basis.epoch;
    state.digest = *basis.digest;
    state.seed_keys = basis.seed_keys;
    state.source = &source;
}

void PeerMembership::begin_registration(PeerTurn& t) {
    phase_ = PeerPhase::registering;
    Registration& registration = ensure_registration(t.config);
    const std::vector<Seat> seats = registration.begin(t.now, t.rng);
    Notice registering{.kind = NoticeKind::registering,
                       .count = static_cast<std::uint32_t>(seats.size()),
                       .of = static_cast<std::uint32_t>(t.config.seeds.size()),
                       .need = static_cast<std::uint32_t>(registration.need())};
    for (const Seat seat : seats) registering.ids.push_back(t.config.seeds[seat]);
    t.notice(std::move(registering));
    ask_seeds(t, seats);
    t.arm(TimerKind::registration, registration.delay(t.rng));
}

void PeerMembership::ask_seeds(PeerTurn& t, const std::vector<Seat>& seats) {
    if (seats.empty()) return;
    const Change add = own_add(t);
    const Signature signature = t.crypto.sign(t.self, canonical_bytes(add));
    for (const Seat seat : seats) {
        const NodeId seed = t.config.seeds[seat];
        t.send(seed, msg::RegisterRequest{add.peer, add.incarnation, add.protocol, add.key, signature});
        t.notice({.kind = NoticeKind::registration_sent, .other = seed});
    }
}

Change PeerMembership::own_add(const PeerTurn& t) const {
    return {.kind = ChangeKind::add,
            .peer = t.self,
            .incarnation = t.incarnation(),
            .protocol = 1,
            .key = t.crypto.public_key(t.self)};
}

void PeerMembership::on_challenge(PeerTurn& t, const Sender& from, const msg::Challenge& m) const {
    if (from.trust != Trust::seed) return t.refuse(from.reply, "CHALLENGE from a node that is no seed");
    const Bytes text = challenge_bytes(t.config, from.node, t.self, m.nonce);
    t.send(from.reply, msg::ChallengeAnswer{t.self, t.crypto.public_key(t.self), t.crypto.sign(t.self, text)});
}

void PeerMembership::handle_registration_timer(PeerTurn& t) {
    Registration& registration = ensure_registration(t.config);
    if (registration.complete()) return;
    // Enough have answered, and what they signed is no credential: others may do better.
    const bool in_vain = phase_ == PeerPhase::registering && registration.acks() >= registration.need();
    const std::vector<Seat> seats = in_vain ? registration.begin(t.now, t.rng) : registration.due(t.now, t.rng);
    if (!seats.empty() && registration.acks() == 0) {
        t.notice({.kind = NoticeKind::registration_retry, .text = "trying again"});
    }
    ask_seeds(t, seats);
    t.arm(TimerKind::registration, registration.delay(t.rng));
}

void PeerMembership::handle_seat_lost(PeerTurn& t, Seat seat) { ensure_registration(t.config).on_lost(seat); }

void PeerMembership::on_register_ack(PeerTurn& t, const Sender& from, const msg::RegisterAck& m) {
    const auto seat = t.seat_of(from.node);
    if (from.trust != Trust::seed || !seat) return t.refuse(from.reply, "REGISTER_ACK from a node that is no seed");
    if (m.peer != t.self || m.incarnation != t.incarnation()) return;
    learn_seed_keys(t, m.seed_keys);
    collect_credential(t, m.credential);
    follow(t, m);
    view_.learn(m.successors, m.candidates, t.config.overlay, t.rng);
    Registration& registration = ensure_registration(t.config);
    if (!registration.on_ack(*seat).counts) return;
    t.notice({.kind = NoticeKind::registration_ack,
              .count = static_cast<std::uint32_t>(registration.acks()),
              .need = static_cast<std::uint32_t>(registration.need()),
              .other = from.node,
              .text = m.text});
    if (phase_ == PeerPhase::registering && !credential(t.config).signatures.empty()) activate(t, m, from.node);
    finish_registration(t);
    t.overlay_changed = true;
}

// A first life takes the list as it stands. One that was a member before reads what it missed, so that
// it knows who was removed meanwhile.
void PeerMembership::follow(PeerTurn& t, const msg::RegisterAck& m) {
    if (view_.epoch() == 0) {
        view_.rise(m.epoch, m.digest, m.members);
    } else {
        Joining& joining = joining_.ensure();
        joining.claimed_epoch = std::max(joining.claimed_epoch, m.epoch);
        t.arm(TimerKind::delta_gap, t.rng.jitter(delta_patience));
    }
}

void PeerMembership::finish_registration(PeerTurn& t) {
    Registration& registration = ensure_registration(t.config);
    if (phase_ == PeerPhase::registering || !registration.finish()) return;
    t.notice({.kind = NoticeKind::registration_complete,
              .count = static_cast<std::uint32_t>(registration.acks()),
              .epoch = view_.epoch()});
}

void PeerMembership::activate(PeerTurn& t, const msg::RegisterAck& ack, NodeId seed) {
    phase_ = PeerPhase::active;
    joining_.ensure().registered_epoch = ack.epoch;
    const auto known = static_cast<std::uint32_t>(view_.candidates().size());
    t.notice({.kind = NoticeKind::peer_list_received, .other = seed, .ids = ids_of(view_.candidates())});
    const OverlayConfig& overlay = t.config.overlay;
    const std::uint32_t target = overlay.strategy->links(overlay, t.self, view_.others());
    t.notice({.kind = NoticeKind::overlay_building, .count = std::min(target, known), .of = known});
    if (known == 0) t.notice({.kind = NoticeKind::overlay_empty});
    t.notice({.kind = NoticeKind::peer_active});
    t.raise(fact::Admitted{});
}

void PeerMembership::on_register_nack(PeerTurn& t, const Sender& from, const msg::RegisterNack& m) {
    const auto seat = t.seat_of(from.node);
    if (from.trust != Trust::seed || !seat) return t.refuse(from.reply, "REGISTER_NACK from a node that is no seed");
    if (m.peer != t.self || phase_ != PeerPhase::registering) return;
    if (m.minimum != Incarnation::none && m.minimum <= t.incarnation()) return;  // of an earlier request
    t.notice({.kind = NoticeKind::registration_nack, .other = from.node, .text = m.text});
    Registration& registration = ensure_registration(t.config);
    if (m.minimum == Incarnation::none) {
        registration.on_nack(*seat);
        return finish_registration(t);
    }
    view_.mutable_state().incarnation = m.minimum;
    t.raise(fact::RecordOutdated{});
    ask_seeds(t, registration.begin(t.now, t.rng));
}

void PeerMembership::on_register_pending(PeerTurn& t, const Sender& from, const msg::RegisterPending& m) {
    const auto seat = t.seat_of(from.node);
    if (from.trust != Trust::seed || !seat) {
        return t.refuse(from.reply, "REGISTER_PENDING from a node that is no seed");
    }
    const Duration wait = std::clamp<Duration>(m.retry_after, Registration::first_delay, Registration::last_delay);
    ensure_registration(t.config).on_pending(*seat, t.now + wait);
}

void PeerMembership::learn_seed_keys(const PeerTurn& t, const std::vector<PublicKey>& keys) {
    auto& known = view_.mutable_state().seed_keys.mutable_value();
    known.resize(t.config.seeds.size());
    for (std::size_t i = 0; i < known.size(); ++i) {
        const bool configured = i < t.config.seed_keys.size() && t.config.seed_keys[i] != PublicKey{};
        if (configured) known[i] = t.config.seed_keys[i];
        if (!configured && i < keys.size() && keys[i] != PublicKey{}) known[i] = keys[i];
    }
}

// ---------------------------------------------------------------- credential

Credential PeerMembership::credential(const Config& config) const {
    const Credential& own = joining_->credential;
    const bool complete =
        own.incarnation == view_.incarnation() && own.signatures.size() >= majority(config.seeds.size());
    return complete ? own : Credential{};
}

bool PeerMembership::vouches(const PeerContext& context, NodeId node, const PublicKey& key,
                             const Credential& shown) const {
    const Change add{
        .kind = ChangeKind::add, .peer = node, .incarnation = shown.incarnation, .protocol = 1, .key = key};
    // Before a seed told any, those that are configured must do: others may be members before us.
    const std::vector<PublicKey>& told = *view_.state().seed_keys;
    const std::vector<PublicKey>& keys = told.empty() ? context.config.seed_keys : told;
    return is_vouched(context.config, context.crypto, add, shown.signatures, keys);
}

// Each is checked when it comes: one that is wrong would spoil the whole.
void PeerMembership::collect_credential(PeerTurn& t, const std::vector<SeatSignature>& signatures) {
    Credential& own = joining_.ensure().credential;
    if (own.incarnation != t.incarnation()) own = {t.incarnation(), {}};
    const std::vector<PublicKey>& keys = *view_.state().seed_keys;
    const Bytes text = credential_bytes(t.config, own_add(t));
    const std::size_t before = own.signatures.size();
    for (const SeatSignature& by : signatures) {
        const auto same = [&by](const SeatSignature& s) { return s.seat == by.seat; };
        if (by.seat >= keys.size() || std::ranges::any_of(own.signatures, same)) continue;
        if (t.crypto.verify(keys[by.seat], text, by.signature)) own.signatures.push_back(by);
    }
    const std::size_t needed = majority(t.config.seeds.size());
    if (before < needed && own.signatures.size() >= needed) t.out.credential_changed = true;
}

// ---------------------------------------------------------------- leases

void PeerMembership::begin_leases(PeerTurn& t) { t.arm(TimerKind::lease, t.rng.jitter(t.config.seed.lease)); }

void PeerMembership::send_leases(PeerTurn& t) {
    for (const Seat seat : chosen_seats()) {
        t.send(t.config.seeds[seat], msg::Lease{t.self, t.incarnation(), t.degree(), view_.epoch()});
    }
    begin_leases(t);
}

void PeerMembership::on_lease_ack(PeerTurn& t, const Sender& from, const msg::LeaseAck& m) {
    if (from.trust != Trust::seed) return t.refuse(from.reply, "LEASE_ACK from a node that is no seed");
    if (m.peer != t.self || !t.active()) return;
    const bool member = m.status == LeaseStatus::member && m.incarnation <= t.incarnation();
    if (!member && m.epoch >= registered_epoch()) return lose_membership(t);
    note_epoch(t, m.epoch);
}

// The list dropped this life while it is alive: it comes back as another, after a while.
void PeerMembership::lose_membership(PeerTurn& t) {
    if (!t.active()) return;
    t.notice({.kind = NoticeKind::removed_self, .incarnation = t.incarnation()});
    t.raise(fact::OwnLifeEnded{});
}

void PeerMembership::wait_to_rejoin(PeerTurn& t) {
    begin_next_life(t.wall());
    phase_ = PeerPhase::waiting_to_rejoin;
    for (const TimerKind kind : {TimerKind::lease, TimerKind::ping_round, TimerKind::generate, TimerKind::repair,
                                 TimerKind::ring_check, TimerKind::link_dial}) {
        t.disarm(kind);
    }
    t.arm(TimerKind::rejoin, joining_.ensure().damping.next(t.now));
}

// ---------------------------------------------------------------- epochs

void PeerMembership::on_candidates(PeerTurn& t, const Sender& from, const msg::Candidates& m) {
    if (from.trust != Trust::seed) return t.refuse(from.reply, "CANDIDATES from a node that is no seed");
    view_.learn(m.successors, m.candidates, t.config.overlay, t.rng);
    t.overlay_changed = true;
}

void PeerMembership::ask_for_candidates(PeerTurn& t) { t.send(some_seed(t), msg::GetCandidates{t.self}); }

bool PeerMembership::authentic(const PeerTurn& t, const msg::Membership& m, const Sender& from) const {
    const std::vector<PublicKey>& keys = *view_.state().seed_keys;
    const bool known = m.signer < keys.size() && keys[m.signer] != PublicKey{};
    if (!known) return from.trust == Trust::seed;
    return t.crypto.verify(keys[m.signer], canonical_bytes(m.decision), m.signature);
}

void PeerMembership::on_membership(PeerTurn& t, const Sender& from, const msg::Membership& m) {
    if (m.decision.epoch <= view_.epoch()) return;
    if (!authentic(t, m, from)) return t.refuse(from.reply, "MEMBERSHIP without a seed's valid signature");
    if (view_.offer(m) != View::Offer::fresh) return;
    const SharedMessage message = m;
    for (const Link& link : t.links.all()) {
        if (link.id != from.node && link.protocol > 0) t.send(link.id, message);
    }
    apply_decisions(t);
    if (view_.gap()) note_epoch(t, m.decision.epoch);
}

void PeerMembership::on_deltas(PeerTurn& t, const Sender& from, const msg::Deltas& m) {
    if (from.trust != Trust::seed) return t.refuse(from.reply, "DELTAS from a node that is no seed");
    const Epoch before = view_.epoch();
    for (const msg::Membership& decision : m.decisions) {
        if (decision.decision.epoch != view_.epoch() + 1) continue;
        (void)view_.offer(decision);
        apply_decisions(t);
    }
    if (m.epoch <= view_.epoch()) return;
    if (m.gap) {
        view_.rise(m.epoch, Digest{}, 0);  // too far behind: the sample is read again instead
        t.notice({.kind = NoticeKind::epoch_learned, .yes = true, .epoch = m.epoch});
        t.send(from.reply, msg::GetCandidates{t.self});
    } else if (view_.epoch() > before) {
        t.send(from.reply, msg::GetDelta{view_.epoch()});  // there was more than fits one answer
    }
}

void PeerMembership::apply_decisions(PeerTurn& t) {
    bool changed = false;
    while (const auto decision = view_.next()) {
        changed = true;
        for (const Change& change : decision->decision.batch) apply_change(t, change);
    }
    if (!changed) return;
    t.notice({.kind = NoticeKind::epoch_learned, .epoch = view_.epoch()});
    t.overlay_changed = true;
}

// What a peer that left said stays worth hearing; what a dead life says is not believed any more.
void PeerMembership::apply_change(PeerTurn& t, const Change& change) {
    if (change.kind == ChangeKind::replace) return;
    if (change.peer == t.self) return apply_own_change(t, change);
    view_.apply(change, t.config.overlay, t.rng);
    t.raise(fact::RecordOutdated{});
    if (change.kind == ChangeKind::add) return t.raise(fact::LifeBegan{change.peer, change.incarnation});
    if (change.kind == ChangeKind::remove) t.raise(fact::Disbelieved{change.peer, change.incarnation});
    t.raise(fact::LifeEnded{change.peer, change.incarnation});
}

void PeerMembership::apply_own_change(PeerTurn& t, const Change& change) {
    if (change.kind == ChangeKind::add) {
        if (change.incarnation > t.incarnation()) lose_membership(t);
        return;
    }
    view_.apply(change, t.config.overlay, t.rng);
    if (change.kind == ChangeKind::remove) t.raise(fact::Disbelieved{t.self, change.incarnation});
    if (change.incarnation == t.incarnation()) lose_membership(t);
}

void PeerMembership::note_epoch(PeerTurn& t, Epoch epoch) {
    if (epoch <= view_.epoch()) return;
    Joining& joining = joining_.ensure();
    joining.claimed_epoch = std::max(joining.claimed_epoch, epoch);
    if (!t.active() || t.now < joining.delta_asked) return;
    const Duration wait = t.rng.jitter(delta_patience);
    joining.delta_asked = t.now + wait + delta_pace;
    t.arm(TimerKind::delta_gap, wait);
}

void PeerMembership::handle_delta_gap(PeerTurn& t) {
    const Epoch claimed = std::exchange(joining_.ensure().claimed_epoch, 0);
    if (view_.epoch() < claimed) t.send(some_seed(t), msg::GetDelta{view_.epoch()});
}

// ---------------------------------------------------------------- leaving

// Neighbours are told first, so that the end of their connections surprises nobody; then the seeds,
// whose answer is waited for, but not for ever.
void PeerMembership::handle_leave_requested(PeerTurn& t) {
    if (phase_ == PeerPhase::leaving) return;
    t.notice({.kind = NoticeKind::leaving});
    for (const Link& link : t.links.all()) t.send(link.id, msg::Unlink{text_of(Parting::leaving)});
    if (phase_ == PeerPhase::starting || phase_ == PeerPhase::waiting_to_rejoin) return handle_left(t);
    phase_ = PeerPhase::leaving;
    const Change change{.kind = ChangeKind::leave, .peer = t.self, .incarnation = t.incarnation()};
    const Signature signature = t.crypto.sign(t.self, canonical_bytes(change));
    for (const Seat seat : chosen_seats()) {
        t.send(t.config.seeds[seat], msg::Leave{t.self, t.incarnation(), signature});
    }
    t.arm(TimerKind::leave_deadline, leave_patience);
}

void PeerMembership::handle_left(PeerTurn& t) {
    phase_ = PeerPhase::left;
    t.out.finished = true;
}

void PeerMembership::on_while_leaving(PeerTurn& t, const Sender& from, const SharedMessage& message) {
    if (const auto* ack = message.get_if<msg::LeaseAck>()) {
        if (from.trust == Trust::seed && ack->peer == t.self && ack->status != LeaseStatus::member) handle_left(t);
    }
    if (const auto* m = message.get_if<msg::Membership>(); m != nullptr && authentic(t, *m, from)) {
        const auto ours = [&t](const Change& c) { return c.kind != ChangeKind::add && c.peer == t.self; };
        if (std::any_of(m->decision.batch.begin(), m->decision.batch.end(), ours)) handle_left(t);
    }
}

}  // namespace gossip
