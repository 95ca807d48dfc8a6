// Which links carry messages and which only announce them: see Tree.

#include "protocol/peer/peer_machine.hpp"

namespace gossip {

Tree& PeerMachine::tree() {
    auto& tree = own_rare().tree;
    if (!tree) tree = std::make_unique<Tree>();
    return *tree;
}

// ---------------------------------------------------------------- pruning

bool PeerMachine::prunes() const {
    if (config().gossip.mode == GossipMode::automatic) {
        const Tree* tree = any_tree();
        return tree != nullptr && tree->rate() >= config().gossip.tree_above;
    }
    return config().gossip.mode == GossipMode::tree;
}

void PeerMachine::prune_if_enough(const Sender& from, const RumorPtr& rumor) {
    if (!prunes() || dissemination_.count_copy(rumor->key) <= config().gossip.copies) return;
    Link* link = links_.find(from.node);
    if (link == nullptr || link->lazy || link->protocol == 0) return;
    link->lazy = true;
    out_->send(from.reply, msg::Prune{});
    notice({.kind = NoticeKind::pruned, .other = from.node});
}

void PeerMachine::on(const Sender& from, const msg::Prune&) {
    Link* link = links_.find(from.node);
    if (link == nullptr || from.anonymous()) return refuse(from.reply, "pruned by a stranger");
    link->lazy = true;
}

// Each end of a link prunes it by its own messages, which may leave the other end with fewer copies than it wants.
void PeerMachine::widen_if_short(const RumorPtr& rumor) {
    if (!prunes() || config().gossip.copies == 1) return;
    const auto sample = tree().sample(rumor->key, now());
    const auto copies = sample ? dissemination_.copies(*sample) : std::nullopt;
    if (!copies || !tree().short_of_copies(*copies < config().gossip.copies)) return;
    std::vector<NodeId> lazy;
    for (const Link& link : links_.all()) {
        if (link.lazy) lazy.push_back(link.id);
    }
    if (!lazy.empty()) graft(lazy[static_cast<std::size_t>(rng_.below(lazy.size()))], {});
}

// What is left of it when there is little to carry: to be there at once costs little then.
void PeerMachine::flood_again() {
    tree().weigh(0, now());
    if (tree().rate() >= config().gossip.tree_above / 4) return;
    handle_announce();
    for (const NodeId id : links_.ids()) {
        if (links_.find(id)->lazy) graft(id, {});
    }
}

// ---------------------------------------------------------------- announcing

void PeerMachine::announce(const RumorKey& key) {
    if (tree().announce(key)) arm(TimerKind::announce, Tree::announce_after);
}

void PeerMachine::handle_announce() {
    Tree* const tree = any_tree();
    if (tree == nullptr) return;
    for (auto keys = tree->take_announcements(); !keys.empty(); keys = tree->take_announcements()) {
        const SharedMessage message = msg::IHave{std::move(keys)};
        for (const Link& link : links_.all()) {
            if (link.lazy) out_->send(link.id, message);
        }
    }
}

void PeerMachine::on(const Sender& from, const msg::IHave& m) {
    if (links_.find(from.node) == nullptr || from.anonymous()) return refuse(from.reply, "announced by a stranger");
    if (m.keys.size() > Tree::announced_limit) return refuse(from.reply, "too many keys");
    bool first = false;
    for (const RumorKey& key : m.keys) {
        if (!dissemination_.has(key)) first |= tree().announced(key, from.node, now());
    }
    if (first) arm(TimerKind::graft, Tree::graft_after);
}

// ---------------------------------------------------------------- grafting

void PeerMachine::handle_graft() {
    Tree* const tree = any_tree();
    if (tree == nullptr) return;
    for (Tree::Request& request : tree->overdue(now())) graft(request.to, std::move(request.keys));
    if (const auto next = tree->next()) arm(TimerKind::graft, *next - now());
}

void PeerMachine::graft(NodeId neighbour, std::vector<RumorKey> keys) {
    Link* link = links_.find(neighbour);
    if (link == nullptr) return;
    link->lazy = false;
    notice({.kind = NoticeKind::grafted, .count = static_cast<std::uint32_t>(keys.size()), .other = neighbour});
    out_->send(neighbour, msg::Graft{std::move(keys)});
}

void PeerMachine::on(const Sender& from, const msg::Graft& m) {
    Link* link = links_.find(from.node);
    if (link == nullptr || from.anonymous()) return refuse(from.reply, "grafted by a stranger");
    handle_announce();  // what the neighbour was to be told of is not lost with its place among the lazy
    link->lazy = false;
    hand_over(dissemination_.answer({m.keys}), from.reply, false);
}

}  // namespace gossip
