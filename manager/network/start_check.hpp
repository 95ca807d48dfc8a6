#pragma once
// What the start of a network of processes refuses before it changes anything; `gossipctl check` asks the same.

#include "manager/base/failure.hpp"

namespace gossip {

struct NetworkPlan;

[[nodiscard]] Result check_start(const NetworkPlan& plan);

}  // namespace gossip
