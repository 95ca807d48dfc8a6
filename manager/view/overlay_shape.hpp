#pragma once
// The overlay of the live members as the view knows it: degrees and their power law, components, path lengths; and
// the latency of messages.

#include "manager/view/cluster_view.hpp"
#include "sim/graph/graph.hpp"
#include "sim/graph/power_law.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gossip {

struct OverlayShape {
    std::size_t peers{0};
    std::size_t links{0};                // both ends hold them
    std::vector<std::uint32_t> degrees;  // of each peer
    sim::Components components;
    double path_mean{0};
    sim::PowerLaw law;  // its exponent is 0 where there are too few peers for one
};
[[nodiscard]] OverlayShape shape_of(const ClusterView& view);
// The members of each component, the largest first.
[[nodiscard]] std::vector<std::vector<NodeId>> components_of(const ClusterView& view);

// Nearest-rank quantile of the deliveries' milliseconds since the message was said, of one message or of all that
// are kept; nothing where there are none.
[[nodiscard]] std::optional<double> latency_quantile(const ClusterView& view, const RumorView* message, double q);

}  // namespace gossip
