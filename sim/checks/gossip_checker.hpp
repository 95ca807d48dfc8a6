#pragma once
// Checks G1, G3, G4, G5 and G7 of PROTOCOL.md section 7 at every step, and records who has which message, for G2 at
// the end.

#include "sim/checks/chain.hpp"
#include "sim/checks/violation.hpp"
#include "sim/cluster/cluster.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace gossip::sim {

class GossipChecker final : public Observer {
public:
    // `chain` knows which lives were removed; it must outlive the checker.
    GossipChecker(const Cluster& cluster, const Chain& chain, Alarm& alarm)
        : cluster_(cluster), chain_(chain), alarm_(alarm) {}

    void on_started(Time now, NodeId node, std::uint32_t life) override;
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;

    // G2: a message that some live peer has and another lacks, although its origin is still a member. Empty if there
    // is none.
    [[nodiscard]] std::string missing_somewhere() const;
    [[nodiscard]] std::size_t messages() const { return origin_of_.size(); }
    // How many of the live peers have this message.
    [[nodiscard]] std::size_t reach(const std::string& id) const;
    // Transmissions of one message over all links, without repair.
    [[nodiscard]] std::size_t pushes(const std::string& id) const;

private:
    // A set of messages, which are numbered in the order in which they first appear.
    class Set {
    public:
        // False if the message was in the set.
        bool insert(std::uint32_t message) {
            if (message >= bits_.size()) bits_.resize(2 * std::size_t{message} + 64);
            const bool fresh = !bits_[message];
            bits_[message] = true;
            return fresh;
        }
        void erase(std::uint32_t message) {
            if (message < bits_.size()) bits_[message] = false;
        }
        [[nodiscard]] bool contains(std::uint32_t message) const { return message < bits_.size() && bits_[message]; }
        void clear() { bits_.clear(); }

    private:
        std::vector<bool> bits_;
    };
    struct Origin {
        NodeId node{};
        Incarnation life{};
        std::string text;
        Time born{};
    };
    // What a peer has seen in its current process life.
    struct History {
        Set has;
        Epoch epoch{0};                                                         // learned, or jumped to
        std::map<Epoch, std::vector<std::pair<NodeId, Incarnation>>> removals;  // received for epochs not learned yet
        std::set<std::pair<NodeId, Incarnation>> removed;                       // removals that it has learned
        std::map<Incarnation, std::uint32_t> generated;
    };
    void on_generated(Time now, NodeId node, const Notice& n);
    void note_removals(History& h, const Received& received);
    void learn(History& h, Epoch epoch);
    void check_delivery(Time now, NodeId node, const Deliver& d);
    void check_bounds(Time now, NodeId node);
    void allow_again(NodeId from, NodeId to, const std::vector<RumorKey>& keys);
    [[nodiscard]] bool still_member(const Origin& origin) const;
    std::uint32_t number_of(const std::string& id);

    const Cluster& cluster_;
    const Chain& chain_;
    Alarm& alarm_;
    std::map<std::string, Origin> origin_of_;
    std::map<NodeId, History> histories_;
    std::map<std::pair<NodeId, NodeId>, Set> pushed_;         // from, to: since the link was last lost
    std::unordered_map<std::string, std::uint32_t> numbers_;  // by message id; never iterated
    std::map<RumorKey, std::uint32_t> numbers_by_key_;
    std::vector<std::string> ids_;     // by number
    std::vector<std::size_t> pushes_;  // by number
    std::uint64_t steps_{0};
};

}  // namespace gossip::sim
