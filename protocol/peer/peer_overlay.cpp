#include "protocol/peer/peer_overlay.hpp"

#include "protocol/canonical.hpp"
#include "protocol/overlay.hpp"
#include "protocol/peer/parting.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr Duration first_candidate_delay = std::chrono::milliseconds(250);
constexpr Duration last_candidate_delay = std::chrono::seconds(5);
constexpr Duration degree_debounce = std::chrono::seconds(1);
constexpr std::size_t record_successors_limit = 64;
constexpr std::size_t redirects_followed = 3;
constexpr std::size_t reason_limit = 64;  // bytes of a neighbour's text that are repeated

bool holds(std::span<const NodeId> ids, NodeId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

// ---------------------------------------------------------------- lives

void PeerOverlay::start_from(const SnapshotBasis& basis) {
    links_.restore(basis.links, basis.details);
    record_version_ = basis.record_version;
    record_stale_ = false;
    announced_ = true;
}

RecordPtr PeerOverlay::published(const View& view) const {
    return building_->record != nullptr ? building_->record : view.source().record(view.self());
}

SnapshotBasis PeerOverlay::snapshot(const View& view) const {
    SnapshotBasis basis{.incarnation = view.incarnation(),
                        .epoch = view.epoch(),
                        .digest = CopyOnWrite(view.digest()),
                        .record_version = record_version_,
                        .seed_keys = view.state().seed_keys};
    for (const Link& link : links_.all()) {
        const LinkDetails& details = links_.details(link);
        basis.details.add({.incarnation = details.incarnation,
                           .sent_version = record_version_,
                           .record = details.in_snapshot ? view.source().record(link.id) : details.record});
        Link copy{.id = link.id, .kind = link.kind};
        copy.degree = link.degree;
        basis.links.push_back(copy);
    }
    return basis;
}

void PeerOverlay::begin(PeerTurn& t) {
    Building& building = building_.ensure();
    building.wanted = links_to_open(t.config.overlay, t.self, t.view.others());
    building.candidate_delay = {};
}

void PeerOverlay::end_own_life(PeerTurn& t) {
    for (const NodeId id : links_.ids()) {
        t.send(id, msg::Unlink{gossip::text_of(Parting::removed)});
        link_down(t, id, "removed from the list", false);
    }
    record_stale_ = true;
    announced_ = false;
}

// Links are of one life: a restarted peer starts without them.
void PeerOverlay::end_former_lives(PeerTurn& t, NodeId peer, Incarnation life) {
    const Link* link = links_.find(peer);
    if (link == nullptr || link->protocol == 0 || links_.details(*link).incarnation >= life) return;
    link_down(t, peer, "it restarted", true);
}

void PeerOverlay::end_life(PeerTurn& t, NodeId peer, Incarnation life) {
    const Link* link = links_.find(peer);
    if (link == nullptr || links_.details(*link).incarnation > life) return;
    link_down(t, peer, "removed from the list", true);
}

// ---------------------------------------------------------------- what is wanted

// Links we asked for take a place until they are answered.
bool PeerOverlay::has_room(const PeerTurn& t, bool ring) const {
    return links_.degree() + building_->dials.all().size() < degree_limit(t.config.overlay, ring);
}

// Nodes that are not to be dialled now, ascending.
std::vector<NodeId> PeerOverlay::unavailable(const PeerTurn& t) const {
    std::vector<NodeId> ids = building_->dials.backed_off(t.now);
    ids.push_back(t.self);
    for (const Link& link : links_.all()) ids.push_back(link.id);
    for (const Dial& dial : building_->dials.all()) ids.push_back(dial.id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

void PeerOverlay::maintain(PeerTurn& t) {
    if (!t.active()) return;
    if (t.config.overlay.strategy->ring()) {
        dial_ring(t);
        demote_ring_links(t);
    }
    dial_preferential(t);
    arm_dial_timer(t);
    ask_if_starved(t);
    announce(t);
}

// The ring link is never optional: whoever is the nearest successor that answers gets one.
void PeerOverlay::dial_ring(PeerTurn& t) {
    const Dials& dials = building_->dials;
    const NodeId target = ring_target(t.view.successors(), dials.backed_off(t.now));
    const bool served = target == NodeId::none || links_.find(target) != nullptr || dials.find(target) != nullptr;
    if (!served && dials.all().size() < Dials::limit && has_room(t, true)) dial(t, target, LinkKind::ring);
}

void PeerOverlay::dial_preferential(PeerTurn& t) {
    const auto all = [this] { return building_->dials.all(); };
    const auto in_hand = [&all] {
        return std::ranges::count_if(all(), [](const Dial& d) { return d.kind != LinkKind::ring; });
    };
    const OverlayConfig& overlay = t.config.overlay;
    if (building_->wanted == 0 && links_.degree() < fewest_links(overlay) && all().empty()) {
        building_.ensure().wanted = 1;
    }
    while (building_->wanted > in_hand() && all().size() < Dials::limit && has_room(t, false)) {
        const auto excluded = overlay.strategy->repeats() ? building_->dials.backed_off(t.now) : unavailable(t);
        const NodeId target = choose_link({overlay, t.view.candidates(), excluded, t.self}, t.rng);
        if (target == NodeId::none) return;
        if (links_.find(target) != nullptr || dials(target)) {
            --building_.ensure().wanted;  // drawn again: it opens no link
        } else {
            dial(t, target, LinkKind::preferential);
        }
    }
}

// A link to a successor that is no longer the nearest goes, once the nearer one is linked, knows the
// former as its own successor, and neither end is left with fewer links than a joiner opens.
void PeerOverlay::demote_ring_links(PeerTurn& t) {
    if (t.view.successors().empty()) return;
    const Link* nearest = links_.find(t.view.successors().front());
    if (nearest == nullptr) return;
    const RecordPtr nearest_record = t.record_of(*nearest);
    if (nearest_record == nullptr) return;
    std::vector<NodeId> former;
    for (const Link& link : links_.all()) {
        if (link.kind != LinkKind::ring || link.id == nearest->id || link.degree <= t.config.overlay.links) continue;
        const RecordPtr record = t.record_of(link);
        if (record == nullptr || record->successors.empty() || record->successors.front() == t.self) continue;
        if (holds(nearest_record->successors, link.id)) former.push_back(link.id);
    }
    for (const NodeId id : former) {
        if (links_.degree() <= t.config.overlay.links) return;
        t.send(id, msg::Unlink{gossip::text_of(Parting::ring_moved)});
        link_down(t, id, gossip::text_of(Parting::ring_moved), false);
    }
}

// Too few others are known to find the links wanted.
bool PeerOverlay::starved(const PeerTurn& t) const {
    if (links_.degree() == 0) return true;
    if (t.view.successors().size() < std::min<std::size_t>(2, t.view.others())) return true;
    return building_->wanted > 0 && building_->dials.all().empty() && t.view.others() > links_.degree();
}

void PeerOverlay::arm_dial_timer(PeerTurn& t) {
    const Dials& dials = building_->dials;
    const bool waits = building_->wanted > 0 || !dials.all().empty() || t.config.overlay.strategy->ring();
    const auto next = dials.next_deadline(t.now);
    if (!waits || !next || (building_->dial_timer > t.now && *next >= building_->dial_timer)) return;
    building_.ensure().dial_timer = *next;
    t.arm(TimerKind::link_dial, *next - t.now);
}

// In a join storm the list may have held nobody when we were registered: ask again, and again.
void PeerOverlay::ask_if_starved(PeerTurn& t) {
    if (!starved(t)) {
        if (Building* building = building_.if_any()) building->candidate_delay = {};
        return;
    }
    if (candidates_due_) return;
    candidates_due_ = true;
    Duration& delay = building_.ensure().candidate_delay;
    delay = std::clamp<Duration>(delay * 2, first_candidate_delay, last_candidate_delay);
    t.arm(TimerKind::ring_check, t.rng.jitter(delay));
}

void PeerOverlay::handle_ring_check(PeerTurn& t) {
    candidates_due_ = false;
    t.overlay_changed = true;
    if (t.active() && starved(t)) t.raise(fact::CandidatesWanted{});
}

void PeerOverlay::announce(PeerTurn& t) {
    if (announced_ || links_.degree() == 0 || !building_->dials.all().empty()) return;
    announced_ = true;
    t.notice({.kind = NoticeKind::overlay_built, .count = t.degree(), .ids = links_.ids()});
}

// ---------------------------------------------------------------- dialling

void PeerOverlay::dial(PeerTurn& t, NodeId peer, LinkKind kind) {
    const Candidate* known = t.view.candidate(peer);
    const ProtocolVersion protocol = known != nullptr ? known->protocol : ProtocolVersion{1};
    building_.ensure().dials.begin(peer, kind, protocol, t.now);
    if (protocol == 0) {
        t.raise(fact::PingDue{peer});  // it has no LINK_REQUEST: that it answers is the link
    } else {
        send_link_request(t, peer, kind);
    }
}

void PeerOverlay::send_link_request(PeerTurn& t, NodeId peer, LinkKind kind) {
    t.send(peer, msg::LinkRequest{kind, t.incarnation(), t.degree(), current_record(t)});
}

std::optional<Dial> PeerOverlay::end_dial(NodeId peer) {
    Building* building = building_.if_any();
    return building != nullptr ? building->dials.end(peer) : std::nullopt;
}

void PeerOverlay::count_answer(const std::optional<Dial>& dial) {
    if (dial && dial->kind != LinkKind::ring && building_->wanted > 0) --building_.ensure().wanted;
}

// Of a link that the other end opened.
void PeerOverlay::count_accepted(const PeerTurn& t) {
    if (building_->wanted > 0 && t.config.overlay.strategy->counts_accepted()) --building_.ensure().wanted;
}

void PeerOverlay::handle_dial_failed(PeerTurn& t, NodeId peer) {
    if (!end_dial(peer)) return;
    building_.ensure().dials.back_off(peer, t.now, t.rng);
    t.overlay_changed = true;
}

void PeerOverlay::handle_dial_timer(PeerTurn& t) {
    t.overlay_changed = true;
    Dials& dials = building_.ensure().dials;
    for (const Dial& dial : dials.expire(t.now)) dials.back_off(dial.id, t.now, t.rng);
}

// ---------------------------------------------------------------- messages

std::string_view PeerOverlay::text_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::none:
            return "";
        case Refusal::no_member:
            return "no member's credential";
        case Refusal::not_its_record:
            return "not its own record";
        case Refusal::removed:
            return parting_texts[static_cast<std::size_t>(Parting::removed)];
        case Refusal::not_in_network:
            return "not in the network";
        case Refusal::later_life_known:
            return "a later life is known";
        case Refusal::full:
            return "full";
    }
    return "?";
}

PeerOverlay::Refusal PeerOverlay::judge(const PeerTurn& t, const Sender& from, const msg::LinkRequest& m) const {
    if (!from.proven()) return Refusal::no_member;
    if (m.record.peer != from.node || m.record.incarnation != m.incarnation) return Refusal::not_its_record;
    if (t.view.removed(from.node, m.incarnation)) return Refusal::removed;
    if (!t.active() && t.phase != PeerPhase::registering) return Refusal::not_in_network;
    const Link* known = links_.find(from.node);
    if (known != nullptr && links_.details(*known).incarnation > m.incarnation) return Refusal::later_life_known;
    const bool expected = known != nullptr || dials(from.node);
    return expected || has_room(t, m.kind == LinkKind::ring) ? Refusal::none : Refusal::full;
}

void PeerOverlay::on_link_request(PeerTurn& t, const Sender& from, const msg::LinkRequest& m) {
    if (t.seat_of(from.node)) return t.refuse(from.reply, "LINK_REQUEST from a seed");
    if (const Refusal refusal = judge(t, from, m); refusal != Refusal::none) {
        std::vector<NodeId> others;
        if (refusal == Refusal::full) others = redirects(links_.ids(), from.node, t.rng);
        return t.send(from.reply, msg::LinkReject{std::string(text_of(refusal)), std::move(others)});
    }
    const auto dial = end_dial(from.node);
    count_answer(dial);
    if (!dial && links_.find(from.node) == nullptr) count_accepted(t);
    link_up(t, from.node, m.kind == LinkKind::implied ? LinkKind::preferential : m.kind, m.incarnation, 1, m.record);
    if (dial) link_up(t, from.node, dial->kind, m.incarnation, 1, m.record);
    Link* link = links_.find(from.node);
    link->set_degree(m.degree);
    t.send(from.reply, msg::LinkAccept{link->kind, t.incarnation(), t.degree(), current_record(t)});
    links_.mutable_details(*link).sent_version = record_version_;
    t.raise(fact::PingDue{from.node});
}

void PeerOverlay::on_link_accept(PeerTurn& t, const Sender& from, const msg::LinkAccept& m) {
    const auto dial = end_dial(from.node);
    if (!from.proven() || (!dial && links_.find(from.node) == nullptr)) {
        if (dial) building_.ensure().dials.back_off(from.node, t.now, t.rng);
        t.overlay_changed = true;
        return t.send(from.reply, msg::Unlink{from.proven() ? "not asked for" : "no member's credential"});
    }
    count_answer(dial);
    if (t.view.removed(from.node, m.incarnation)) return;
    link_up(t, from.node, m.kind, m.incarnation, 1, m.record);
    links_.find(from.node)->set_degree(m.degree);
    if (dial) t.raise(fact::LinkAccepted{from.node});
}

void PeerOverlay::on_link_reject(PeerTurn& t, const Sender& from, const msg::LinkReject& m) {
    const auto dial = end_dial(from.node);
    const Link* link = links_.find(from.node);
    if (!dial && (link == nullptr || !link->mending)) return;
    t.overlay_changed = true;
    t.notice({.kind = NoticeKind::link_refused, .other = from.node, .text = m.reason});
    if (parting_of(m.reason) == Parting::removed)
        degree_changed(t);  // are we still in the list? the seeds' answer to a lease tells
    if (link != nullptr) link_down(t, from.node, m.reason, true);
    if (!dial) return;
    building_.ensure().dials.back_off(from.node, t.now, t.rng);
    if (dial->kind != LinkKind::ring) dial_redirect(t, m.redirects, dial->kind);
}

// The first place a full hub names that is new to us; it costs no more than a candidate of our own.
void PeerOverlay::dial_redirect(PeerTurn& t, std::span<const NodeId> redirects, LinkKind kind) {
    const std::vector<NodeId> taken = unavailable(t);
    const auto suits = [&](NodeId id) {
        const bool node = id != NodeId::none && !is_anonymous(id) && !t.seat_of(id);
        return node && !t.view.gone(id) && !std::binary_search(taken.begin(), taken.end(), id);
    };
    redirects = redirects.first(std::min(redirects.size(), redirects_followed));
    const auto at = std::find_if(redirects.begin(), redirects.end(), suits);
    if (at != redirects.end() && has_room(t, false)) dial(t, *at, kind);
}

void PeerOverlay::on_unlink(PeerTurn& t, const Sender& from, const msg::Unlink& m) {
    if (links_.find(from.node) == nullptr || !from.proven()) return;
    const Parting why = parting_of(m.reason);
    if (why == Parting::leaving) t.raise(fact::Leaving{from.node});
    link_down(t, from.node, "it said: " + m.reason.substr(0, reason_limit), why != Parting::ring_moved);
}

bool PeerOverlay::take_news(PeerTurn& t, const fact::NeighbourNews& news) {
    Link* link = links_.find(news.from.node);
    if (link == nullptr) return false;
    if (news.incarnation > links_.details(*link).incarnation) {
        t.raise(fact::LifeBegan{news.from.node, news.incarnation});
        return false;
    }
    link->set_degree(news.degree);
    if (!news.record.empty()) accept_record(t, *link, news.record.front());
    if (!news.linked) mend(t, *link);
    return true;
}

// Protocol 0 knows no links: one exists when it answers us, or speaks to us as to a neighbour.
void PeerOverlay::imply_link(PeerTurn& t, NodeId peer) {
    if (!t.active() || peer == NodeId::none || peer == t.self || is_anonymous(peer) || t.seat_of(peer)) return;
    const auto dial = end_dial(peer);
    count_answer(dial);
    if (links_.find(peer) != nullptr || t.view.gone(peer)) return;
    const Candidate* known = t.view.candidate(peer);
    if (known != nullptr && known->protocol > 0) return;  // it would have said HELLO
    if (!dial && !has_room(t, false)) return;
    link_up(t, peer, dial ? dial->kind : LinkKind::implied, Incarnation::none, 0, {});
}

// ---------------------------------------------------------------- the table

void PeerOverlay::link_up(PeerTurn& t, NodeId peer, LinkKind kind, Incarnation life, ProtocolVersion protocol,
                          const LinksRecord& record) {
    const bool fresh = links_.add(peer, kind, life, protocol);
    Link* link = links_.find(peer);
    if (const PublicKey* key = t.view.key_of(peer, life)) links_.mutable_details(*link).key = *key;
    accept_record(t, *link, record);
    if (!fresh) return;
    if (Building* building = building_.if_any()) building->dials.forgive(peer);
    t.notice({.kind = NoticeKind::link_up, .link = link->kind, .other = peer});
    record_stale_ = true;
    degree_changed(t);
    t.raise(fact::LinkUp{peer, protocol});
}

void PeerOverlay::link_down(PeerTurn& t, NodeId peer, std::string reason, bool replace) {
    const auto link = links_.remove(peer);
    if (!link) return;
    t.notice({.kind = NoticeKind::link_down, .other = peer, .text = std::move(reason)});
    const bool lost = replace && link->kind != LinkKind::ring;
    const OverlayConfig& overlay = t.config.overlay;
    if (lost && overlay.strategy->replaces(overlay, {t.self, peer, links_.preferential()}, t.rng)) {
        const std::uint32_t most = overlay.strategy->links(overlay, t.self, t.view.others());
        building_.ensure().wanted = std::min(building_->wanted + 1, most);
    }
    record_stale_ = true;
    degree_changed(t);
    t.raise(fact::LinkDown{peer});
}

void PeerOverlay::degree_changed(PeerTurn& t) {
    t.overlay_changed = true;
    if (degree_due_ || !t.active()) return;
    degree_due_ = true;
    t.arm(TimerKind::degree_report, degree_debounce);
}

// Seeds weigh us by our degree, and neighbours must hold our newest record in case we die.
void PeerOverlay::handle_degree_report(PeerTurn& t) {
    degree_due_ = false;
    if (!t.active()) return;
    t.raise(fact::DegreeChanged{});
    const std::uint64_t version = newest_version(t);
    for (const Link& link : links_.all()) {
        if (link.protocol > 0 && links_.details(link).sent_version < version) t.raise(fact::PingDue{link.id});
    }
}

// Links have two sides: whoever is told that the other does not count it asks once more.
void PeerOverlay::mend(PeerTurn& t, Link& link) {
    if (link.protocol == 0) return;
    link.mending = true;
    send_link_request(t, link.id, link.kind);
}

// ---------------------------------------------------------------- records

const LinksRecord& PeerOverlay::current_record(PeerTurn& t) {
    RecordPtr& record = building_.ensure().record;
    if (!record_stale_) {
        if (record == nullptr) record = t.view.source().record(t.self);
        return *record;
    }
    record_stale_ = false;
    auto fresh = std::make_shared<LinksRecord>();
    fresh->peer = t.self;
    fresh->incarnation = t.incarnation();
    fresh->version = ++record_version_;
    fresh->links = links_.ids();
    fresh->successors.assign(t.view.successors().begin(), t.view.successors().end());
    fresh->signature = t.crypto.sign(t.self, canonical_bytes(*fresh));
    record = std::move(fresh);
    return *record;
}

std::uint64_t PeerOverlay::newest_version(PeerTurn& t) {
    return record_stale_ ? current_record(t).version : record_version_;
}

std::vector<LinksRecord> PeerOverlay::record_for(PeerTurn& t, NodeId peer) {
    Link* link = links_.find(peer);
    if (link == nullptr || link->protocol == 0) return {};
    if (links_.details(*link).sent_version == newest_version(t)) return {};
    links_.mutable_details(*link).sent_version = record_version_;
    return {current_record(t)};
}

// Only the newest of this life, and signed by it where its key is known; seeds check it anyway.
void PeerOverlay::accept_record(PeerTurn& t, Link& link, const LinksRecord& record) {
    if (record.peer != link.id || record.incarnation != links_.details(link).incarnation) return;
    const RecordPtr known = t.record_of(link);
    if (record.version <= (known ? known->version : 0)) return;
    if (record.links.size() > t.config.overlay.cap || record.successors.size() > record_successors_limit) return;
    const auto& key = links_.details(link).key;
    if (key && !t.crypto.verify(*key, canonical_bytes(record), record.signature)) {
        return t.refuse(link.id, "links record with a bad signature");
    }
    LinkDetails& details = links_.mutable_details(link);
    details.record = std::make_shared<const LinksRecord>(record);
    details.in_snapshot = false;
    t.overlay_changed = true;  // it may know the successor whose link we wait to give up
}

}  // namespace gossip
