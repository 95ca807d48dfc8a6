#pragma once
// Infect and die: who has a message for the first time passes it on to `fanout` of its links, drawn at random, once.
// With fan-out f it reaches the share p = 1 - exp(-f p) of the peers (Kermack, McKendrick 1927; Eugster et al. 2004),
// which is the literature's baseline; repair brings it to the others.

#include "protocol/spread.hpp"

#include <algorithm>

namespace gossip::spreading {

class Push final : public SpreadMode {
public:
    Push()
        : SpreadMode({.name = "push",
                      .source = "infect and die: Eugster, Guerraoui, Kermarrec, Massoulié 2004",
                      .rule = "the first copy to `fanout` of the links, at random; repair does the rest",
                      .options = "fanout",
                      .number = &GossipConfig::fanout,
                      .number_key = "gossip.fanout"}) {}

    [[nodiscard]] bool chooses() const override { return true; }
    [[nodiscard]] std::size_t choose(const SpreadChoice& choice, std::span<NodeId> links, Rng& rng) const override {
        rng.shuffle(links);
        return std::min<std::size_t>(links.size(), choice.config.fanout);
    }
};

}  // namespace gossip::spreading
