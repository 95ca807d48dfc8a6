#include "node/base/clock.hpp"

namespace gossip {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

Time to_time(SteadyTime instant) { return Time{std::chrono::duration_cast<Duration>(instant.time_since_epoch())}; }

SteadyTime to_steady(Time time) {
    return SteadyTime{std::chrono::duration_cast<SteadyTime::duration>(time.time_since_epoch())};
}

Time machine_now() { return to_time(steady_now()); }

WallMs wall_now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

}  // namespace gossip
