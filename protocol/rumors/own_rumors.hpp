#pragma once
// The rumors a peer says itself: their numbers and ids, and how many it may say in a second (PROTOCOL.md section 5).

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/rumor.hpp"

#include <string>
#include <string_view>

namespace gossip {

class OwnRumors {
public:
    // A life counts its own rumors from 1.
    void begin_life();
    [[nodiscard]] RumorPtr create(bool typed, std::string text, NodeId self, Incarnation life, WallMs wall,
                                  const Crypto& crypto);
    // Why the user's text cannot be published now; empty when it can, and takes one of the messages allowed.
    [[nodiscard]] std::string_view refuse(std::string_view text, Time now, const GossipConfig& config);
    // How many messages this life has generated.
    [[nodiscard]] std::uint64_t generated() const { return next_generated_ - 1; }

private:
    std::uint64_t next_generated_{1};
    std::uint64_t next_typed_{1};
    WallMs last_stamp_{0};
    // A token bucket: a message a token.
    std::uint32_t tokens_{0};
    Time refilled_{};
    bool bucket_started_{false};
};

}  // namespace gossip
