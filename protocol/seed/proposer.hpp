#pragma once
// One seed's proposal in hand: PROPOSE, votes counted by seat, COMMIT, acks counted by seat
// (one epoch's single-decree Paxos, PROTOCOL.md section 2). It decides nothing about
// *whether* a change is good: voters do, and it counts.

#include "protocol/membership.hpp"
#include "protocol/messages.hpp"
#include "protocol/quorum.hpp"

#include <optional>
#include <span>

namespace gossip {

class ByteWriter;

// Distinct seats that agreed.
class SeatTally {
public:
    // False when the seat is counted already: a duplicated message changes nothing.
    bool add(Seat seat);
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] SeatSet seats() const { return seats_; }

private:
    SeatSet seats_;
    std::size_t count_{0};
};

// Seats that must vote, and seats that must acknowledge.
[[nodiscard]] std::size_t quorum_of(std::size_t seeds);

class Proposer {
public:
    enum class Phase : std::uint8_t { idle, voting, committing };

    struct AskState {
        Ask ask;
        std::uint32_t yes{0};
        std::uint32_t no{0};
        std::string reason;                       // of the last NO
        std::vector<SeatSignature> signatures{};  // that came with a YES
    };

    // What a quorum of votes says.
    struct Choice {
        bool adopted{false};                 // an earlier accepted batch, to be finished unchanged
        Batch batch;                         // to be committed; empty: nothing to commit
        std::vector<std::size_t> rejected;   // asks that no quorum can want any more
        std::vector<std::size_t> undecided;  // asks that later votes may still decide
    };

    void open(Epoch epoch, Ballot ballot, std::vector<Ask> asks);
    void drop() { *this = {}; }

    [[nodiscard]] Phase phase() const { return phase_; }
    [[nodiscard]] bool idle() const { return phase_ == Phase::idle; }
    [[nodiscard]] Epoch epoch() const { return epoch_; }
    [[nodiscard]] Ballot ballot() const { return ballot_; }
    [[nodiscard]] std::span<const AskState> asks() const { return asks_; }
    [[nodiscard]] const Batch& batch() const { return batch_; }
    [[nodiscard]] const std::vector<SeatInfo>& lives() const { return lives_; }
    [[nodiscard]] SeatSet voters() const { return votes_.seats(); }
    [[nodiscard]] SeatSet ackers() const { return acks_.seats(); }
    [[nodiscard]] const std::optional<Accepted>& best() const { return best_; }

    // False for another ballot or epoch, or a seat that voted before. Votes that come after COMMIT
    // was sent are counted for the log only.
    bool add_vote(Seat seat, const msg::Vote& vote);
    [[nodiscard]] std::size_t votes() const { return votes_.size(); }

    // Nothing while more votes are needed: below a quorum, or (unless `last`) while some ask is
    // undecided and seats are silent. Only while voting.
    [[nodiscard]] std::optional<Choice> choose(std::size_t seeds, bool last) const;

    // COMMIT is about to be sent; only the lives named in it are counted from here on.
    void commit(Batch batch, std::vector<SeatInfo> lives);
    bool add_ack(Seat seat, const msg::Ack& ack);
    [[nodiscard]] std::size_t acks() const { return acks_.size(); }
    [[nodiscard]] bool decided(std::size_t seeds) const;

    void fingerprint(ByteWriter& out) const;

private:
    void count_opinions(Seat seat, const msg::Vote& vote);
    [[nodiscard]] Choice judge(std::size_t seeds) const;

    Phase phase_{Phase::idle};
    Epoch epoch_{0};
    Ballot ballot_;
    std::vector<AskState> asks_;
    SeatTally votes_;
    std::optional<Accepted> best_;  // the accepted batch of the greatest ballot among the votes
    Batch batch_;
    std::vector<SeatInfo> lives_;
    SeatTally acks_;
};

}  // namespace gossip
