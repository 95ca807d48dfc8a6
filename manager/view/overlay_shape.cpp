#include "manager/view/overlay_shape.hpp"

#include "sim/study/histogram.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

namespace gossip {
namespace {

// The live members and the links that both ends hold; a node of the graph is a place in `members`.
struct Overlay {
    std::vector<NodeId> members;
    sim::Graph graph;
};

Overlay overlay_of(const ClusterView& view) {
    const std::set<NodeId> live = view.live_registered();
    std::map<NodeId, std::uint32_t> number;
    for (const NodeId id : live) number.emplace(id, static_cast<std::uint32_t>(number.size()));
    std::vector<sim::Graph::Edge> edges;
    for (const auto& [id, links] : view.two_sided_links(live)) {
        for (const NodeId other : links) {
            if (id < other) edges.emplace_back(number.at(id), number.at(other));
        }
    }
    return {{live.begin(), live.end()}, sim::Graph(live.size(), edges)};
}

}  // namespace

OverlayShape shape_of(const ClusterView& view) {
    constexpr std::size_t path_sources = 64;
    OverlayShape shape;
    const auto [members, graph] = overlay_of(view);
    for (std::size_t node = 0; node < members.size(); ++node) {
        shape.degrees.push_back(static_cast<std::uint32_t>(graph.of(node).size()));
    }
    shape.peers = graph.nodes();
    shape.links = graph.edges();
    shape.components = sim::components(graph);
    shape.path_mean = sim::mean_path(graph, path_sources, Rng{1});
    shape.law = sim::fit_power_law(shape.degrees);
    return shape;
}

std::vector<std::vector<NodeId>> components_of(const ClusterView& view) {
    const Overlay overlay = overlay_of(view);
    std::vector<std::vector<NodeId>> components;
    const auto take = [&](std::span<const std::uint32_t> nodes) {
        std::vector<NodeId>& component = components.emplace_back();
        for (const std::uint32_t node : nodes) component.push_back(overlay.members[node]);
    };
    sim::each_component(overlay.graph, std::vector<bool>(overlay.graph.nodes()), take);
    std::ranges::stable_sort(components, [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return components;
}

std::optional<double> latency_quantile(const ClusterView& view, const RumorView* message, double q) {
    std::vector<double> samples;
    const auto add = [&](const RumorView& rumor) {
        for (const auto& [node, receipt] : rumor.receipts) {
            if (receipt.hop > 0) samples.push_back(static_cast<double>(receipt.mono_ns - rumor.mono_ns) / 1e6);
        }
    };
    if (message != nullptr) {
        add(*message);
    } else {
        for (const RumorView& rumor : view.rumors()) add(rumor);
    }
    if (samples.empty()) return std::nullopt;
    const auto at = samples.begin() + static_cast<std::ptrdiff_t>(sim::nearest_rank(q, samples.size()) - 1);
    std::nth_element(samples.begin(), at, samples.end());
    return *at;
}

}  // namespace gossip
