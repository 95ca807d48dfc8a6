#include "manager/view/cluster_view.hpp"

#include "protocol/notice_traits.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>
#include <iterator>

namespace gossip {
namespace {

// The node that an event is about: the notice's subject, or the node that raised it.
NodeId about(const NodeEvent& event) {
    return event.notice.subject == NodeId::none ? event.node : event.notice.subject;
}

}  // namespace

std::string_view state_name(NodeState state) {
    constexpr std::string_view names[] = {"starting", "alive",  "paused", "leaving",
                                          "left",     "killed", "died",   "elsewhere"};
    return names[static_cast<std::size_t>(state)];
}

std::string short_name(NodeId id) {
    const Endpoint e = endpoint(id);
    constexpr std::uint32_t loopback = 0x7f000001;
    return e.ip == loopback && !is_anonymous(id) ? std::to_string(e.port) : node_name(id);
}

std::string short_names(const std::vector<NodeId>& ids, std::size_t most) {
    std::string text;
    for (std::size_t i = 0; i < ids.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + short_name(ids[i]);
    if (ids.size() > most) text += " and " + std::to_string(ids.size() - most) + " more";
    return text;
}

std::size_t ProposalView::count(bool yes) const {
    return static_cast<std::size_t>(
        std::count_if(votes.begin(), votes.end(), [&](const auto& vote) { return vote.second.yes == yes; }));
}

NodeView& ClusterView::node(NodeId id) {
    NodeView& view = nodes_[id];
    view.id = id;
    return view;
}

const NodeView* ClusterView::find(NodeId id) const {
    const auto it = nodes_.find(id);
    return it == nodes_.end() ? nullptr : &it->second;
}

void ClusterView::node_started(NodeId id, Role role, const std::string& host) {
    NodeView fresh;
    fresh.id = id;
    fresh.role = role;
    fresh.state = NodeState::starting;
    fresh.host = host;
    if (const NodeView* before = find(id)) fresh.incarnation = before->incarnation;
    nodes_[id] = std::move(fresh);
}

void ClusterView::node_state(NodeId id, NodeState state, Moment at) {
    NodeView& view = node(id);
    view.state = state;
    if (at.mono_ns != 0 && (state == NodeState::paused || !is_running(state))) {
        endings_[id].at = at;
        endings_[id].state = state;
    }
    if (is_running(state)) return;
    view.registered = false;
    view.suspects.clear();
}

void ClusterView::apply(const NodeStatus& status) {
    NodeView& view = node(status.id);
    view.role = status.seed ? Role::seed : Role::peer;
    if (status.seed) {
        std::set<NodeId> members;
        for (const Member& member : status.members) members.insert(member.id);
        set_members(view, status.seed->epoch, status.seed->digest, std::move(members));
        view.voting = status.seed->voting;
    }
    if (status.peer) {
        view.registered = status.peer->registered;
        view.incarnation = status.peer->incarnation;
        view.epoch = status.peer->epoch;
        view.digest = status.peer->digest;
        view.links = {status.peer->links.begin(), status.peer->links.end()};
        std::erase_if(view.ring_links, [&](NodeId id) { return !view.links.contains(id); });
        if (status.peer->suspects == 0) view.suspects.clear();
    }
}

void ClusterView::note(ManagerNote note) {
    notes_.push_back(std::move(note));
    ++notes_taken_;
    if (notes_.size() > note_limit) notes_.pop_front();
}

// A status can be older than an event that arrived before it, so a lower epoch is ignored.
void ClusterView::set_members(NodeView& seed, Epoch epoch, const Digest& digest, std::set<NodeId> members) {
    if (seed.list_known && epoch < seed.epoch) return;
    seed.list_known = true;
    seed.epoch = epoch;
    seed.digest = digest;
    seed.members = std::move(members);
    listed_.insert(seed.members.begin(), seed.members.end());
    for (const NodeId id : seed.members) node(id).role = Role::peer;
}

void ClusterView::apply(const NodeEvent& event) {
    NodeView& view = node(event.node);
    apply_seed(event, view);
    apply_peer(event, view);
    apply_gossip(event);
    apply_proposal(event);
    remember_life(event);
    remember_sign(event);
}

void ClusterView::apply_seed(const NodeEvent& event, NodeView& seed) {
    const Notice& n = event.notice;
    switch (n.kind) {
        case NoticeKind::seed_started:
            seed.role = Role::seed;
            break;
        case NoticeKind::seed_voting:
            seed.voting = true;
            break;
        case NoticeKind::seed_waiting:
            seed.voting = false;
            break;
        case NoticeKind::seed_unreachable:
            seed.unreachable.insert(n.other);
            break;
        case NoticeKind::seed_reached:
            seed.unreachable.erase(n.other);
            break;
        case NoticeKind::epoch_applied:
            set_members(seed, n.epoch, n.digest, {n.ids.begin(), n.ids.end()});
            break;
        case NoticeKind::member_added:
            listed_.insert(n.subject);
            if (NodeView& peer = node(n.subject); peer.incarnation < n.incarnation) peer.incarnation = n.incarnation;
            nodes_[n.subject].role = Role::peer;
            break;
        default:
            break;
    }
}

// A peer may still suspect a node that the seeds have removed, because it learns of the removal later. Its events
// can also arrive after those of the seeds.
bool ClusterView::removed(NodeId id, Incarnation life) const {
    const auto last = removed_.find(id);
    return last != removed_.end() && life != Incarnation::none && life <= last->second;
}

void ClusterView::apply_peer(const NodeEvent& event, NodeView& peer) {
    const Notice& n = event.notice;
    switch (n.kind) {
        case NoticeKind::registration_complete:
            peer.registered = true;
            peer.epoch = std::max(peer.epoch, n.epoch);
            break;
        case NoticeKind::removed_self:
            peer.registered = false;
            break;
        case NoticeKind::epoch_learned:
            peer.epoch = std::max(peer.epoch, n.epoch);
            break;
        case NoticeKind::link_up:
            peer.links.insert(n.other);
            if (n.link == LinkKind::ring) peer.ring_links.insert(n.other);
            break;
        case NoticeKind::link_down:
            peer.links.erase(n.other);
            peer.ring_links.erase(n.other);
            break;
        case NoticeKind::suspected:
            if (!removed(n.subject, n.incarnation)) peer.suspects.insert(n.subject);
            break;
        case NoticeKind::suspicion_cancelled:
        case NoticeKind::peer_consensus:
            peer.suspects.erase(n.subject);
            break;
        case NoticeKind::member_removed:
            for (auto& [id, view] : nodes_) view.suspects.erase(n.subject);
            removed_[n.subject] = std::max(removed_[n.subject], n.incarnation);
            break;
        default:
            break;
    }
}

RumorView& ClusterView::rumor(const NodeEvent& event) {
    const RumorPtr& rumor = event.notice.rumor;
    const auto [it, fresh] = rumor_index_.try_emplace(rumor->id, rumors_.end());
    if (fresh) {
        it->second = rumors_.insert(rumors_.end(), {rumor, event.mono_ns, {}, {}, false});
        if (next_to_forget_ == rumors_.end()) next_to_forget_ = it->second;
    }
    return *it->second;
}

ClusterView::Rumors::iterator ClusterView::forget(Rumors::iterator rumor) {
    receipts_ -= rumor->receipts.size();
    rumor_index_.erase(rumor->rumor->id);
    return rumors_.erase(rumor);
}

void ClusterView::forget_a_rumor() {
    while (next_to_forget_ != rumors_.end() && next_to_forget_->said) {
        ++next_to_forget_;
        ++kept_;
    }
    if (kept_ > said_limit || next_to_forget_ == rumors_.end()) {
        forget(rumors_.begin());
        --kept_;
    } else {
        next_to_forget_ = forget(next_to_forget_);
    }
}

void ClusterView::forget_old_rumors() {
    while (rumors_.size() - kept_ > rumor_limit || (receipts_ > receipt_limit && rumors_.size() > 1)) {
        forget_a_rumor();
    }
}

void ClusterView::apply_gossip(const NodeEvent& event) {
    const Notice& n = event.notice;
    if (!n.rumor) return;
    switch (n.kind) {
        case NoticeKind::generated:
        case NoticeKind::said: {
            RumorView& view = rumor(event);
            view.rumor = n.rumor;  // the origin's copy has all fields; a receipt may have arrived first
            view.mono_ns = event.mono_ns;
            if (view.receipts.try_emplace(event.node, Receipt{event.node, {}, 0, 0, event.mono_ns, false}).second) {
                ++receipts_;
            }
            view.said = view.said || n.kind == NoticeKind::said;
            if (view.said) last_ = n.rumor->id;
            break;
        }
        case NoticeKind::delivered: {
            const Receipt receipt{event.node, n.other, n.hop, n.latency_ms, event.mono_ns, n.yes};
            if (rumor(event).receipts.try_emplace(event.node, receipt).second) ++receipts_;
            break;
        }
        case NoticeKind::duplicate:
            ++rumor(event).duplicates[event.node];
            break;
        default:
            break;
    }
    forget_old_rumors();
}

ProposalView& ClusterView::proposal(const NodeEvent& event) {
    const Notice& n = event.notice;
    const auto same = [&](const ProposalView& p) {
        return p.id == n.proposal && p.subject == n.subject && p.add == n.add;
    };
    const auto it = std::find_if(proposals_.rbegin(), proposals_.rend(), same);
    if (it != proposals_.rend()) return *it;
    if (proposals_.size() == proposal_limit) proposals_.pop_front();
    ProposalView fresh;
    fresh.id = n.proposal;
    fresh.subject = n.subject;
    fresh.add = n.add;
    fresh.mono_ns = event.mono_ns;
    fresh.wall = event.wall;
    return proposals_.emplace_back(std::move(fresh));
}

void ClusterView::apply_proposal(const NodeEvent& event) {
    const Notice& n = event.notice;
    const auto decide = [&](ProposalOutcome outcome) {
        ProposalView& view = proposal(event);
        if (view.outcome == ProposalOutcome::approved) return;  // a decision is final
        view.outcome = outcome;
        view.decided_ns = event.mono_ns;
        view.epoch = n.epoch;
        view.reason = n.text;
        view.need = n.need;
    };
    switch (n.kind) {
        case NoticeKind::proposal_opened: {
            ProposalView& view = proposal(event);
            view.proposer = event.node;
            view.reporter = n.other;
            view.need = n.need;
            view.mono_ns = event.mono_ns;
            view.votes.try_emplace(event.node, CastVote{true, {}, event.mono_ns});
            break;
        }
        case NoticeKind::vote_cast:
            proposal(event).votes.insert_or_assign(event.node, CastVote{n.yes, n.text, event.mono_ns});
            break;
        case NoticeKind::vote_received:
            proposal(event).votes.try_emplace(n.other, CastVote{n.yes, n.text, event.mono_ns});
            break;
        case NoticeKind::approved:
            decide(ProposalOutcome::approved);
            break;
        case NoticeKind::rejected:
            decide(ProposalOutcome::rejected);
            break;
        case NoticeKind::outcome_unknown:
            decide(ProposalOutcome::unknown);
            break;
        default:
            break;
    }
}

// Events of one node arrive in order and those of several nodes nearly so: search from the back.
void ClusterView::remember_life(const NodeEvent& event) {
    if (!refusal_meaning(event.notice).empty()) refusals_.push_back(event);
    if (refusals_.size() > refusal_limit) refusals_.pop_front();
    if (!traits(event.notice.kind).read_by(notice_reader::trace)) return;
    std::deque<NodeEvent>& life = lives_[about(event)];
    auto at = life.end();
    while (at != life.begin() && std::prev(at)->mono_ns > event.mono_ns) --at;
    life.insert(at, event);
    if (life.size() > life_limit) life.pop_front();
}

void ClusterView::remember_sign(const NodeEvent& event) {
    const Notice& n = event.notice;
    const Moment at{event.mono_ns, event.wall};
    if (n.kind == NoticeKind::suspected) {
        Ending& ending = endings_[n.subject];
        if (!std::exchange(ending.suspected, true)) ending.last_sign = signs_[n.subject];
    }
    const auto ending = n.kind == NoticeKind::member_added ? endings_.find(n.subject) : endings_.end();
    if (ending != endings_.end()) ending->second.suspected = false;
    signs_[event.node] = {at, event.node};
    const bool had_message = n.kind == NoticeKind::delivered || n.kind == NoticeKind::duplicate;
    if (had_message) signs_[n.other] = {at, event.node};
}

const Ending* ClusterView::ending(NodeId id) const {
    const auto it = endings_.find(id);
    return it == endings_.end() ? nullptr : &it->second;
}

const std::deque<NodeEvent>* ClusterView::life(NodeId id) const {
    const auto it = lives_.find(id);
    return it == lives_.end() ? nullptr : &it->second;
}

const std::set<NodeId>& Agreement::members() const {
    static const std::set<NodeId> nobody;
    return holder == nullptr ? nobody : holder->members;
}

Agreement ClusterView::agreement() const {
    std::map<std::pair<Epoch, Digest>, Agreement> lists;
    for (const auto& [id, view] : nodes_) {
        if (view.role != Role::seed || view.state != NodeState::alive || !view.list_known) continue;
        Agreement& list = lists[{view.epoch, view.digest}];
        ++list.supporters;
        list.epoch = view.epoch;
        list.digest = view.digest;
        list.holder = &view;
    }
    Agreement best;
    for (const auto& [key, list] : lists) {
        if (list.supporters >= best.supporters) best = list;
    }
    best.need = majority(seed_count_);
    return best;
}

std::set<NodeId> ClusterView::live_registered() const {
    std::set<NodeId> live;
    for (const NodeId id : agreement().members()) {
        const NodeView* view = find(id);
        if (view != nullptr && view->state == NodeState::alive) live.insert(id);
    }
    return live;
}

std::map<NodeId, std::set<NodeId>> ClusterView::two_sided_links(const std::set<NodeId>& among) const {
    std::map<NodeId, std::set<NodeId>> links;
    for (const NodeId a : among) {
        std::set<NodeId>& mine = links[a];
        for (const NodeId b : find(a)->links) {
            const NodeView* other = among.contains(b) ? find(b) : nullptr;
            if (other != nullptr && other->links.contains(a)) mine.insert(b);
        }
    }
    return links;
}

const RumorView* ClusterView::find_rumor(std::string_view name) const {
    const std::string id(name == "last" ? std::string_view(last_) : name);
    if (id.empty()) return nullptr;
    const auto exact = rumor_index_.find(id);
    if (exact != rumor_index_.end()) return &*exact->second;
    const std::string suffix = ":" + id;
    const auto it = std::find_if(rumors_.rbegin(), rumors_.rend(),
                                 [&](const RumorView& view) { return view.rumor->id.ends_with(suffix); });
    return it == rumors_.rend() ? nullptr : &*it;
}

// Several seeds may propose the same change at once, and each reports its proposal as approved when the change is
// decided. The approved one with the most votes stands for all of them, until the change is proposed again.
const ProposalView* ClusterView::latest_proposal(NodeId subject, bool add) const {
    const ProposalView* latest = nullptr;
    const ProposalView* approved = nullptr;
    for (const ProposalView& p : proposals_) {
        if (p.subject != subject || p.add != add) continue;
        latest = &p;
        if (p.outcome != ProposalOutcome::approved) continue;
        const bool same_decision = approved != nullptr && p.epoch == approved->epoch;
        if (!same_decision || p.count(true) > approved->count(true)) approved = &p;
    }
    return approved != nullptr && latest->mono_ns <= approved->decided_ns ? approved : latest;
}

}  // namespace gossip
