#include "protocol/peer/peer_machine.hpp"

#include "protocol/names.hpp"

#include <algorithm>

namespace gossip {
namespace {

// The timers a peer has one of: those of a calm peer, and the others. Probes and suspicions have one each and count
// their own generations.
constexpr std::array calm_timers{TimerKind::lease, TimerKind::ping_round, TimerKind::repair};
constexpr std::array seldom_timers{TimerKind::registration,  TimerKind::link_dial,      TimerKind::ring_check,
                                   TimerKind::generate,      TimerKind::delta_gap,      TimerKind::rejoin,
                                   TimerKind::degree_report, TimerKind::leave_deadline, TimerKind::announce,
                                   TimerKind::graft};

// Their number when it is none of them.
template <class Timers>
constexpr std::size_t place(const Timers& timers, TimerKind kind) {
    return static_cast<std::size_t>(std::find(timers.begin(), timers.end(), kind) - timers.begin());
}

}  // namespace

PeerMachine::PeerMachine(const Surroundings& surroundings, PeerOptions options, Rng rng)
    : view_(options.self), surroundings_(&surroundings), rng_(rng) {
    static_assert(calm_timers.size() == std::tuple_size_v<decltype(generations_)>);
    static_assert(seldom_timers.size() == std::tuple_size_v<decltype(RareParts::generations)>);
    if (options.last_life != Incarnation::none) own_told().incarnation = options.last_life;
}

void PeerMachine::step(Time now, const Event& event, Effects& out) {
    out.now = now;
    out_ = &out;
    if (phase_ != Phase::left) {
        std::visit([this](const auto& e) { handle(e); }, event);
        if (overlay_stale_) {
            overlay_stale_ = false;
            maintain_overlay();
        }
    }
    view_.share_told(out.told_alike);
    out_ = nullptr;
}

// Six lines: the links of most; of a hub, which more messages come to, the first of them.
void PeerMachine::prefetch() const {
    gossip::prefetch(links_.block(), 6);
    dissemination_.prefetch();
}

// Four of five messages of a flood are duplicates, which look at little.
bool PeerMachine::prefetch(const SharedMessage& next) const {
    const auto* gossip = next.get_if<msg::Gossip>();
    if (gossip != nullptr && dissemination_.latest() == gossip->rumor.get()) return false;
    if (gossip == nullptr) gossip::prefetch(&ping_sequence_);  // the last line, which not all fetch
    gossip::prefetch(links_.all().data(), links_.degree() * sizeof(Link) / cache_line + 1);
    return true;
}

PeerStatus PeerMachine::status() const {
    PeerStatus status{.incarnation = incarnation(),
                      .registered = registered(),
                      .active = active(),
                      .epoch = view_.epoch(),
                      .digest = view_.digest(),
                      .links = links_.ids()};
    for (const Link& link : links_.all()) {
        if (link.kind != LinkKind::ring) status.preferential.push_back(link.id);
    }
    const Troubles* troubles = any_troubles();
    status.suspects = troubles != nullptr ? static_cast<std::uint32_t>(troubles->suspicions.size()) : 0;
    status.delivered = counters_.delivered;
    status.duplicates = counters_.duplicates;
    status.gossip_sent = counters_.sent;
    status.stored = dissemination_.stored();
    return status;
}

bool PeerMachine::registered() const {
    const auto& registration = rare().registration;
    return registration ? registration->acks() > 0 : view_.standings() != nullptr;
}

// ---------------------------------------------------------------- events

void PeerMachine::handle(const Started& event) {
    set_wall(event.wall);
    const auto next_life = static_cast<std::uint64_t>(incarnation()) + 1;
    own_told().incarnation =
        Incarnation{std::max(next_life, static_cast<std::uint64_t>(std::max<WallMs>(event.wall, 0)))};
    notice({.kind = NoticeKind::peer_started, .subject = self()});
    begin_registration();
}

void PeerMachine::handle(const Received& event) {
    if (event.from == self()) return;
    const Sender from{event.from, event.from, event.trust};
    if (phase_ == Phase::leaving) return on_while_leaving(from, event.message);
    if (!is_anonymous(event.from)) heard(from);
    if (event.trust == Trust::seed) seed_answered();
    if (const auto* gossip = event.message.get_if<msg::Gossip>()) return on(from, *gossip);  // most are
    event.message.visit([this, &from](const auto& m) { on(from, m); });
}

void PeerMachine::handle(const TimerFired& event) {
    if (phase_ == Phase::leaving && event.tag.kind != TimerKind::leave_deadline) return;
    handle_timer(event.tag);
}

void PeerMachine::handle_timer(const TimerTag& tag) {
    if (tag.kind == TimerKind::probe) {
        return perform(NodeId{tag.key}, troubles().probes.timer(NodeId{tag.key}, tag.generation, now()));
    }
    if (tag.kind == TimerKind::refute_window || tag.kind == TimerKind::suspicion_retry) {
        return handle_suspicion_timer(tag);
    }
    const bool single =
        place(calm_timers, tag.kind) < calm_timers.size() || place(seldom_timers, tag.kind) < seldom_timers.size();
    if (!single || generation(tag.kind) != static_cast<Generation>(tag.generation)) return;
    switch (tag.kind) {
        case TimerKind::registration:
            return handle_registration_timer();
        case TimerKind::lease:
            return send_leases();
        case TimerKind::ping_round:
            return handle_ping_round();
        case TimerKind::link_dial:
            return expire_dials();
        case TimerKind::ring_check:
            return handle_ring_check();
        case TimerKind::generate:
            return handle_generate();
        case TimerKind::repair:
            return handle_repair();
        case TimerKind::announce:
            return handle_announce();
        case TimerKind::graft:
            return handle_graft();
        case TimerKind::delta_gap:
            return ask_for_delta();
        case TimerKind::rejoin:
            return begin_registration();
        case TimerKind::degree_report:
            return handle_degree_report();
        case TimerKind::leave_deadline:
            return handle_left();
        default:
            return;
    }
}

void PeerMachine::handle(const LinkLost& event) {
    if (phase_ == Phase::leaving) return;
    if (const auto seat = seat_of(event.node)) {
        registration().on_lost(*seat);
        return;
    }
    if (dials().find(event.node) != nullptr) dial_failed(event.node);
    neighbour_lost(event.node, event.reason);
}

void PeerMachine::handle(const Publish& event) {
    std::string_view why;
    if (!active()) why = "not a member of the network yet";
    if (why.empty()) why = dissemination_.refuse_publish(event.text, now(), config().gossip);
    if (!why.empty()) return notice({.kind = NoticeKind::publish_refused, .text = std::string(why)});
    publish(true, event.text);
}

// ---------------------------------------------------------------- helpers

Troubles& PeerMachine::troubles() {
    auto& troubles = own_rare().troubles;
    if (!troubles) troubles = std::make_unique<Troubles>(config().liveness);
    return *troubles;
}

const RareParts& PeerMachine::no_rare() {
    static const RareParts none;
    return none;
}

RareParts& PeerMachine::own_rare() const {
    if (!rare_) rare_ = std::make_unique<RareParts>();
    return *rare_;
}

void PeerMachine::refuse(NodeId from, std::string_view why) {
    notice({.kind = NoticeKind::refused_message, .other = from, .text = std::string(why)});
}

PeerMachine::Generation PeerMachine::generation(TimerKind kind) const {
    const std::size_t calm = place(calm_timers, kind);
    return calm < calm_timers.size() ? generations_[calm] : rare().generations.at(place(seldom_timers, kind));
}

PeerMachine::Generation& PeerMachine::own_generation(TimerKind kind) {
    const std::size_t calm = place(calm_timers, kind);
    return calm < calm_timers.size() ? generations_[calm] : own_rare().generations.at(place(seldom_timers, kind));
}

void PeerMachine::arm(TimerKind kind, Duration after, std::uint64_t key) {
    out_->timer(now() + after, {kind, ++own_generation(kind), key});
}

WallMs PeerMachine::wall() const {
    return std::chrono::floor<std::chrono::milliseconds>(now().time_since_epoch() + told().wall_offset).count();
}

// Uniform in 50 to 150 %.
Duration PeerMachine::jitter(Duration full) {
    return full / 2 + Duration(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(full.count()))));
}

}  // namespace gossip
