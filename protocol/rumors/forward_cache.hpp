#pragma once
// GOSSIP messages as they are passed on: one object for all peers of a process that pass on the same rumor at the same
// hop in the same millisecond. A flood over a million simulated peers has a few hundred of them.

#include "protocol/messages.hpp"
#include "protocol/rng.hpp"
#include "protocol/shared_message.hpp"

#include <array>
#include <cstdint>

namespace gossip {

class ForwardCache {
public:
    [[nodiscard]] const SharedMessage& message(const RumorPtr& rumor, std::uint32_t hop, WallMs sent, bool repair) {
        SharedMessage& latest = latest_[place(*rumor, hop, sent)];
        const auto* known = latest.get_if<msg::Gossip>();
        const bool same = known != nullptr && known->rumor == rumor && known->hop == hop && known->sent == sent &&
                          known->repair == repair;
        if (!same) latest = msg::Gossip{rumor, NodeId::none, hop, sent, repair};
        return latest;
    }

private:
    static constexpr std::size_t places = 64;
    [[nodiscard]] static std::size_t place(const Rumor& rumor, std::uint32_t hop, WallMs sent) {
        return mix64(rumor.key.lo ^ hop ^ static_cast<std::uint64_t>(sent) << 32) % places;
    }

    std::array<SharedMessage, places> latest_;
};

}  // namespace gossip
