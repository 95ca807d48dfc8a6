#pragma once
// A rumor that a peer keeps, in sixteen bytes: a peer of a large simulation keeps several.

#include "protocol/rumor.hpp"
#include "protocol/types.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace gossip {

struct KeptRumor {
    static constexpr std::uint64_t most_came = (std::uint64_t{1} << 39) - 1;  // 17 years
    static constexpr std::uint32_t most_hops = 0xffff;
    static constexpr std::uint8_t most_copies = 0xff;

    RumorPtr rumor;
    std::uint64_t came : 39;       // when, in milliseconds, rounded up
    std::uint64_t hop : 16;        // at which it reached us; more counts as `most_hops`
    std::uint64_t copies : 8 {1};  // pushed to us; more counts as `most_copies`
    bool settled : 1 {false};      // held long enough to be in the digest; at once when it came by repair

    KeptRumor(RumorPtr kept, Time now, std::uint32_t hops)
        : rumor(std::move(kept)), came(in_milliseconds(now) & most_came), hop(std::min(hops, most_hops) & most_hops) {}
    [[nodiscard]] Time since() const { return Time(std::chrono::milliseconds(came)); }

private:
    static std::uint64_t in_milliseconds(Time now) {
        const auto since_start = std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch());
        return static_cast<std::uint64_t>(since_start.count());
    }
};
static_assert(sizeof(KeptRumor) == 16);

}  // namespace gossip
