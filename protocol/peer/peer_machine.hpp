#pragma once
// A peer: routes events to its parts (registration, view, overlay and links, dissemination,
// liveness, suspicions and probes) and turns what they return into effects. The parts own their
// data and never call each other.
//
// By file: peer_machine.cpp events and dispatch · peer_membership.cpp registration, leases, epochs,
// leaving · peer_overlay.cpp links · peer_gossip.cpp messages and repair · peer_tree.cpp
// the links that carry them · peer_detection.cpp signs of life and testimony · peer_suspicion.cpp
// accusations and reports.

#include "protocol/machine.hpp"
#include "protocol/memory/spare_blocks.hpp"
#include "protocol/peer/dissemination.hpp"
#include "protocol/peer/links.hpp"
#include "protocol/peer/peer_standing.hpp"
#include "protocol/peer/peer_status.hpp"
#include "protocol/peer/rare_parts.hpp"
#include "protocol/peer/surroundings.hpp"
#include "protocol/peer/view.hpp"
#include "protocol/rng.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace gossip {

struct PeerOptions {
    NodeId self{};
    Incarnation last_life{};  // a restarted peer passes its previous life; the new one is greater
};

class PeerMachine final : public Machine {
public:
    // From a pool, one behind the other: there may be millions.
    static void* operator new(std::size_t bytes) { return spare_blocks().get(bytes); }
    static void operator delete(void* block, std::size_t bytes) { spare_blocks().put(block, bytes); }

    // `surroundings` outlive the machine.
    PeerMachine(const Surroundings& surroundings, PeerOptions options, Rng rng);
    void step(Time now, const Event& event, Effects& out) override;
    // Instead of Started: the peer is a member with links already. What it does not need yet is asked for when it
    // does: `standings` outlives the machine.
    void stand(Time now, WallMs wall, const Standings& standings, Effects& out);
    [[nodiscard]] PeerStanding standing() const;
    [[nodiscard]] PeerStatus status() const;
    void prefetch() const override;
    [[nodiscard]] bool prefetch(const SharedMessage& next) const override;

private:
    enum class Phase : std::uint8_t { starting, registering, active, waiting_to_rejoin, leaving, left };
    using Generation = TimerGeneration;
    // Of messages; a peer that takes a million a second counts for 50 days.
    struct [[gnu::packed, gnu::aligned(8)]] Counters {
        std::uint64_t duplicates : 42 {0};
        std::uint64_t delivered : 42 {0};
        std::uint64_t sent : 42 {0};
    };
    static_assert(sizeof(Counters) == 16);
    // Who sent a message. `node` is the sender as a node of the network: for protocol 0 the one its
    // payload names, which nothing proves; `reply` is where an answer goes.
    struct Sender {
        NodeId node{};
        NodeId reply{};
        Trust trust{};
        [[nodiscard]] bool anonymous() const { return trust == Trust::anonymous || is_anonymous(reply); }
    };

    // ---- events
    void handle(const Started& event);
    void handle(const Received& event);
    void handle(const TimerFired& event);
    void handle(const LinkLost& event);
    void handle(const Publish& event);
    void handle(const Persisted&) {}  // a peer keeps nothing on disk
    void handle(const LeaveRequested& event);
    void handle_timer(const TimerTag& tag);

    // ---- membership
    void begin_registration();
    void ask_seeds(const std::vector<Seat>& seats);
    void handle_registration_timer();
    [[nodiscard]] Registration& registration() const;
    [[nodiscard]] bool registered() const;
    [[nodiscard]] std::vector<Seat> chosen_seats() const;
    void follow(const msg::RegisterAck& m);
    void finish_registration();
    void activate(const msg::RegisterAck& ack, NodeId seed);
    void begin_rounds();
    void on(const Sender& from, const msg::RegisterAck& m);
    void on(const Sender& from, const msg::RegisterNack& m);
    void on(const Sender& from, const msg::RegisterPending& m);
    void on(const Sender& from, const msg::LeaseAck& m);
    void on(const Sender& from, const msg::Membership& m);
    void on(const Sender& from, const msg::Deltas& m);
    void on(const Sender& from, const msg::Candidates& m);
    void on(const Sender& from, const msg::GetPeerList& m);
    [[nodiscard]] bool authentic(const msg::Membership& m, const Sender& from) const;
    void apply_decisions();
    void apply_change(const Change& change);
    void apply_own_change(const Change& change);
    void end_former_lives(NodeId id, Incarnation life);
    void bury(NodeId id, Incarnation life, bool dead);
    void note_epoch(Epoch epoch);
    [[nodiscard]] Epoch registered_epoch() const;
    void ask_for_delta();
    void send_leases();
    void handle_removed_self();
    void handle_left();
    void on_while_leaving(const Sender& from, const SharedMessage& message);
    void learn_seed_keys(const std::vector<PublicKey>& keys);
    [[nodiscard]] std::optional<Seat> seat_of(NodeId node) const;
    [[nodiscard]] NodeId some_seed();

    // ---- overlay
    void on(const Sender& from, const msg::LinkRequest& m);
    void on(const Sender& from, const msg::LinkAccept& m);
    void on(const Sender& from, const msg::LinkReject& m);
    void on(const Sender& from, const msg::Unlink& m);
    void maintain_overlay();
    [[nodiscard]] bool has_room(bool ring) const;
    [[nodiscard]] const Dials& dials() const { return rare().dials; }
    void dial(NodeId id, LinkKind kind);
    std::optional<Dial> end_dial(NodeId id);
    void count_answer(const std::optional<Dial>& dial);
    [[nodiscard]] std::uint32_t wanted() const { return rare().wanted; }
    void want(std::uint32_t links) {
        own_rare().wanted = static_cast<std::uint16_t>(std::min<std::uint32_t>(links, 0xffff));
    }
    void dial_preferential();
    void dial_redirect(std::span<const NodeId> redirects, LinkKind kind);
    void dial_ring();
    void demote_ring_links();
    void dial_failed(NodeId id);
    void expire_dials();
    void arm_overlay_timers();
    void handle_ring_check();
    void announce_overlay();
    void link_up(NodeId id, LinkKind kind, Incarnation life, ProtocolVersion protocol, const LinksRecord& record);
    void link_down(NodeId id, std::string reason, bool replace);
    void degree_changed();
    void handle_degree_report();
    void accept_record(Link& link, const LinksRecord& record);
    void mend(const Sender& from, bool linked);
    void imply_link(const Sender& from);
    [[nodiscard]] bool starved() const;
    void send_link_request(NodeId id, LinkKind kind);
    [[nodiscard]] std::string_view refuse_link(const Sender& from, const msg::LinkRequest& m) const;
    [[nodiscard]] std::vector<NodeId> unavailable() const;
    [[nodiscard]] const LinksRecord& own_record();
    [[nodiscard]] std::uint64_t newest_version();
    [[nodiscard]] RecordPtr record_of(const Link& link) const;
    [[nodiscard]] std::vector<LinksRecord> news_for(Link* link);

    // ---- gossip
    void on(const Sender& from, const msg::Gossip& m);
    void on(const Sender& from, const msg::RepairDigest& m);
    void on(const Sender& from, const msg::RepairDiff& m);
    void on(const Sender& from, const msg::Pull& m);
    void handle_generate();
    void handle_repair();
    void publish(bool typed, std::string text);
    void push(const RumorPtr& rumor, std::uint32_t hop, NodeId except);
    void take(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void take_duplicate(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void notice_delivery(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void deliver(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor);
    void compare_roots(NodeId neighbour, std::uint64_t root);
    void send_digest(NodeId neighbour);
    void spread_repair(NodeId from);
    void hand_over(const std::vector<RumorStore::Held>& messages, NodeId to, bool repair);

    // ---- the links that carry messages
    void on(const Sender& from, const msg::Prune& m);
    void on(const Sender& from, const msg::IHave& m);
    void on(const Sender& from, const msg::Graft& m);
    [[nodiscard]] bool prunes() const;
    void prune_if_enough(const Sender& from, const RumorPtr& rumor);
    void widen_if_short(const RumorPtr& rumor);
    void announce(const RumorKey& key);
    void handle_announce();
    void handle_graft();
    void graft(NodeId neighbour, std::vector<RumorKey> keys);
    void flood_again();
    [[nodiscard]] Tree& tree();
    [[nodiscard]] Tree* any_tree() const { return rare_ ? rare_->tree.get() : nullptr; }

    // ---- signs of life, testimony
    void on(const Sender& from, const msg::Ping& m);
    void on(const Sender& from, const msg::Pong& m);
    void on(const Sender& from, const msg::SuspectQuery& m);
    void on(const Sender& from, const msg::Suspect& m);
    template <class M>
    void take_news(const Sender& from, const M& m);
    void handle_ping_round();
    void ping(NodeId id);
    void heard(const Sender& from);
    [[nodiscard]] Sender named(const Sender& from, NodeId sender) const;
    void perform(NodeId suspect, const Probes::Action& action);
    void testify(const Testimony& testimony);

    // ---- accusation
    void on(const Sender& from, const msg::SuspectResponse& m);
    void on(const Sender& from, const msg::Alive& m);
    void on(const Sender& from, const msg::ReportAck& m);
    void handle_suspicion_timer(const TimerTag& tag);
    void neighbour_lost(NodeId id, LossReason reason);
    void suspect(NodeId id, bool refused, std::string why);
    [[nodiscard]] std::vector<NodeId> stand_in_witnesses(NodeId suspect) const;
    void ask_witnesses(Suspicion& suspicion);
    void begin_isolation();
    void ask_any_seed();
    void seed_answered();
    void take_statement(const Statement& statement);
    [[nodiscard]] bool speaks_protocol_0(NodeId id) const;
    [[nodiscard]] Tally tally_of(const Suspicion& suspicion) const;
    void settle(NodeId suspect, bool window_over);
    void postpone(Suspicion& suspicion);
    void cancel_suspicion(NodeId id, std::string why);
    [[nodiscard]] bool believed(const Sender& from, const msg::Alive& m);
    void confirm(Suspicion& suspicion);
    void send_reports(Suspicion& suspicion);

    // Messages only seeds may send to each other, or that nobody sends to a peer.
    template <class M>
    void on(const Sender& from, const M&) {
        refuse(from.reply, "not for a peer");
    }

    // ---- helpers
    void refuse(NodeId from, std::string_view why);
    void notice(Notice n) { out_->notice(std::move(n)); }
    // False: not even worth making notices where there are millions of them.
    [[nodiscard]] bool observed() const { return !out_->quiet; }
    void arm(TimerKind kind, Duration after, std::uint64_t key = 0);
    void disarm(TimerKind kind) { ++own_generation(kind); }
    [[nodiscard]] Generation generation(TimerKind kind) const;
    [[nodiscard]] Generation& own_generation(TimerKind kind);
    // An empty one stands for those of a peer that has none yet.
    [[nodiscard]] const RareParts& rare() const { return rare_ ? *rare_ : no_rare(); }
    [[nodiscard]] static const RareParts& no_rare();
    [[nodiscard]] RareParts& own_rare() const;
    [[nodiscard]] Troubles& troubles();
    [[nodiscard]] Troubles* any_troubles() const { return rare_ ? rare_->troubles.get() : nullptr; }
    [[nodiscard]] const Config& config() const { return surroundings_->config; }
    [[nodiscard]] const Crypto& crypto() const { return surroundings_->crypto; }
    [[nodiscard]] NodeId self() const { return view_.self(); }
    [[nodiscard]] const Told& told() const { return view_.told(); }
    [[nodiscard]] Told& own_told() { return view_.own_told(); }
    [[nodiscard]] Incarnation incarnation() const { return told().incarnation; }
    [[nodiscard]] Time now() const { return out_->now; }
    [[nodiscard]] WallMs wall() const;
    void set_wall(WallMs wall) { own_told().wall_offset = std::chrono::milliseconds(wall) - now().time_since_epoch(); }
    [[nodiscard]] Duration jitter(Duration full);
    [[nodiscard]] bool active() const { return phase_ == Phase::active; }

    // In the order of use, for the cache: a message that was seen before touches the links and no more than what is
    // before digest_sent_; a ping touches all.
    [[no_unique_address]] View view_;  // and in its last byte:
    Phase phase_ : 3 {Phase::starting};
    bool overlay_stale_ : 1 {false};  // something changed in this step: see maintain_overlay
    bool record_stale_ : 1 {true};
    bool overlay_announced_ : 1 {false};
    bool candidates_due_ : 1 {false};  // a ring_check timer is set
    bool degree_due_ : 1 {false};      // a degree_report timer is set
    Effects* out_{nullptr};            // of the step in hand
    const Surroundings* surroundings_;
    mutable std::unique_ptr<RareParts> rare_;  // none before the first
    Counters counters_;
    Links links_;
    Dissemination dissemination_;

    Time digest_sent_{};
    Time round_due_{};
    Time seed_contact_ = Time::min();  // the last one

    Rng rng_;
    NodeId repaired_with_ : 48 {};             // never the same neighbour twice running
    std::array<Generation, 3> generations_{};  // of the timers that every peer has
    std::uint32_t ping_sequence_{0};
};

static_assert(sizeof(PeerMachine) == 152);

}  // namespace gossip
