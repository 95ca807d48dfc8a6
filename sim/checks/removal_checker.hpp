#pragma once
// Against the simulator's ground truth: who may be removed (S6, D2), that a refutation in time keeps
// an accuser from reporting (D3), and how long a dead peer stayed in the list (D1).

#include "sim/checks/chain.hpp"
#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <set>

namespace gossip::sim {

struct RemovalRules {
    // Lost or late messages make probes fail without anybody's fault: S6 cannot be told then.
    bool probes_reliable{true};
    // Nothing happens in this run that may make a live peer look dead.
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
    // Before this long ago nothing counts: an opinion lives 5 s and is followed by a round.
    [[nodiscard]] Duration opinion_window() const;

    const Cluster& cluster_;
    RemovalRules rules_;
    Alarm& alarm_;
    std::set<Life> judged_;
    std::map<NodeId, std::map<Life, bool>> refuted_;  // by accuser: suspected lives, and whether they spoke up
    std::size_t live_removals_{0};
};

}  // namespace gossip::sim
