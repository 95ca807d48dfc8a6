#pragma once
// Every first copy goes to all links but the one it came by: the shortest way to everyone, for 2E-(n-1) sends.

#include "protocol/spread.hpp"

namespace gossip::spreading {

class Flood final : public SpreadMode {
public:
    Flood()
        : SpreadMode({.name = "flood",
                      .source = "documents 000 to 004",
                      .rule = "the first copy to all links but the one it came by",
                      .options = "none"}) {}

    [[nodiscard]] bool floods() const override { return true; }
};

}  // namespace gossip::spreading
