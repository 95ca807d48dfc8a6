// The links that carry rumors, and those that only announce them: see Plumtree.

#include "protocol/peer/peer_dissemination.hpp"

#include <utility>

namespace gossip {

Plumtree& PeerDissemination::ensure_tree() {
    auto& tree = rest_.ensure().tree;
    if (!tree) tree = std::make_unique<Plumtree>();
    return *tree;
}

Plumtree* PeerDissemination::tree() {
    Rest* const rest = rest_.if_any();
    return rest != nullptr ? rest->tree.get() : nullptr;
}

void PeerDissemination::link_down(NodeId neighbour) {
    if (Plumtree* const tree = this->tree()) tree->lost(neighbour);
}

// ---------------------------------------------------------------- pruning

bool PeerDissemination::prunes(const PeerTurn& t) const {
    return t.config.gossip.mode->prunes(t.config.gossip, tree() != nullptr ? tree()->rate() : 0);
}

void PeerDissemination::prune_if_enough(PeerTurn& t, const Sender& from, const RumorPtr& rumor) {
    if (!prunes(t) || rumors_.count_copy(rumor->key) <= t.config.gossip.copies) return;
    Link* link = t.links.find(from.node);
    if (link == nullptr || link->lazy || link->protocol == 0) return;
    link->lazy = true;
    t.send(from.reply, msg::Prune{});
    t.notice({.kind = NoticeKind::pruned, .other = from.node});
}

void PeerDissemination::on_prune(PeerTurn& t, const Sender& from, const msg::Prune& /*m*/) {
    Link* link = t.links.find(from.node);
    if (link == nullptr || from.anonymous()) return t.refuse(from.reply, "pruned by a stranger");
    link->lazy = true;
}

// Each end of a link prunes it by its own messages, which may leave the other end with fewer copies than it wants.
void PeerDissemination::widen_if_short(PeerTurn& t, const RumorPtr& rumor) {
    if (!prunes(t) || t.config.gossip.copies == 1) return;
    const auto sample = ensure_tree().sample(rumor->key, t.now);
    const KeptRumor* kept = sample ? rumors_.store().find(*sample) : nullptr;
    if (kept == nullptr || !ensure_tree().short_of_copies(kept->copies < t.config.gossip.copies)) return;
    std::vector<NodeId> lazy;
    for (const Link& link : t.links.all()) {
        if (link.lazy) lazy.push_back(link.id);
    }
    if (!lazy.empty()) graft(t, t.rng.pick(lazy), {});
}

// What is left of it when there is little to carry: to be there at once costs little then.
void PeerDissemination::flood_again(PeerTurn& t) {
    Plumtree& tree = ensure_tree();
    tree.weigh(0, t.now);
    if (tree.rate() >= t.config.gossip.tree_above / 4) return;
    handle_announce(t);
    for (const NodeId id : t.links.ids()) {
        if (t.links.find(id)->lazy) graft(t, id, {});
    }
}

// ---------------------------------------------------------------- announcing

void PeerDissemination::announce(PeerTurn& t, const RumorKey& key) {
    if (ensure_tree().announce(key)) t.arm(TimerKind::announce, Plumtree::announce_after);
}

void PeerDissemination::handle_announce(PeerTurn& t) {
    Plumtree* const tree = this->tree();
    if (tree == nullptr) return;
    for (auto keys = tree->take_announcements(); !keys.empty(); keys = tree->take_announcements()) {
        const SharedMessage message = msg::IHave{std::move(keys)};
        for (const Link& link : t.links.all()) {
            if (link.lazy) t.send(link.id, message);
        }
    }
}

void PeerDissemination::on_ihave(PeerTurn& t, const Sender& from, const msg::IHave& m) {
    if (t.links.find(from.node) == nullptr || from.anonymous()) return t.refuse(from.reply, "announced by a stranger");
    if (m.keys.size() > Plumtree::announced_limit) return t.refuse(from.reply, "too many keys");
    bool first = false;
    for (const RumorKey& key : m.keys) {
        if (!rumors_.has(key)) first |= ensure_tree().announced(key, from.node, t.now);
    }
    if (first) t.arm(TimerKind::graft, Plumtree::graft_after);
}

// ---------------------------------------------------------------- grafting

void PeerDissemination::handle_graft(PeerTurn& t) {
    Plumtree* const tree = this->tree();
    if (tree == nullptr) return;
    for (Plumtree::Request& request : tree->overdue(t.now)) graft(t, request.to, std::move(request.keys));
    if (const auto next = tree->next()) t.arm(TimerKind::graft, *next - t.now);
}

void PeerDissemination::graft(PeerTurn& t, NodeId neighbour, std::vector<RumorKey> keys) {
    Link* link = t.links.find(neighbour);
    if (link == nullptr) return;
    link->lazy = false;
    t.notice({.kind = NoticeKind::grafted, .count = static_cast<std::uint32_t>(keys.size()), .other = neighbour});
    t.send(neighbour, msg::Graft{std::move(keys)});
}

void PeerDissemination::on_graft(PeerTurn& t, const Sender& from, const msg::Graft& m) {
    Link* link = t.links.find(from.node);
    if (link == nullptr || from.anonymous()) return t.refuse(from.reply, "grafted by a stranger");
    handle_announce(t);  // what the neighbour was to be told of is not lost with its place among the lazy
    link->lazy = false;
    hand_over(t, rumors_.answer({m.keys}), from.reply, false);
}

}  // namespace gossip
