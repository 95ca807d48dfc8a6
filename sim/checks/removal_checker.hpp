#pragma once
// Checks removals against the simulator's ground truth: who may be removed (S6, D2), and that an accuser does not
// report a suspect that refuted in time (D3). PROTOCOL.md section 7.

#include "sim/checks/chain.hpp"
#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <set>

namespace gossip::sim {

struct RemovalRules {
    // False if messages can be lost or late: then probes of live peers fail, and S6 cannot be checked.
    bool probes_reliable{true};
    // True if nothing in this run can make a live peer look dead.
    bool accuracy_expected{false};
};

class RemovalChecker final : public Observer {
public:
    RemovalChecker(const Cluster& cluster, RemovalRules rules, Alarm& alarm)
        : cluster_(cluster), rules_(rules), alarm_(alarm) {}

    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;

    void set_rules(RemovalRules rules) { rules_ = rules; }
    [[nodiscard]] std::size_t live_removals() const { return live_removals_; }

private:
    using Life = std::pair<NodeId, Incarnation>;
    void on_commit(Time now, NodeId from, const msg::Commit& m);
    void check_removal(Time now, NodeId from, const Change& change);
    [[nodiscard]] bool alive_as(NodeId peer, Incarnation life) const;
    [[nodiscard]] std::size_t seeds_in_contact(Time now, NodeId peer, Duration window) const;
    // How long before a decision its opinions can have been formed: an opinion is valid for 5 s, then comes a round.
    [[nodiscard]] Duration opinion_window() const;

    const Cluster& cluster_;
    RemovalRules rules_;
    Alarm& alarm_;
    std::set<Life> judged_;
    std::map<NodeId, std::map<Life, bool>> refuted_;  // by accuser: suspected lives, and whether they refuted
    std::size_t live_removals_{0};
};

}  // namespace gossip::sim
