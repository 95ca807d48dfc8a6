#pragma once
// A seed: routes events to the parts that hold the membership authority (PROTOCOL.md section 2).

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/machine.hpp"
#include "protocol/rng.hpp"

#include <span>

namespace gossip {

struct SeedOptions {
    NodeId self{};
    SeatLife fresh_life{1};  // drawn by the driver; used when there is no journal
    // True on a network's first start. Without it a seed that finds no journal asks the others
    // whether its seat has voted before, and if so only learns until a REPLACE is decided.
    bool bootstrap{false};
};

struct SeedStatus {
    Seat seat{no_seat};
    SeatLife life{0};
    Epoch epoch{0};
    Digest digest;
    std::size_t members{0};
    std::size_t pending{0};
    bool voting{false};
    bool quorum{false};  // a majority of seeds answered lately
};

class SeedMachine final : public Machine {
public:
    // `config` and `crypto` outlive the machine; `journal` is what recovery read, in order.
    SeedMachine(const Config& config, const Crypto& crypto, SeedOptions options, Rng rng,
                std::span<const Record> journal);
    void step(Time now, const Event& event, Effects& out) override;
    [[nodiscard]] SeedStatus status() const;
    [[nodiscard]] std::vector<Member> members() const;  // ascending by id
};

}  // namespace gossip
