#pragma once
// Checks S1-S13 of PROTOCOL.md section 7 (of S6 the quorum of YES votes) from journals, messages on the wire and the
// epochs that seeds report as applied, never from the state of a machine.

#include "protocol/seed/list/records.hpp"
#include "sim/checks/chain.hpp"
#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <set>

namespace gossip::sim {

// A round as seen on the wire: its asks, and the votes and commits under its ballot.
struct RoundSeen {
    NodeId proposer{};
    std::uint32_t proposer_life{0};
    std::vector<Ask> asks;
    std::map<Seat, msg::Vote> votes;  // without the proposer's
    std::vector<Batch> committed;     // at most one
};

class SeedChecker final : public Observer {
public:
    SeedChecker(const Cluster& cluster, Alarm& alarm);

    void on_started(Time now, NodeId node, std::uint32_t life) override;
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;
    void on_synced(Time now, NodeId node, std::span<const Append> appends) override;

    [[nodiscard]] const Chain& chain() const { return chain_; }
    [[nodiscard]] const RoundSeen* round(Epoch epoch, Ballot ballot) const;
    // The greatest epoch in which a peer was told that it is registered.
    [[nodiscard]] Epoch acknowledged() const { return acknowledged_; }

private:
    using RoundKey = std::pair<Epoch, Ballot>;
    // What one seat is bound by.
    struct SeatState {
        std::uint64_t ceiling{0};    // durable
        std::set<RoundKey> durable;  // accepted on disk
        // The greatest ballot promised, and by epoch the greatest acknowledged: in this process life, and in what left
        // the node in any life. What never left the node does not bind later lives.
        struct Bound {
            Ballot promised;
            std::map<Epoch, Ballot> acked;
        } said, left;
        std::map<std::uint32_t, Epoch> applied;  // by process life
        SeatLife life{0};
    };
    struct Context {
        Time now{};
        NodeId from{};
        Seat seat{no_seat};
    };

    void fail(const Context& c, std::string invariant, std::string text) const;
    void fail_if(const Context& c, const std::string& problem) const;  // problem: "S1: …", or empty
    void claims_decided(const Context& c, Epoch epoch, const Digest& digest);
    void check_promise(const Context& c, Ballot ballot);
    void says(const Context& c, const msg::Vote& m);
    void says(const Context& c, const msg::Ack& m);
    void check_quorum_of_votes(const Context& c, const RoundSeen& round, const msg::Commit& m);
    void check_opinions(const Context& c, const RoundSeen& round, const msg::Commit& m);
    void check_rejected(const Context& c, const Notice& n);
    void check_applied(const Context& c, const Notice& n);
    void on_notice(const Context& c, const Notice& n);
    void on_durable(const Context& c, RecordType type, std::string_view body);
    void on_accepted(const Context& c, const Accepted& accepted);
    void on_snapshot(const Context& c, const SnapshotRecord& record);

    void see(const Context& c, const msg::Propose& m);
    void see(const Context& c, const msg::Vote& m);
    void see(const Context& c, const msg::Commit& m);
    void see(const Context& c, const msg::Ack& m);
    void see(const Context& c, const msg::RegisterAck& m);

    const Cluster& cluster_;
    Alarm& alarm_;
    Chain chain_;
    std::map<RoundKey, RoundSeen> rounds_;
    std::map<Seat, SeatState> seats_;
    std::map<Seat, std::pair<Epoch, Ballot>> last_proposed_;
    std::map<RoundKey, std::vector<Change>> rejected_;
    Epoch acknowledged_{0};
};

}  // namespace gossip::sim
