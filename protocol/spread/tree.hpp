#pragma once
// A link that brings one copy more than gossip.copies carries announcements from then on: with one copy the links that
// carry messages are a spanning tree (Leitão, Pereira, Rodrigues: Epidemic Broadcast Trees, SRDS 2007).

#include "protocol/spread.hpp"

namespace gossip::spreading {

class Tree final : public SpreadMode {
public:
    Tree()
        : SpreadMode({.name = "tree",
                      .source = "Plumtree: Leitão, Pereira, Rodrigues 2007",
                      .rule = "links that bring more than `copies` of a message only announce the next ones",
                      .options = "copies",
                      .number = &GossipConfig::copies,
                      .number_key = "gossip.copies"}) {}

    [[nodiscard]] bool prunes(const GossipConfig&, std::uint64_t) const override { return true; }
};

}  // namespace gossip::spreading
