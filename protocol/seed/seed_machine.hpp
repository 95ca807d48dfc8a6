#pragma once
// A seed: routes events to the parts that hold the membership authority (PROTOCOL.md section 2).
// Its code is in seed_machine*.cpp: start, routing and journal; consensus; requests of peers;
// removals; catch-up between seeds.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/hinted_machine.hpp"
#include "protocol/rng.hpp"
#include "protocol/seed/acceptor.hpp"
#include "protocol/seed/deadline.hpp"
#include "protocol/seed/directory.hpp"
#include "protocol/seed/ledger.hpp"
#include "protocol/seed/pace.hpp"
#include "protocol/seed/pending.hpp"
#include "protocol/seed/proposer.hpp"
#include "protocol/seed/removal_cases.hpp"
#include "protocol/seed/seats.hpp"
#include "protocol/seed/seed_status.hpp"

#include <map>
#include <optional>
#include <span>

namespace gossip {

class ByteWriter;
struct Recovered;

struct SeedOptions {
    NodeId self{};
    SeatLife fresh_life{1};  // drawn by the driver; used when there is no journal
    // True on a network's first start. Without it a seed that finds no journal asks the others
    // whether its seat has voted before, and if so only learns until a REPLACE is decided.
    bool bootstrap{false};
};

class SeedMachine final : public HintedMachine {
public:
    // `config` and `crypto` outlive the machine; `journal` is what recovery read, in order.
    SeedMachine(const Config& config, const Crypto& crypto, SeedOptions options, Rng rng,
                std::span<const Record> journal);
    void step(Time now, const Event& event, Effects& out) override;
    [[nodiscard]] SeedStatus status() const;
    [[nodiscard]] std::vector<Member> members() const;  // ascending by id
    // All state that safety and behaviour rest on; not timers, generators and measurements.
    void fingerprint(ByteWriter& out) const;

private:
    // One call of step(): the time and where effects go.
    struct Turn {
        Time now;
        Effects& out;
    };
    // A vote that may be counted once an append is on disk.
    struct HeldVote {
        Seat seat{no_seat};
        AppendSeq after{0};
        msg::Vote vote;
    };
    struct HeldProposal {
        Seat seat{no_seat};
        msg::Propose propose;
    };
    enum class Reach : std::uint8_t { unknown, answers, silent };
    struct Neighbour {  // another seed, as seen from here
        Reach reach{Reach::unknown};
        Time heard;
        PublicKey key{};
    };

    void fingerprint_seats(ByteWriter& out) const;

    // ---- start, routing, journal (seed_machine.cpp)
    void handle_started(const Started& event, Turn& t);
    void start_journal(Turn& t);
    void refuse_to_start(Turn& t);
    void announce_start(Turn& t);
    void handle_received(const Received& event, Turn& t);
    void handle_persisted(const Persisted& event, Turn& t);
    void handle_timer(const TimerTag& tag, Turn& t);
    void handle_link_lost(const LinkLost& event, Turn& t);
    void handle_leave(Turn& t);
    [[nodiscard]] std::optional<Seat> seat_of(NodeId node) const;
    // The sender's seat, or a refusal.
    std::optional<Seat> proven_seat(const Received& event, Turn& t);
    void refuse(NodeId from, std::string why, Turn& t) const;
    AppendSeq append(RecordType type, Bytes body, Turn& t, bool compact = false);
    void append_snapshot(Turn& t);
    void send_to_seat(Seat seat, Message message, Turn& t, AppendSeq after = 0) const;
    void send_to_seeds(const Message& message, Turn& t, AppendSeq after = 0) const;
    [[nodiscard]] std::size_t seeds() const { return config_->seeds.size(); }
    [[nodiscard]] WallMs wall(Time now) const;

    // ---- consensus (seed_machine_consensus.cpp)
    void maybe_propose(Turn& t);
    void propose(Turn& t);
    [[nodiscard]] std::uint64_t next_round() const;
    AppendSeq cover_round(std::uint64_t round, Turn& t);
    void on_propose(Seat from, const msg::Propose& m, Turn& t);
    void vote_on(Seat from, const msg::Propose& m, Turn& t);
    void on_vote(Seat from, const msg::Vote& m, Turn& t);
    void on_nack(Seat from, const msg::Nack& m, Turn& t);
    void on_commit(Seat from, const msg::Commit& m, Turn& t);
    void on_ack(Seat from, const msg::Ack& m, Turn& t);
    void on_learn(Seat from, const msg::Learn& m, Turn& t);
    // False when the message is not about the epoch in play; then it was answered.
    bool in_play(Seat from, Epoch epoch, const Digest& previous, Turn& t);
    [[nodiscard]] bool lives_agree(Seat from, const std::vector<SeatInfo>& lives, Turn& t) const;
    AppendSeq append_accepted(Turn& t);
    void count_vote(Seat from, const msg::Vote& m, Turn& t);
    void release_held_votes(Turn& t);
    void settle_votes(bool last, Turn& t);
    void start_commit(Batch batch, Turn& t);
    void count_own_ack(Turn& t);
    void check_decided(Turn& t);
    void handle_round_over(Turn& t);
    void drop_proposal();
    void yield_to(Ballot ballot, Turn& t);
    [[nodiscard]] msg::AskOpinion judge(const Ask& ask, Time now) const;
    [[nodiscard]] msg::AskOpinion judge_add(const Ask& ask) const;
    [[nodiscard]] msg::AskOpinion judge_leave(const Ask& ask) const;
    [[nodiscard]] msg::AskOpinion judge_replace(const Change& change) const;
    void reject(const Proposer::AskState& state, std::string reason, Turn& t);
    [[nodiscard]] Notice ask_notice(NoticeKind kind, const Ask& ask) const;
    void announce_votes(Seat from, const msg::Vote& m, Turn& t) const;
    void announce_outcomes(const Decision& decision, Turn& t);

    // ---- applying epochs, catch-up (seed_machine_sync.cpp)
    void apply(const Decision& decision, Turn& t);
    void apply_to_directory(const Batch& effective, Turn& t);
    void announce_epoch(const Batch& effective, Turn& t) const;
    void spread(const Decision& decision, Turn& t);
    void learn_own_life(Turn& t);
    void on_behind(Seat from, const msg::Behind& m, Turn& t);
    void on_sync(Seat from, const msg::Sync& m, Turn& t);
    void on_fetch(Seat from, const msg::Fetch& m, Turn& t);
    void on_decisions(Seat from, const msg::Decisions& m, Turn& t);
    void on_snapshot_part(Seat from, const msg::SnapshotPart& m, Turn& t);
    void install(const Snapshot& whole, Seat from, Turn& t);
    void send_snapshot(Seat to, Turn& t) const;
    void send_fetch(Seat to, Turn& t) const;
    void send_sync(Turn& t);
    void handle_sync(Turn& t);
    bool apply_accepted_if(Epoch epoch, const Digest& digest, Turn& t);
    // True when the digest contradicts ours: the seed has stopped.
    bool alarmed(Seat from, Epoch epoch, const Digest& digest, Turn& t);
    void on_seat_query(Seat from, const msg::SeatQuery& m, Turn& t);
    void on_seat_answer(Seat from, const msg::SeatAnswer& m, Turn& t);
    void ask_for_seat(Turn& t);
    void start_voting(Turn& t);
    AppendSeq meet(Seat seat, SeatLife life, Turn& t);
    void heard_from(Seat seat, Turn& t);
    void lost(Seat seat, std::string why, Turn& t);
    void check_quorum(Turn& t);
    [[nodiscard]] std::size_t answering() const;

    // ---- requests of peers (seed_machine_requests.cpp)
    void on_register_request(NodeId from, const msg::RegisterRequest& m, Turn& t);
    [[nodiscard]] Incarnation pick_life(NodeId peer, Time now);
    void admit(NodeId from, const Ask& ask, Turn& t);
    void on_get_peer_list(NodeId from, const msg::GetPeerList& m, Turn& t);
    void on_get_candidates(NodeId from, const msg::GetCandidates& m, Turn& t);
    void on_get_delta(NodeId from, const msg::GetDelta& m, Turn& t);
    void on_lease(NodeId from, const msg::Lease& m, Turn& t);
    void on_leave(NodeId from, const msg::Leave& m, Turn& t);
    void on_ping(NodeId from, const msg::Ping& m, Turn& t) const;
    void acknowledge(NodeId client, NodeId peer, std::string text, Turn& t);
    void refuse_registration(NodeId client, NodeId peer, std::string text, Incarnation minimum, Turn& t) const;
    void answer_settled(const PendingAsk& done, Turn& t);
    void handle_pending_check(Turn& t);
    [[nodiscard]] msg::Membership signed_membership(const Decision& decision);

    // ---- removals (seed_machine_removal.cpp)
    void on_dead_node_report(NodeId from, const msg::DeadNodeReport& m, Turn& t);
    void ignore_report(NodeId from, const msg::ReportAck& answer, NodeId reporter, std::string why, Turn& t) const;
    [[nodiscard]] std::optional<std::string> case_problem(const Member& suspect, const Certificate& certificate,
                                                          Time now) const;
    [[nodiscard]] bool lease_lapsed(NodeId peer, Time now) const;
    void open_case(NodeId suspect, Incarnation incarnation, NodeId reporter, const Certificate& certificate, Turn& t);
    [[nodiscard]] RemovalCase* case_about(NodeId suspect, Incarnation incarnation);
    [[nodiscard]] Duration case_patience(const RemovalCase& c) const;
    void ask_everybody(NodeId suspect, Turn& t);
    void handle_lease_check(Turn& t);
    bool begin_probe(NodeId suspect, Turn& t);
    void send_probe(NodeId suspect, std::uint64_t sequence, Turn& t) const;
    void on_pong(NodeId from, const msg::Pong& m, Turn& t);
    void sign_of_life(NodeId peer, Turn& t);
    void handle_probe_lost(const LinkLost& event, Turn& t);
    void handle_probe_timeout(const TimerTag& tag, Turn& t);
    [[nodiscard]] msg::AskOpinion judge_removal(const Change& change, const Certificate& certificate, Time now) const;
    void probe_for_next_vote(const Ask& ask, Opinion opinion, Turn& t);
    void on_removal_case(Seat from, const msg::RemovalCase& m, Turn& t);
    void send_opinion(Seat to, NodeId suspect, Incarnation incarnation, const msg::AskOpinion& opinion, Turn& t) const;
    void on_case_opinion(Seat from, const msg::CaseOpinion& m, Turn& t);
    void settle_case(NodeId suspect, Turn& t);
    void weigh_case(NodeId suspect, Turn& t);
    void dismiss_case(NodeId suspect, Turn& t);
    void answer_reporters(NodeId suspect, const RemovalCase& c, ReportStatus status, Turn& t) const;
    void handle_case_deadline(const TimerTag& tag, Turn& t);
    void close_cases(Turn& t);

    const Config* config_;
    const Crypto* crypto_;
    SeedOptions options_;
    Rng rng_;

    Ledger ledger_;
    Acceptor acceptor_;
    Proposer proposer_;
    Seats seats_;
    PendingAsks pending_;
    Directory directory_;
    OwnProbes probes_;
    RemovalCases cases_;
    Pace pace_;

    std::string journal_problem_;  // why the journal cannot be trusted; empty when it can
    std::string foreign_journal_;  // whose journal it is instead of ours; empty when it is ours
    bool fresh_journal_{false};    // no header yet
    bool allowed_to_vote_{false};  // the journal says that its life passed the others' check once
    bool stopped_{false};          // an invariant is broken
    AppendSeq appended_{0};
    AppendSeq persisted_{0};
    std::vector<HeldVote> held_votes_;
    std::optional<AppendSeq> own_ack_after_;
    std::optional<HeldProposal> held_proposal_;  // for an epoch we must first catch up to
    std::uint64_t seen_round_{0};
    std::map<NodeId, Neighbour> others_;
    std::vector<msg::SnapshotPart> snapshot_parts_;
    std::map<Epoch, Signature> signatures_;  // of decisions handed to peers

    bool quorum_{false};
    bool said_no_quorum_{false};
    Time started_;
    WallMs started_wall_{0};
    Time propose_not_before_;
    Time accepted_patience_;  // an accepted batch is finished by us when nobody did by then
    Time proposed_at_;
    std::optional<std::pair<AppendSeq, Time>> sync_measured_;
    Deadline hold_timer_{TimerKind::propose_hold};
    Deadline round_timer_{TimerKind::vote_round};
    Deadline pending_timer_{TimerKind::pending_check};
    Deadline sync_timer_{TimerKind::sync};
    Deadline seat_timer_{TimerKind::seat_query};
    Deadline lease_timer_{TimerKind::lease_check};
};

}  // namespace gossip
