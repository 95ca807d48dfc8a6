#pragma once
// One epoch's decision: PROPOSE, VOTE, COMMIT, ACK (PROTOCOL.md section 2). Holds this seed's promises and
// acceptances, its own proposal, the votes that wait for the disk, and when it may propose.

#include "protocol/seed/acceptor.hpp"
#include "protocol/seed/deadline.hpp"
#include "protocol/seed/pace.hpp"
#include "protocol/seed/proposer.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace gossip {

class ByteWriter;

class Consensus {
public:
    using Opinions = std::vector<msg::AskOpinion>;
    struct HeldProposal {
        Seat seat{no_seat};
        msg::Propose propose;
        Time since{};  // when its addresses were first asked for it
    };

    void recover(std::uint64_t ceiling, std::optional<Accepted> accepted);
    void handle_started(SeedTurn& t);
    // Writes ahead of the first round after a start.
    void cover_next_round(SeedTurn& t) { cover_round(t, acceptor_.promised().round + 1); }
    [[nodiscard]] const Acceptor& acceptor() const { return acceptor_; }

    // ---- proposing
    [[nodiscard]] static std::size_t batch_limit(const Config& config);
    // True when a proposal should be made now: there is work, none is in hand, and courtesy allows.
    [[nodiscard]] bool should_propose(SeedTurn& t);
    void propose(SeedTurn& t, std::vector<Ask> asks, Opinions opinions);
    // True when this seed waits for votes on that ballot.
    [[nodiscard]] bool awaits(const msg::Vote& m) const;
    // The life of the voter has been met by then.
    void on_vote(SeedTurn& t, Seat from, const msg::Vote& m);
    void on_nack(SeedTurn& t, Seat from, const msg::Nack& m);
    // After BatchChosen: what was rejected has been answered.
    void commit(SeedTurn& t, Batch batch);
    void on_ack(SeedTurn& t, Seat from, const msg::Ack& m);
    void handle_hold_over(SeedTurn& t, const TimerTag& tag) { (void)hold_timer_.fired(t, tag); }
    void handle_round_timer(SeedTurn& t, const TimerTag& tag);

    // Not now: addresses of what would be proposed have yet to answer.
    void await_addresses(const SeedTurn& t);

    // ---- voting for others
    // False, and the sender is refused, when the message does not fit it.
    [[nodiscard]] static bool fits(SeedTurn& t, Seat from, const msg::Propose& m);
    [[nodiscard]] static bool fits(SeedTurn& t, Seat from, const msg::Commit& m);
    // True when the ballot is promised; then `vote` follows. NACK when a greater one was.
    [[nodiscard]] bool promise(SeedTurn& t, Seat from, const msg::Propose& m);
    void vote(SeedTurn& t, Seat from, const msg::Propose& m, Opinions opinions);
    // True when the batch is accepted; then `acknowledge` follows, once the lives it names are met.
    [[nodiscard]] bool accept(SeedTurn& t, Seat from, const msg::Commit& m);
    void acknowledge(SeedTurn& t, Seat from, const msg::Commit& m);

    // Keeps a proposal for an epoch that this seed has first to catch up to, and gives it back once the list is there.
    void hold(const SeedTurn& t, Seat from, const msg::Propose& m);
    [[nodiscard]] std::optional<HeldProposal> take_held(const Ledger& ledger);
    // The same for a proposal with registrations whose addresses have yet to answer.
    void hold_unchecked(Seat from, const msg::Propose& m, Time since) {
        // A proposer that tries again wants what it wanted before.
        if (unchecked_proposal_ && unchecked_proposal_->since < since) since = unchecked_proposal_->since;
        unchecked_proposal_ = {from, m, since};
    }
    [[nodiscard]] std::optional<HeldProposal> take_unchecked() {
        return std::exchange(unchecked_proposal_, std::nullopt);
    }

    // ---- what is decided
    // The batch that was accepted here for the next epoch was decided if it leads to that digest.
    [[nodiscard]] std::optional<Decision> accepted_leading_to(const SeedTurn& t, Epoch epoch,
                                                              const Digest& digest) const;
    // The list is at a later epoch: accepted batches and our proposal were for an earlier one.
    void handle_list_changed(SeedTurn& t);

    void handle_persisted(SeedTurn& t);
    // A seed came back. It missed the proposal in hand: begin anew at once rather than at the end of the round.
    void handle_seed_reached(SeedTurn& t);
    void handle_quorum_back(SeedTurn& t);

    void fingerprint(ByteWriter& out, const JournalState& journal) const;

private:
    // A vote that may be counted once an append is on disk.
    struct HeldVote {
        Seat seat{no_seat};
        AppendSeq after{0};
        msg::Vote vote;
    };

    [[nodiscard]] std::uint64_t next_round() const;
    AppendSeq cover_round(SeedTurn& t, std::uint64_t round);
    AppendSeq append_accepted(SeedTurn& t);
    void yield_to(SeedTurn& t, Ballot ballot);
    void count_held_votes(SeedTurn& t);
    [[nodiscard]] bool count_vote(SeedTurn& t, Seat from, const msg::Vote& m);
    [[nodiscard]] bool choose(SeedTurn& t, bool last);
    void reject(SeedTurn& t, const Proposer::AskState& state, std::string reason) const;
    void count_own_ack(SeedTurn& t);
    void check_decided(SeedTurn& t);
    void give_up_round(SeedTurn& t);
    void drop_proposal(SeedTurn& t);
    void announce_votes(SeedTurn& t, Seat from, const msg::Vote& m) const;
    [[nodiscard]] VotesFor announce_outcomes(SeedTurn& t, const Decision& decision) const;

    Acceptor acceptor_;
    Proposer proposer_;
    Pace pace_;
    std::vector<HeldVote> held_votes_;
    std::optional<AppendSeq> own_ack_after_;  // our accepted batch counts once this append is on disk
    std::optional<HeldProposal> held_proposal_;
    std::optional<HeldProposal> unchecked_proposal_;
    std::uint64_t seen_round_{0};
    Time propose_not_before_;
    Time accepted_patience_;  // an accepted batch is finished by us when nobody did by then
    Time proposed_at_;
    std::optional<std::pair<AppendSeq, Time>> sync_measured_;  // the append whose time to the disk is being taken
    Deadline hold_timer_{TimerKind::propose_hold};
    Deadline round_timer_{TimerKind::vote_round};
};

}  // namespace gossip
