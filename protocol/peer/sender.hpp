#pragma once
// Who sent a message.

#include "protocol/machine.hpp"
#include "protocol/types.hpp"

namespace gossip {

struct Sender {
    NodeId node{};   // as a node of the network: for protocol 0 the one its payload names, which nothing proves
    NodeId reply{};  // where an answer goes
    Trust trust{};

    // It showed that it is that node.
    [[nodiscard]] bool proven() const { return trust == Trust::proven || trust == Trust::seed; }
    [[nodiscard]] bool anonymous() const { return trust == Trust::anonymous || is_anonymous(reply); }
    // A connection that never said who it is speaks for the protocol 0 node that its payload names.
    [[nodiscard]] Sender named(NodeId sender) const { return {is_anonymous(reply) ? sender : node, reply, trust}; }
};

}  // namespace gossip
