#pragma once
// Counts the rare paths that swarm runs have taken. A mark that no run reaches means that the drawn faults no longer
// test it.

#include "sim/cluster/cluster.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

namespace gossip::sim {

enum class Mark : std::uint8_t {
    adopted,  // a proposer finished a batch accepted under an earlier ballot
    nack,     // a promise to a higher ballot stopped a round
    outcome_unknown,
    batch_of_many,
    asks_carried,
    vote_repeated,  // the same vote arrived twice
    caught_up_by_deltas,
    caught_up_by_snapshot,
    recovered,  // a seed restarted from its journal
    torn_tail,
    ended_by_disk,  // a seed stopped because it could not write its journal
    seat_replaced,
    no_quorum,
    registration_pending,
    rejected,
    removal_decided,
    left_in_order,
    refused_by_own_probe,  // a seed reached the suspect and voted NO
    refuted,               // a suspect refuted the accusation
    suspicion_cancelled,
    bad_evidence,  // a report was refused because of its certificate
    removed_alive,
    came_back,  // after it was removed while alive
    repaired,   // a message arrived by repair
    duplicate_dropped,
    pruned,
    grafted,  // to get a missing message
    link_refused,
    isolated,
    one_seed,
    five_seeds,
    last_mark,
};

[[nodiscard]] std::string_view mark_name(Mark mark);

class Coverage final : public Observer {
public:
    using Counts = std::array<std::uint64_t, static_cast<std::size_t>(Mark::last_mark)>;

    explicit Coverage(const Cluster& cluster);
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;

    [[nodiscard]] const Counts& counts() const { return counts_; }
    void hit(Mark mark, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(mark)] += times; }

private:
    void on_notice(NodeId node, const Notice& n);
    void on_vote(NodeId node, NodeId from, const msg::Vote& vote);

    const Cluster& cluster_;
    Counts counts_{};
    std::set<NodeId> removed_alive_;
    std::map<std::pair<NodeId, NodeId>, std::pair<Epoch, Ballot>> last_vote_;  // by receiver and voter
};

}  // namespace gossip::sim
