#pragma once
// Forms of values that several parts of a seed write into its fingerprint.

#include "protocol/canonical.hpp"

#include <vector>

namespace gossip {

inline void write(ByteWriter& out, Ballot ballot) {
    out.u64(ballot.round);
    out.u8(ballot.seat);
}

inline void write(ByteWriter& out, const Accepted& accepted) {
    out.u64(accepted.epoch);
    write(out, accepted.ballot);
    write(out, accepted.batch);
}

inline void write(ByteWriter& out, const std::vector<SeatInfo>& infos) {
    out.u32(static_cast<std::uint32_t>(infos.size()));
    for (const SeatInfo& info : infos) {
        out.u8(info.seat);
        out.u64(info.life);
    }
}

}  // namespace gossip
