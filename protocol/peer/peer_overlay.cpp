// Links: opening, accepting, mending and replacing them.

#include "protocol/canonical.hpp"
#include "protocol/overlay.hpp"
#include "protocol/peer/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr Duration first_candidate_delay = std::chrono::milliseconds(250);
constexpr Duration last_candidate_delay = std::chrono::seconds(5);
constexpr Duration degree_debounce = std::chrono::seconds(1);
constexpr std::size_t record_successors_limit = 64;

bool holds(std::span<const NodeId> ids, NodeId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

// ---------------------------------------------------------------- what is wanted

// Links we asked for take a place until they are answered.
bool PeerMachine::has_room(bool ring) const {
    return links_.degree() + dials().all().size() < degree_limit(config().overlay, ring);
}

// Nodes that are not to be dialled now, ascending.
std::vector<NodeId> PeerMachine::unavailable() const {
    std::vector<NodeId> ids = dials().backed_off(now());
    ids.push_back(self());
    for (const Link& link : links_.all()) ids.push_back(link.id);
    for (const Dial& dial : dials().all()) ids.push_back(dial.id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

void PeerMachine::maintain_overlay() {
    if (!active()) return;
    if (uses_ring(config().overlay.strategy)) {
        dial_ring();
        demote_ring_links();
    }
    dial_preferential();
    arm_overlay_timers();
    announce_overlay();
}

// The ring link is never optional: whoever is the nearest successor that answers gets one.
void PeerMachine::dial_ring() {
    const NodeId target = ring_target(view_.successors(), dials().backed_off(now()));
    const bool served = target == NodeId::none || links_.find(target) != nullptr || dials().find(target) != nullptr;
    if (!served && dials().all().size() < Dials::limit && has_room(true)) dial(target, LinkKind::ring);
}

void PeerMachine::dial_preferential() {
    const auto in_hand = [this] {
        const auto all = dials().all();
        return std::count_if(all.begin(), all.end(), [](const Dial& d) { return d.kind != LinkKind::ring; });
    };
    if (wanted() == 0 && links_.degree() < config().overlay.floor && dials().all().empty()) want(1);
    while (wanted() > in_hand() && dials().all().size() < Dials::limit && has_room(false)) {
        const NodeId target = choose_link(config().overlay, view_.candidates(), unavailable(), rng_);
        if (target == NodeId::none) return;
        dial(target, LinkKind::preferential);
    }
}

// A link to a successor that is no longer the nearest goes, once the nearer one is linked, knows the
// former as its own successor, and neither end is left with fewer links than a joiner opens.
void PeerMachine::demote_ring_links() {
    if (view_.successors().empty()) return;
    const Link* nearest = links_.find(view_.successors().front());
    if (nearest == nullptr) return;
    const RecordPtr nearest_record = record_of(*nearest);
    if (nearest_record == nullptr) return;
    std::vector<NodeId> former;
    for (const Link& link : links_.all()) {
        if (link.kind != LinkKind::ring || link.id == nearest->id || link.degree <= config().overlay.links) continue;
        const RecordPtr record = record_of(link);
        if (record == nullptr || record->successors.empty() || record->successors.front() == self()) continue;
        if (holds(nearest_record->successors, link.id)) {
            former.push_back(link.id);
        }
    }
    for (const NodeId id : former) {
        if (links_.degree() <= config().overlay.links) return;
        out_->send(id, msg::Unlink{"ring moved"});
        link_down(id, "ring moved", false);
    }
}

// Too few others are known to find the links wanted.
bool PeerMachine::starved() const {
    if (links_.degree() == 0) return true;
    const std::size_t others = view_.members() > 0 ? view_.members() - 1 : 0;
    if (view_.successors().size() < std::min<std::size_t>(2, others)) return true;
    return wanted() > 0 && dials().all().empty() && others > links_.degree();
}

void PeerMachine::arm_overlay_timers() {
    const bool waits = wanted() > 0 || !dials().all().empty() || uses_ring(config().overlay.strategy);
    const auto next = dials().next_deadline(now());
    if (waits && next && (rare().overlay_due <= now() || *next < rare().overlay_due)) {
        own_rare().overlay_due = *next;
        arm(TimerKind::link_dial, *next - now());
    }
    if (!starved()) {
        if (Troubles* troubles = any_troubles()) troubles->candidate_delay = {};
    } else if (!candidates_due_) {
        candidates_due_ = true;
        Duration& delay = troubles().candidate_delay;
        delay = std::clamp<Duration>(delay * 2, first_candidate_delay, last_candidate_delay);
        arm(TimerKind::ring_check, jitter(delay));
    }
}

// In a join storm the list may have held nobody when we were registered: ask again, and again.
void PeerMachine::handle_ring_check() {
    candidates_due_ = false;
    overlay_stale_ = true;
    if (active() && starved()) out_->send(some_seed(), msg::GetCandidates{self()});
}

void PeerMachine::announce_overlay() {
    if (overlay_announced_ || links_.degree() == 0 || !dials().all().empty()) return;
    overlay_announced_ = true;
    notice(
        {.kind = NoticeKind::overlay_built, .count = static_cast<std::uint32_t>(links_.degree()), .ids = links_.ids()});
}

// ---------------------------------------------------------------- dialling

void PeerMachine::dial(NodeId id, LinkKind kind) {
    const Candidate* known = view_.candidate(id);
    const ProtocolVersion protocol = known != nullptr ? known->protocol : ProtocolVersion{1};
    own_rare().dials.begin(id, kind, protocol, now());
    if (protocol == 0) {
        ping(id);  // it has no LINK_REQUEST: that it answers is the link
    } else {
        send_link_request(id, kind);
    }
}

void PeerMachine::send_link_request(NodeId id, LinkKind kind) {
    const auto degree = static_cast<std::uint32_t>(links_.degree());
    out_->send(id, msg::LinkRequest{kind, incarnation(), degree, own_record()});
}

std::optional<Dial> PeerMachine::end_dial(NodeId id) { return rare_ ? rare_->dials.end(id) : std::nullopt; }

void PeerMachine::count_answer(const std::optional<Dial>& dial) {
    if (dial && dial->kind != LinkKind::ring && wanted() > 0) want(wanted() - 1);
}

void PeerMachine::dial_failed(NodeId id) {
    if (!end_dial(id)) return;
    own_rare().dials.back_off(id, now(), rng_);
    overlay_stale_ = true;
}

void PeerMachine::expire_dials() {
    overlay_stale_ = true;
    Dials& dials = own_rare().dials;
    for (const Dial& dial : dials.expire(now())) dials.back_off(dial.id, now(), rng_);
}

// ---------------------------------------------------------------- messages

// Why this LINK_REQUEST is not accepted; empty when it is.
std::string_view PeerMachine::refuse_link(const Sender& from, const msg::LinkRequest& m) const {
    if (m.record.peer != from.node || m.record.incarnation != m.incarnation) return "not its own record";
    if (view_.removed(from.node, m.incarnation)) return "removed";
    if (phase_ != Phase::active && phase_ != Phase::registering) return "not in the network";
    const Link* known = links_.find(from.node);
    if (known != nullptr && links_.details(*known).incarnation > m.incarnation) return "a later life is known";
    const bool expected = known != nullptr || dials().find(from.node) != nullptr;
    return expected || has_room(m.kind == LinkKind::ring) ? "" : "full";
}

void PeerMachine::on(const Sender& from, const msg::LinkRequest& m) {
    if (from.anonymous() || seat_of(from.node)) return refuse(from.reply, "LINK_REQUEST from a node that cannot link");
    if (const std::string_view why = refuse_link(from, m); !why.empty()) {
        const bool full = why == "full";
        out_->send(from.reply, msg::LinkReject{std::string(why), full ? redirects(links_.ids(), from.node, rng_)
                                                                      : std::vector<NodeId>{}});
        return;
    }
    const auto dial = end_dial(from.node);
    count_answer(dial);
    link_up(from.node, m.kind == LinkKind::implied ? LinkKind::preferential : m.kind, m.incarnation, 1, m.record);
    if (dial) link_up(from.node, dial->kind, m.incarnation, 1, m.record);
    Link* link = links_.find(from.node);
    link->set_degree(m.degree);
    out_->send(from.reply,
               msg::LinkAccept{link->kind, incarnation(), static_cast<std::uint32_t>(links_.degree()), own_record()});
    links_.own_details(*link).told = told().record_version;
    ping(from.node);
}

void PeerMachine::on(const Sender& from, const msg::LinkAccept& m) {
    const auto dial = end_dial(from.node);
    const Link* known = links_.find(from.node);
    if (from.anonymous() || (!dial && known == nullptr)) {
        out_->send(from.reply, msg::Unlink{"not asked for"});
        return;
    }
    count_answer(dial);
    if (view_.removed(from.node, m.incarnation)) return;
    link_up(from.node, m.kind, m.incarnation, 1, m.record);
    links_.find(from.node)->set_degree(m.degree);
    if (!dial) return;
    ping(from.node);
    send_digest(from.node);
}

void PeerMachine::on(const Sender& from, const msg::LinkReject& m) {
    const auto dial = end_dial(from.node);
    const Link* link = links_.find(from.node);
    if (!dial && (link == nullptr || !link->mending)) return;
    overlay_stale_ = true;
    notice({.kind = NoticeKind::link_refused, .other = from.node, .text = m.reason});
    if (m.reason == "removed") degree_changed();  // are we still in the list? the seeds' answer to a lease tells
    if (link != nullptr) link_down(from.node, m.reason, true);
    if (!dial) return;
    own_rare().dials.back_off(from.node, now(), rng_);
    if (dial->kind != LinkKind::ring) dial_redirect(m.redirects, dial->kind);
}

// The first place a full hub names that is new to us; it costs no more than a candidate of our own.
void PeerMachine::dial_redirect(std::span<const NodeId> redirects, LinkKind kind) {
    const std::vector<NodeId> taken = unavailable();
    const auto suits = [&](NodeId id) {
        const bool node = id != NodeId::none && !is_anonymous(id) && !seat_of(id);
        return node && !view_.gone(id) && !std::binary_search(taken.begin(), taken.end(), id);
    };
    redirects = redirects.first(std::min<std::size_t>(redirects.size(), 3));
    const auto at = std::find_if(redirects.begin(), redirects.end(), suits);
    if (at != redirects.end() && has_room(false)) dial(*at, kind);
}

void PeerMachine::on(const Sender& from, const msg::Unlink& m) {
    if (links_.find(from.node) == nullptr || from.anonymous()) return;
    if (m.reason == "leaving") view_.forget(from.node);
    link_down(from.node, "it said: " + m.reason.substr(0, 64), m.reason != "ring moved");
}

// ---------------------------------------------------------------- the table

void PeerMachine::link_up(NodeId id, LinkKind kind, Incarnation life, ProtocolVersion protocol,
                          const LinksRecord& record) {
    const bool fresh = links_.add(id, kind, life, protocol);
    Link* link = links_.find(id);
    if (const PublicKey* key = view_.key_of(id, life)) links_.own_details(*link).key = *key;
    accept_record(*link, record);
    if (!fresh) return;
    if (rare_) {
        rare_->dials.forgive(id);
        rare_->losses.heard(id);
    }
    notice({.kind = NoticeKind::link_up, .link = link->kind, .other = id});
    record_stale_ = true;
    degree_changed();
    // It cannot compare digests: what was said just before the link would never reach it.
    if (protocol == 0) hand_over(dissemination_.newest(), id, true);
}

// `replace`: by the overlay's rule, as for a link whose other end is gone.
void PeerMachine::link_down(NodeId id, std::string reason, bool replace) {
    const auto link = links_.remove(id);
    if (!link) return;
    if (rare_) rare_->losses.forget(id);
    if (Tree* tree = any_tree()) tree->lost(id);
    notice({.kind = NoticeKind::link_down, .other = id, .text = std::move(reason)});
    const bool lost = replace && link->kind != LinkKind::ring;
    if (lost && replaces_lost_link(config().overlay, links_.preferential(), rng_)) {
        want(std::min(wanted() + 1, config().overlay.links));
    }
    record_stale_ = true;
    degree_changed();
}

void PeerMachine::degree_changed() {
    overlay_stale_ = true;
    if (degree_due_ || !active()) return;
    degree_due_ = true;
    arm(TimerKind::degree_report, degree_debounce);
}

// Seeds weigh us by our degree, and neighbours must hold our newest record in case we die.
void PeerMachine::handle_degree_report() {
    degree_due_ = false;
    if (!active()) return;
    send_leases();
    const std::uint64_t version = newest_version();
    for (const Link& link : links_.all()) {
        if (link.protocol > 0 && links_.details(link).told < version) ping(link.id);
    }
}

const LinksRecord& PeerMachine::own_record() {
    if (!record_stale_) {
        RecordPtr& record = own_rare().record;
        if (record == nullptr) record = view_.standings()->record(self());
        return *record;
    }
    record_stale_ = false;
    auto record = std::make_shared<LinksRecord>();
    record->peer = self();
    record->incarnation = incarnation();
    record->version = ++own_told().record_version;
    record->links = links_.ids();
    record->successors.assign(view_.successors().begin(), view_.successors().end());
    record->signature = crypto().sign(self(), canonical_bytes(*record));
    own_rare().record = record;
    return *record;
}

std::uint64_t PeerMachine::newest_version() { return record_stale_ ? own_record().version : told().record_version; }

// Our record, if this neighbour has not been sent it.
std::vector<LinksRecord> PeerMachine::news_for(Link* link) {
    if (link == nullptr || link->protocol == 0) return {};
    if (links_.details(*link).told == newest_version()) return {};
    links_.own_details(*link).told = told().record_version;
    return {own_record()};
}

RecordPtr PeerMachine::record_of(const Link& link) const {
    return links_.details(link).described ? view_.standings()->record(link.id) : links_.details(link).record;
}

// Only the newest of this life, and signed by it where its key is known; seeds check it anyway.
void PeerMachine::accept_record(Link& link, const LinksRecord& record) {
    if (record.peer != link.id || record.incarnation != links_.details(link).incarnation) return;
    const RecordPtr known = record_of(link);
    if (record.version <= (known ? known->version : 0)) return;
    if (record.links.size() > config().overlay.cap || record.successors.size() > record_successors_limit) return;
    const auto& key = links_.details(link).key;
    if (key && !crypto().verify(*key, canonical_bytes(record), record.signature)) {
        return refuse(link.id, "links record with a bad signature");
    }
    LinkDetails& details = links_.own_details(link);
    details.record = std::make_shared<const LinksRecord>(record);
    details.described = false;
    overlay_stale_ = true;  // it may know the successor whose link we wait to give up
}

// Links have two sides: whoever is told that the other does not count it asks once more.
void PeerMachine::mend(const Sender& from, bool linked) {
    Link* link = links_.find(from.node);
    if (link == nullptr || link->protocol == 0 || linked) return;
    link->mending = true;
    send_link_request(link->id, link->kind);
}

// Protocol 0 knows no links: one exists when it answers us, or speaks to us as to a neighbour.
void PeerMachine::imply_link(const Sender& from) {
    const NodeId id = from.node;
    if (!active() || id == NodeId::none || id == self() || is_anonymous(id) || seat_of(id)) return;
    const auto dial = end_dial(id);
    count_answer(dial);
    if (links_.find(id) != nullptr || view_.gone(id)) return;
    const Candidate* known = view_.candidate(id);
    if (known != nullptr && known->protocol > 0) return;  // it would have said HELLO
    if (!dial && !has_room(false)) return;
    link_up(id, dial ? dial->kind : LinkKind::implied, Incarnation::none, 0, {});
}

}  // namespace gossip
