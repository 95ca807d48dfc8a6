#include "sim/cluster/grown_overlay.hpp"

#include "protocol/assert.hpp"
#include "protocol/overlay.hpp"
#include "protocol/overlay/given_links.hpp"
#include "sim/cluster/hash_ring.hpp"

#include <algorithm>
#include <numeric>

namespace gossip::sim {
namespace {
// What an end has room for.
constexpr std::uint32_t last_peer = 0x7fffffff;
}  // namespace

std::optional<std::string> GrownOverlay::problem(const OverlayConfig& config, std::size_t peers) {
    if (auto problem = config.strategy->problem(config)) return problem;
    if (!config.strategy->follows_given() || config.given->vertices() == peers) return std::nullopt;
    return "overlay.file has " + std::to_string(config.given->vertices()) + " vertices, and there are " +
           std::to_string(peers) + " peers: peers that do not register have to be as many";
}

GrownOverlay::GrownOverlay(std::span<const NodeId> ids, const OverlayConfig& config, Rng rng)
    : ids_(ids), config_(config) {
    std::vector<Edge> edges;
    if (config.strategy->follows_given()) {
        take_given(edges);
    } else {
        edges.reserve(ids.size() * (links_to_open(config, NodeId::none, 0) + 1));
        std::vector<std::uint32_t> degrees(ids.size());
        for (std::uint32_t peer = 1; peer < ids.size(); ++peer) join(peer, edges, degrees, rng);
        close_ring(edges);
    }
    arrange(edges);
    ids_ = {};
}

// Peer and vertex have the same number.
void GrownOverlay::take_given(std::vector<Edge>& edges) const {
    GOSSIP_ASSERT(config_.given->vertices() == ids_.size());
    for (std::uint32_t vertex = 0; vertex < ids_.size(); ++vertex) {
        for (const std::uint32_t other : config_.given->of(vertex)) {
            if (other < vertex) edges.push_back({vertex, other, false});
        }
    }
}

// What a joiner knows: as many of the others as it remembers, uniformly, with their degrees.
void GrownOverlay::join(std::uint32_t peer, std::vector<Edge>& edges, std::vector<std::uint32_t>& degrees,
                        Rng& rng) const {
    std::vector<std::uint32_t> sample = known_to(peer, rng);
    std::vector<Candidate> known;
    known.reserve(sample.size());
    // Each peer before it has its ring link as well, which is made below: two ends a peer.
    const std::uint32_t ring_ends = config_.strategy->ring() ? 2 : 0;
    for (const std::uint32_t other : sample) known.push_back({ids_[other], degrees[other] + ring_ends, 1});
    const std::size_t before = edges.size();
    for (std::uint32_t link = links_to_open(config_, ids_[peer], peer); link > 0 && !known.empty(); --link) {
        const NodeId target = choose_link({config_, known, {}, ids_[peer]}, rng);
        const auto at = std::find_if(known.begin(), known.end(), [&](const Candidate& c) { return c.id == target; });
        if (at == known.end()) return;
        const std::uint32_t other = sample[static_cast<std::size_t>(at - known.begin())];
        const auto own = std::span(edges).subspan(before);
        if (std::any_of(own.begin(), own.end(), [other](const Edge& e) { return e.to == other; })) continue;
        edges.push_back({peer, other, false});
        ++degrees[peer];
        ++degrees[other];
        if (config_.strategy->repeats()) continue;
        sample.erase(sample.begin() + (at - known.begin()));
        known.erase(at);
    }
}

// Numbers of peers, ascending.
std::vector<std::uint32_t> GrownOverlay::known_to(std::uint32_t peer, Rng& rng) const {
    const std::uint32_t remembered = candidates_remembered(config_);
    std::vector<std::uint32_t> sample;
    if (peer <= remembered) {
        sample.resize(peer);
        std::iota(sample.begin(), sample.end(), 0U);
        return sample;
    }
    for (std::uint32_t i = 0; i < remembered; ++i) sample.push_back(static_cast<std::uint32_t>(rng.below(peer)));
    std::sort(sample.begin(), sample.end());
    sample.erase(std::unique(sample.begin(), sample.end()), sample.end());
    return sample;
}

void GrownOverlay::close_ring(std::vector<Edge>& edges) const {
    if (!config_.strategy->ring() || ids_.size() < 2) return;
    const HashRing ring(ids_);
    const auto order = ring.order();
    for (std::size_t i = 0; i < order.size(); ++i) edges.push_back({order[i], order[(i + 1) % order.size()], true});
}

// Both ends of every link, ascending; a pair that is linked twice counts once, and as preferential.
void GrownOverlay::arrange(const std::vector<Edge>& edges) {
    std::vector<std::uint32_t> starts(ids_.size() + 1);
    for (const Edge& e : edges) {
        ++starts[e.from + 1];
        ++starts[e.to + 1];
    }
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    ends_.resize(2 * edges.size());
    std::vector<std::uint32_t> at(starts.begin(), starts.end() - 1);
    for (const Edge& e : edges) {
        ends_[at[e.from]++] = {e.to & last_peer, e.ring};
        ends_[at[e.to]++] = {e.from & last_peer, e.ring};
    }
    first_.assign(1, 0);
    std::uint32_t kept = 0;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
        const auto row = std::span(ends_).subspan(starts[i], starts[i + 1] - starts[i]);
        std::sort(row.begin(), row.end(), [](const End& a, const End& b) {
            return std::pair(+a.other, +a.ring) < std::pair(+b.other, +b.ring);
        });
        for (std::size_t k = 0; k < row.size(); ++k) {
            if (k == 0 || row[k].other != row[k - 1].other) ends_[kept++] = End(row[k]);
        }
        first_.push_back(kept);
    }
    ends_.resize(kept);
}

}  // namespace gossip::sim
