#pragma once
// The network's figures in the text form that Prometheus reads.
// https://prometheus.io/docs/instrumenting/exposition_formats/

#include "manager/network/managed_network.hpp"

#include <string>

namespace gossip {

[[nodiscard]] std::string metrics_text(const ManagedNetwork& network);

}  // namespace gossip
