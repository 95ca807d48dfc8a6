#pragma once
// Floods while little is said, and is a tree while more than gossip.tree_above bytes a second come in.

#include "protocol/spread.hpp"

namespace gossip::spreading {

class Automatic final : public SpreadMode {
public:
    Automatic()
        : SpreadMode({.name = "auto",
                      .source = "flood and tree",
                      .rule = "flood, and tree while more than `tree_above` bytes a second come in",
                      .options = "copies, tree_above",
                      .number = &GossipConfig::copies,
                      .number_key = "gossip.copies"}) {}

    [[nodiscard]] bool weighs() const override { return true; }
    [[nodiscard]] bool prunes(const GossipConfig& config, std::uint64_t rate) const override {
        return rate >= config.tree_above;
    }
};

}  // namespace gossip::spreading
