#pragma once
// A node that pretends to be a seed: it sends forged votes, decisions, certificates, accusations and replayed messages
// to random nodes (PROTOCOL.md section 6). Nothing it sends may change a decision.

#include "protocol/crypto.hpp"
#include "protocol/hinted_machine.hpp"
#include "protocol/rng.hpp"

#include <vector>

namespace gossip::sim {

class Hostile final : public HintedMachine {
public:
    Hostile(NodeId self, std::vector<NodeId> seeds, std::vector<NodeId> peers, const Crypto& crypto, Rng rng)
        : self_(self), seeds_(std::move(seeds)), peers_(std::move(peers)), crypto_(crypto), rng_(rng) {}

    void step(Time now, const Event& event, Effects& out) override;

private:
    [[nodiscard]] Message lie_to_seed();
    [[nodiscard]] Message lie_to_peer();
    [[nodiscard]] msg::DeadNodeReport false_report();
    [[nodiscard]] msg::RegisterRequest usurped_registration();
    [[nodiscard]] msg::Membership forged_decision();

    NodeId self_;
    std::vector<NodeId> seeds_;
    std::vector<NodeId> peers_;
    const Crypto& crypto_;
    Rng rng_;
    Epoch heard_epoch_{0};
    std::vector<Message> heard_;  // for replay
};

}  // namespace gossip::sim
