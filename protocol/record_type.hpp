#pragma once
// What a journal holds. A driver frames, writes and reads the records; only who appended them looks inside.

#include <cstdint>

namespace gossip {

enum class RecordType : std::uint8_t {
    header = 1,
    ceiling = 2,
    accepted = 3,
    decided = 4,
    snapshot = 5,
    seat_life = 6
};

}  // namespace gossip
