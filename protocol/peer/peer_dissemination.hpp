#pragma once
// What a peer does with rumors: says its own, delivers each once, passes them on, and repairs what it misses
// (PROTOCOL.md section 5).
//
// In files: peer_dissemination.cpp says, takes, pushes and repairs; peer_dissemination_tree.cpp has the links that
// carry rumors and those that only announce them (see Plumtree).

#include "protocol/memory/cold.hpp"
#include "protocol/peer/peer_turn.hpp"
#include "protocol/rumors/own_rumors.hpp"
#include "protocol/rumors/plumtree.hpp"
#include "protocol/rumors/rumors.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// A received rumor with every derived field computed by us, or why it is refused.
[[nodiscard]] std::variant<RumorPtr, std::string_view> check_rumor(const RumorPtr& rumor, const Crypto& crypto,
                                                                   const GossipConfig& config);

class PeerDissemination {
public:
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
    [[nodiscard]] std::uint64_t pushed() const { return pushed_; }
    [[nodiscard]] const RumorStore& store() const { return rumors_.store(); }
    [[nodiscard]] std::uint64_t root(Time now) { return rumors_.root(now); }

    // ---- lives
    void begin_life();
    void begin_rounds(PeerTurn& t);
    // Drops what a life that was declared dead said, and what its earlier lives said.
    void purge(NodeId origin, Incarnation life) { rumors_.purge(origin, life); }
    // Room for a first rumor now: what is made together lies together.
    void make_room() { rumors_.make_room(); }

    // ---- own rumors
    void handle_publish(PeerTurn& t, const std::string& text);
    void handle_generate(PeerTurn& t);

    // ---- others' rumors
    void on_gossip(PeerTurn& t, const Sender& from, const msg::Gossip& m);

    // ---- repair
    void handle_repair(PeerTurn& t);
    void on_repair_digest(PeerTurn& t, const Sender& from, const msg::RepairDigest& m);
    void on_repair_diff(PeerTurn& t, const Sender& from, const msg::RepairDiff& m);
    void on_pull(PeerTurn& t, const Sender& from, const msg::Pull& m);
    void compare_roots(PeerTurn& t, NodeId neighbour, std::uint64_t root);
    void send_digest(PeerTurn& t, NodeId neighbour);
    // To a neighbour of protocol 0, which cannot compare digests: what was said just before the link would never
    // reach it.
    void hand_over_newest(PeerTurn& t, NodeId neighbour);

    // ---- the links that carry rumors
    void on_prune(PeerTurn& t, const Sender& from, const msg::Prune& m);
    void on_ihave(PeerTurn& t, const Sender& from, const msg::IHave& m);
    void on_graft(PeerTurn& t, const Sender& from, const msg::Graft& m);
    void handle_announce(PeerTurn& t);
    void handle_graft(PeerTurn& t);
    void link_down(NodeId neighbour);

private:
    // What a peer that only takes and passes on rumors does not need.
    struct Rest {
        OwnRumors own;
        std::unique_ptr<Plumtree> tree;  // none while every link carries rumors
    };
    void publish(PeerTurn& t, bool typed, std::string text);
    void push(PeerTurn& t, const RumorPtr& rumor, std::uint32_t hop, NodeId except);
    void push_to_some(PeerTurn& t, const RumorPtr& rumor, std::uint32_t hop, NodeId except);
    void take(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void take_duplicate(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void deliver(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void spread_repair(PeerTurn& t, NodeId from);
    void hand_over(PeerTurn& t, const std::vector<KeptRumor>& rumors, NodeId to, bool repair);

    [[nodiscard]] bool prunes(const PeerTurn& t) const;
    void prune_if_enough(PeerTurn& t, const Sender& from, const RumorPtr& rumor);
    void widen_if_short(PeerTurn& t, const RumorPtr& rumor);
    void flood_again(PeerTurn& t);
    void announce(PeerTurn& t, const RumorKey& key);
    void graft(PeerTurn& t, NodeId neighbour, std::vector<RumorKey> keys);
    [[nodiscard]] Plumtree& ensure_tree();
    [[nodiscard]] const Plumtree* tree() const { return rest_->tree.get(); }
    [[nodiscard]] Plumtree* tree();

    std::uint64_t duplicates_{0};
    Rumors rumors_;
    Cold<Rest> rest_;
    std::uint64_t delivered_{0};
    std::uint64_t pushed_{0};
    Time digest_sent_{};
    NodeId repaired_with_{};  // never the same neighbour twice running
};

}  // namespace gossip
