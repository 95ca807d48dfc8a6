#pragma once
// What a seed says of itself when its driver asks: for lists, pages and tests.

#include "protocol/types.hpp"

#include <cstddef>

namespace gossip {

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

}  // namespace gossip
