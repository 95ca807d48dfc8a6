#pragma once
// The clocks of a process. No other code in node/ reads a clock: it is given the time or calls these functions.

#include "protocol/types.hpp"

#include <chrono>

namespace gossip {

// CLOCK_MONOTONIC, which Asio's timers use.
using SteadyTime = std::chrono::steady_clock::time_point;

[[nodiscard]] SteadyTime steady_now();
// The same instant in the time type of the machines, which read no clock themselves.
[[nodiscard]] Time to_time(SteadyTime instant);
[[nodiscard]] SteadyTime to_steady(Time time);
[[nodiscard]] Time machine_now();
[[nodiscard]] WallMs wall_now();

}  // namespace gossip
