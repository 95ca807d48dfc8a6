#pragma once
// A peer: routes events to its parts (registration, overlay, dissemination, liveness).

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/machine.hpp"
#include "protocol/rng.hpp"

namespace gossip {

struct PeerOptions {
    NodeId self{};
    Incarnation last_life{};  // a restarted peer passes its previous life; the new one is greater
};

struct PeerStatus {
    Incarnation incarnation{};
    bool registered{false};
    bool active{false};
    Epoch epoch{0};
    Digest digest;
    std::vector<NodeId> links;       // ascending
    std::vector<NodeId> preferential;  // of those, the ones that count for the degree law
    std::uint32_t suspects{0};
    std::uint64_t delivered{0};
    std::uint64_t duplicates{0};
    std::uint64_t gossip_sent{0};
    std::size_t stored{0};
};

class PeerMachine final : public Machine {
public:
    // `config` and `crypto` outlive the machine.
    PeerMachine(const Config& config, const Crypto& crypto, PeerOptions options, Rng rng);
    void step(Time now, const Event& event, Effects& out) override;
    [[nodiscard]] PeerStatus status() const;
};

}  // namespace gossip
