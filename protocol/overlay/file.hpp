#pragma once
// The links of a graph that was given (overlay.file). The peer with the first port is vertex 0, the one with the next
// port vertex 1, and so on, whatever their addresses. Of the two ends of a link the one with the higher number opens
// it, and opens it again when it is lost. A peer beyond the last vertex opens `links` links at random.

#include "protocol/overlay/given_links.hpp"
#include "protocol/overlay/random.hpp"

namespace gossip::overlay {

class File final : public OverlayStrategy {
public:
    File()
        : OverlayStrategy({.name = "file",
                           .source = "a graph of your own: edge list, GraphML or GML",
                           .rule = "the links of overlay.file; its first vertex is the peer with the first port",
                           .options = "file, links, cap"}) {}

    [[nodiscard]] bool knows_list() const override { return true; }
    [[nodiscard]] bool follows_given() const override { return true; }

    [[nodiscard]] std::uint32_t links(const OverlayConfig& config, NodeId self, std::size_t) const override {
        const auto vertex = vertex_of(config, self);
        return vertex ? static_cast<std::uint32_t>(lower(*config.given, *vertex).size()) : config.links;
    }

    [[nodiscard]] double mean_links(const OverlayConfig& config, std::size_t) const override {
        return static_cast<double>(config.given->edges()) / config.given->vertices();
    }

    [[nodiscard]] NodeId choose(const LinkChoice& choice, Rng& rng) const override {
        const auto vertex = vertex_of(choice.config, choice.self);
        if (!vertex) return draw_uniform(choice, rng);
        for (const std::uint32_t other : lower(*choice.config.given, *vertex)) {
            const NodeId id = peer_at(choice, static_cast<std::uint16_t>(choice.config.first_port + other));
            if (!choice.excludes(id)) return id;
        }
        return NodeId::none;
    }

    // Links that the other end opened are its to open again.
    [[nodiscard]] bool replaces(const OverlayConfig& config, const LostLink& lost, Rng&) const override {
        const auto own = vertex_of(config, lost.self);
        const auto other = vertex_of(config, lost.other);
        return !own || (other && *other < *own);
    }

    [[nodiscard]] std::optional<std::string> problem(const OverlayConfig& config) const override {
        if (!config.given) {
            return R"(overlay.file: strategy "file" needs a graph, as in overlay.file = "links.txt")"
                   ": an edge list, GraphML or GML";
        }
        if (config.given->vertices() > most_vertices || config.given->vertices() + config.first_port > 65'536U) {
            return "overlay.file: has " + std::to_string(config.given->vertices()) +
                   " vertices, and each needs a port of its own from ports.peers on; at most " +
                   std::to_string(most_vertices) + " are possible";
        }
        const std::uint32_t largest = config.given->largest_degree();
        if (largest <= degree_limit(config, false)) return std::nullopt;
        const bool reserved = config.cap >= 8 || largest >= 8;  // see degree_limit
        return "overlay.cap: must be at least " + std::to_string(largest + (reserved ? 2 : 0)) +
               ": a vertex of overlay.file has " + std::to_string(largest) + " links" +
               (reserved ? ", and 2 places are kept free" : "");
    }

    [[nodiscard]] std::optional<std::string> warning(const OverlayConfig& config, std::size_t peers) const override {
        const std::uint32_t vertices = config.given->vertices();
        if (vertices == peers) return std::nullopt;
        return "overlay.file has " + std::to_string(vertices) + " vertices for " + std::to_string(peers) + " peers: " +
               (peers > vertices ? "the others link at random" : "links to the other vertices are not there");
    }

private:
    static constexpr std::uint32_t most_vertices = 50'000;

    static std::optional<std::uint32_t> vertex_of(const OverlayConfig& config, NodeId id) {
        const std::uint32_t port = endpoint(id).port;
        if (port < config.first_port || port - config.first_port >= config.given->vertices()) return std::nullopt;
        return port - config.first_port;
    }
    static std::span<const std::uint32_t> lower(const GivenLinks& given, std::uint32_t vertex) {
        const auto all = given.of(vertex);
        return all.first(static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), vertex) - all.begin()));
    }
    // On the address that the list has for this port, else on our own.
    static NodeId peer_at(const LinkChoice& choice, std::uint16_t port) {
        const auto at = std::find_if(choice.candidates.begin(), choice.candidates.end(),
                                     [port](const Candidate& c) { return endpoint(c.id).port == port; });
        return at == choice.candidates.end() ? node_id({endpoint(choice.self).ip, port}) : at->id;
    }
};

}  // namespace gossip::overlay
