#pragma once
// A peer's links: how many and with whom, opening, accepting, mending and replacing them, and the signed record of
// them that its neighbours hold (PROTOCOL.md section 3).

#include "protocol/memory/cold.hpp"
#include "protocol/peer/links.hpp"
#include "protocol/peer/peer_turn.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

class PeerOverlay {
public:
    [[nodiscard]] Links& links() { return links_; }
    [[nodiscard]] const Links& links() const { return links_; }

    // ---- lives
    void start_from(const SnapshotBasis& basis);
    [[nodiscard]] SnapshotBasis snapshot(const View& view) const;
    [[nodiscard]] RecordPtr published(const View& view) const;  // none before the first link
    void begin(PeerTurn& t);                                    // the peer was admitted
    void outdate_record() { record_stale_ = true; }
    void end_own_life(PeerTurn& t);
    // Of another peer: the lives before `life`; `life` and those before.
    void end_former_lives(PeerTurn& t, NodeId peer, Incarnation life);
    void end_life(PeerTurn& t, NodeId peer, Incarnation life);

    // ---- links wanted
    // Once a step in which something changed.
    void maintain(PeerTurn& t);
    void handle_ring_check(PeerTurn& t);
    void handle_dial_timer(PeerTurn& t);
    void handle_dial_failed(PeerTurn& t, NodeId peer);
    void handle_degree_report(PeerTurn& t);

    // ---- messages
    void on_link_request(PeerTurn& t, const Sender& from, const msg::LinkRequest& m);
    void on_link_accept(PeerTurn& t, const Sender& from, const msg::LinkAccept& m);
    void on_link_reject(PeerTurn& t, const Sender& from, const msg::LinkReject& m);
    void on_unlink(PeerTurn& t, const Sender& from, const msg::Unlink& m);
    // What a neighbour's PING or PONG says of its links. False when it is from no neighbour, or from a later life of
    // one.
    [[nodiscard]] bool take_news(PeerTurn& t, const fact::NeighbourNews& news);
    // A peer of protocol 0 spoke as a neighbour does.
    void imply_link(PeerTurn& t, NodeId peer);
    void give_up(PeerTurn& t, NodeId peer, std::string why) { link_down(t, peer, std::move(why), true); }
    // Our record, if this neighbour has not been sent it.
    [[nodiscard]] std::vector<LinksRecord> record_for(PeerTurn& t, NodeId peer);
    [[nodiscard]] bool dials(NodeId peer) const { return building_->dials.find(peer) != nullptr; }

private:
    // What a peer needs while links are missing.
    struct Building {
        Dials dials;
        std::uint32_t wanted{0};  // preferential links still to be opened
        Time dial_timer{};        // of the link_dial timer that is set
        Duration candidate_delay{};
        RecordPtr record;  // our own; none before the first link, or while it is the snapshot's
    };
    enum class Refusal : std::uint8_t {
        none,
        no_member,
        not_its_record,
        removed,
        not_in_network,
        later_life_known,
        full
    };
    [[nodiscard]] static std::string_view text_of(Refusal refusal);

    [[nodiscard]] bool has_room(const PeerTurn& t, bool ring) const;
    [[nodiscard]] std::vector<NodeId> unavailable(const PeerTurn& t) const;
    [[nodiscard]] bool starved(const PeerTurn& t) const;
    void dial_ring(PeerTurn& t);
    void dial_preferential(PeerTurn& t);
    void dial_redirect(PeerTurn& t, std::span<const NodeId> redirects, LinkKind kind);
    void demote_ring_links(PeerTurn& t);
    void arm_dial_timer(PeerTurn& t);
    void ask_if_starved(PeerTurn& t);
    void announce(PeerTurn& t);
    void dial(PeerTurn& t, NodeId peer, LinkKind kind);
    void send_link_request(PeerTurn& t, NodeId peer, LinkKind kind);
    std::optional<Dial> end_dial(NodeId peer);
    void count_answer(const std::optional<Dial>& dial);
    void count_accepted(const PeerTurn& t);
    [[nodiscard]] Refusal judge(const PeerTurn& t, const Sender& from, const msg::LinkRequest& m) const;

    void link_up(PeerTurn& t, NodeId peer, LinkKind kind, Incarnation life, ProtocolVersion protocol,
                 const LinksRecord& record);
    // `replace`: by the overlay's rule, as for a link whose other end is gone.
    void link_down(PeerTurn& t, NodeId peer, std::string reason, bool replace);
    void degree_changed(PeerTurn& t);
    void mend(PeerTurn& t, Link& link);
    void accept_record(PeerTurn& t, Link& link, const LinksRecord& record);
    [[nodiscard]] const LinksRecord& current_record(PeerTurn& t);
    [[nodiscard]] std::uint64_t newest_version(PeerTurn& t);

    Links links_;
    Cold<Building> building_;
    std::uint64_t record_version_{0};  // of our newest record
    bool record_stale_{true};          // a newer one is due
    bool announced_{false};            // the notice of a built overlay was given
    bool candidates_due_{false};       // a ring_check timer is set
    bool degree_due_{false};           // a degree_report timer is set
};

}  // namespace gossip
