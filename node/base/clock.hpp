#pragma once
// The clocks of a process. Nothing else in node/ asks for a time: what must know it is told, or asks here.

#include "protocol/types.hpp"

#include <chrono>

namespace gossip {

// Of CLOCK_MONOTONIC, as Asio's timers count it.
using SteadyTime = std::chrono::steady_clock::time_point;

[[nodiscard]] SteadyTime steady_now();
// The same instant in the machines' own clock, which they cannot ask.
[[nodiscard]] Time to_time(SteadyTime instant);
[[nodiscard]] SteadyTime to_steady(Time time);
[[nodiscard]] Time machine_now();
[[nodiscard]] WallMs wall_now();

}  // namespace gossip
