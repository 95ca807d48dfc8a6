#pragma once
// The decisions of the seeds, derived only from what is durable: a batch is decided when a quorum of distinct seats
// have accepted it on disk under one ballot. The reference model of the ledger.

#include "protocol/membership.hpp"
#include "protocol/quorum.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gossip::sim {

class Chain {
public:
    using List = std::map<NodeId, Incarnation>;

    explicit Chain(std::size_t seats) : need_(majority(seats)) {}

    // A seat accepted this durably. Returns the violation as text, empty if there is none.
    [[nodiscard]] std::string on_accepted(Seat seat, const Accepted& accepted);
    // Some node states the digest of an epoch. Returns the same.
    [[nodiscard]] std::string on_digest(Epoch epoch, const Digest& digest);

    [[nodiscard]] Epoch last() const { return decided_.size(); }
    [[nodiscard]] bool decided(Epoch epoch) const { return epoch <= last(); }
    [[nodiscard]] const Batch& batch(Epoch epoch) const { return decided_[epoch - 1].batch; }
    [[nodiscard]] const List& list(Epoch epoch) const { return epoch == 0 ? empty_ : decided_[epoch - 1].list; }
    [[nodiscard]] std::vector<NodeId> ids(Epoch epoch) const;
    // The epoch that added, or removed, this life; 0 if none did.
    [[nodiscard]] Epoch added_in(NodeId peer, Incarnation life) const { return look_up(added_, peer, life); }
    [[nodiscard]] Epoch removed_in(NodeId peer, Incarnation life) const { return look_up(removed_, peer, life); }
    [[nodiscard]] bool replaced(Seat seat, SeatLife life) const { return replaced_.contains({seat, life}); }
    [[nodiscard]] std::size_t acceptors(Epoch epoch, Ballot ballot) const;
    // The batch that some seat accepted durably under this ballot.
    [[nodiscard]] const Batch* accepted(Epoch epoch, Ballot ballot) const;

private:
    using Life = std::pair<NodeId, Incarnation>;
    struct Decided {
        Batch batch;
        List list;
    };
    struct Candidate {
        Batch batch;
        SeatSet seats;
    };
    static Epoch look_up(const std::map<Life, Epoch>& in, NodeId peer, Incarnation life);
    [[nodiscard]] std::string decide(Epoch epoch, const Batch& batch);
    [[nodiscard]] std::string apply(const Change& change, List& list);

    std::size_t need_;
    std::vector<Decided> decided_;
    std::map<std::pair<Epoch, Ballot>, Candidate> candidates_;
    std::map<Epoch, Digest> digests_;
    std::map<Life, Epoch> added_;
    std::map<Life, Epoch> removed_;
    std::map<NodeId, Incarnation> last_life_;
    std::map<std::pair<Seat, SeatLife>, Epoch> replaced_;
    List empty_;
};

}  // namespace gossip::sim
