#pragma once
// G1, G3, G4, G5 and G7 of PROTOCOL.md section 7 while a run goes on, and who has what for G2 at its end.

#include "sim/chain.hpp"
#include "sim/cluster.hpp"
#include "sim/violation.hpp"

#include <map>
#include <set>
#include <string>

namespace gossip::sim {

class GossipChecker final : public Observer {
public:
    // `chain` tells which lives were removed; it outlives the checker.
    GossipChecker(const Cluster& cluster, const Chain& chain, Alarm& alarm)
        : cluster_(cluster), chain_(chain), alarm_(alarm) {}

    void on_started(Time now, NodeId node, std::uint32_t life) override;
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const Message& message) override;

    // G2: a message that a live peer has and another one lacks, though its origin is a member.
    // Empty when there is none; otherwise says which.
    [[nodiscard]] std::string missing_somewhere() const;
    [[nodiscard]] std::size_t messages() const { return origin_of_.size(); }
    // How many of the live peers have this message.
    [[nodiscard]] std::size_t reach(const std::string& id) const;
    // Transmissions of one message over all links, repair not counted.
    [[nodiscard]] std::size_t pushes(const std::string& id) const;

private:
    struct Origin {
        NodeId node{};
        Incarnation life{};
        std::string text;
        Time born{};
    };
    // What one process life of a peer has seen.
    struct Holder {
        std::set<std::string> has;
        Epoch epoch{0};                                                         // learnt, or jumped to
        std::map<Epoch, std::vector<std::pair<NodeId, Incarnation>>> removals;  // it was told of while they were news
        std::set<std::pair<NodeId, Incarnation>> removed;                       // of these, what it has learnt
        std::map<Incarnation, std::uint32_t> generated;
    };
    void on_generated(Time now, NodeId node, const Notice& n);
    void note_removals(Holder& h, const Received& received);
    void learn(Holder& h, Epoch epoch);
    void check_delivery(Time now, NodeId node, const Deliver& d);
    void check_bounds(Time now, NodeId node);
    [[nodiscard]] bool still_member(const Origin& origin) const;

    const Cluster& cluster_;
    const Chain& chain_;
    Alarm& alarm_;
    std::map<std::string, Origin> origin_of_;
    std::map<NodeId, Holder> holders_;                                   // the current process lives
    std::map<std::pair<NodeId, NodeId>, std::set<std::string>> pushed_;  // since the link was last lost
    std::map<std::string, std::size_t> pushes_;
    std::uint64_t steps_{0};
};

}  // namespace gossip::sim
