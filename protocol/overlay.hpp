#pragma once
// Whom to link with (PROTOCOL.md section 3): what every overlay strategy answers, and the rules that are the same for
// all of them. Each strategy is a class in a file of its own under protocol/overlay/; overlay/table.cpp lists them.
// "Preferential" = in proportion to degree + 1 inside the uniform sample a seed hands out: choosing
// inside a sample of 64 keeps the exponent (measured 3.24 against 3.15 with the whole list).

#include "protocol/membership.hpp"
#include "protocol/rng.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

class GivenLinks;
class OverlayStrategy;

// The strategies in the order in which they are listed, the default first.
[[nodiscard]] std::span<const OverlayStrategy* const> overlay_strategies();
// nullptr: there is none of that name.
[[nodiscard]] const OverlayStrategy* find_overlay(std::string_view name);

struct OverlayConfig {
    static constexpr std::uint32_t cap_limit = 4000;  // of a degree in a link

    const OverlayStrategy* strategy = overlay_strategies().front();  // overlay.strategy; never null
    std::uint32_t links = 3;                                         // overlay.links: opened by a joiner (c)
    double alpha = 1.0;                                              // overlay.alpha: rank weight 1/k^alpha (zipf)
    std::uint32_t cap = 128;                                         // overlay.cap
    std::uint32_t floor = 2;                                         // overlay.floor: preferential links kept
    std::uint32_t replace_per_million = 400'000;                     // overlay.replace (q = 0.4)
    std::uint32_t successors = 4;                                    // ring successors remembered
    std::uint32_t candidates = 32;                                   // candidates remembered
    std::shared_ptr<const GivenLinks> given;                         // overlay.file
    std::uint16_t first_port = 7000;                                 // of the peer that is vertex 0 of overlay.file
};

// What a peer knows when it chooses one more peer to link with.
struct LinkChoice {
    const OverlayConfig& config;
    std::span<const Candidate> candidates;  // ascending by id
    std::span<const NodeId> excluded;       // ascending: not to be linked with now
    NodeId self{};

    [[nodiscard]] bool excludes(NodeId id) const;
    // May be linked with: not excluded, and below the cap.
    [[nodiscard]] bool allows(const Candidate& candidate) const;
};

// A link that is gone, beside a ring link.
struct LostLink {
    NodeId self{};
    NodeId other{};
    std::size_t remaining{0};  // links that are not ring links
};

// What configuration, help, results and documents say of a strategy.
struct OverlayFacts {
    std::string_view name;     // as in overlay.strategy
    std::string_view source;   // the paper or document that it is from
    std::string_view rule;     // one line
    std::string_view options;  // the keys of [overlay] that it reads, beside strategy
};

class OverlayStrategy {
public:
    explicit OverlayStrategy(const OverlayFacts& facts) : facts_(facts) {}
    OverlayStrategy(const OverlayStrategy&) = delete;
    OverlayStrategy& operator=(const OverlayStrategy&) = delete;
    virtual ~OverlayStrategy() = default;

    [[nodiscard]] const OverlayFacts& facts() const { return facts_; }
    [[nodiscard]] std::string_view name() const { return facts_.name; }

    // The rule: one more peer to link with, none when nobody suits.
    [[nodiscard]] virtual NodeId choose(const LinkChoice& choice, Rng& rng) const = 0;
    // Links a joiner opens when the list has `others` beside it, its ring link among them.
    [[nodiscard]] virtual std::uint32_t links(const OverlayConfig& config, NodeId self, std::size_t others) const;
    // Of these, how many it opens on average beside its ring link: what theory reckons with.
    [[nodiscard]] virtual double mean_links(const OverlayConfig& config, std::size_t others) const;
    // One of these links goes to the successor on the hash ring.
    [[nodiscard]] virtual bool ring() const { return false; }
    // It weighs candidates by their degree + 1, for which theory knows the degrees that come of it.
    [[nodiscard]] virtual bool preferential() const { return false; }
    // It chooses from the list, as far as it is no longer than whole_list, and not from a sample of it.
    [[nodiscard]] virtual bool knows_list() const { return false; }
    // A link that another peer opened is one of those wanted.
    [[nodiscard]] virtual bool counts_accepted() const { return false; }
    // A choice that falls on a peer that is linked already is used up and opens no link.
    [[nodiscard]] virtual bool repeats() const { return false; }
    // Whether a lost link is replaced: always below the floor, else with probability q, which keeps the mean degree
    // at c/(1-q) and the exponent near 1 + 1/q under churn. Replacing every lost link would let the mean degree grow
    // without bound.
    [[nodiscard]] virtual bool replaces(const OverlayConfig& config, const LostLink& lost, Rng& rng) const;
    // The links are those of OverlayConfig::given, and no others.
    [[nodiscard]] virtual bool follows_given() const { return false; }
    // Why it cannot run with this configuration, naming the key; nothing when it can.
    [[nodiscard]] virtual std::optional<std::string> problem(const OverlayConfig& config) const;
    // What whoever starts so many peers ought to know; nothing when it suits.
    [[nodiscard]] virtual std::optional<std::string> warning(const OverlayConfig& config, std::size_t peers) const;

private:
    OverlayFacts facts_;
};

constexpr std::uint32_t whole_list = 512;

// One of those allowed, each as likely as `weight(candidate, rank)` says; rank 1 has the lowest id.
template <class Weight>
[[nodiscard]] NodeId draw_weighted(const LinkChoice& choice, Rng& rng, Weight weight) {
    const auto weight_at = [&](std::size_t i) -> std::uint64_t {
        const Candidate& candidate = choice.candidates[i];
        return choice.allows(candidate) ? weight(candidate, i + 1) : 0;
    };
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) total += weight_at(i);
    if (total == 0) return NodeId::none;
    std::uint64_t drawn = rng.below(total);
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
        const std::uint64_t w = weight_at(i);
        if (drawn < w) return choice.candidates[i].id;
        drawn -= w;
    }
    return NodeId::none;
}

// 1/rank^alpha in fixed point, so that the draw itself is integer arithmetic.
[[nodiscard]] std::uint64_t rank_weight(std::size_t rank, double alpha);

// Links a joiner opens beside its ring link.
[[nodiscard]] std::uint32_t links_to_open(const OverlayConfig& config, NodeId self, std::size_t others);

// How many candidates a peer remembers, and how many a seed hands out that has `sample` for a strategy that samples.
[[nodiscard]] std::uint32_t candidates_remembered(const OverlayConfig& config);
[[nodiscard]] std::uint32_t candidates_handed_out(const OverlayConfig& config, std::uint32_t sample);

// A hub keeps two places for ring links, which hold the graph together: a peer has one successor
// and one predecessor. Caps too small for that have no reserve.
[[nodiscard]] constexpr std::uint32_t degree_limit(const OverlayConfig& config, bool ring) {
    return ring || config.cap < 8 ? config.cap : config.cap - 2;
}

// One target by the strategy's rule; none when nobody is left. Candidates may be in any order.
[[nodiscard]] NodeId choose_link(const LinkChoice& choice, Rng& rng);

// The degree that the peer of this rank (1: the oldest) comes to in a network that has grown one by one to `peers`:
// links * sqrt(peers / rank) (Barabási, Albert, Jeong 1999, section 4), below the cap. Many that come at once know
// nothing of each other's degrees, and links drawn evenly among those of one age make no power law; links drawn by
// weights rank^-1/2 do, with exponent 3 (Goh, Kahng, Kim 2001).
[[nodiscard]] std::uint32_t expected_degree(const OverlayConfig& config, std::size_t rank, std::size_t peers);

// The nearest successor that can be had: the first that is not in `unreachable` (ascending).
[[nodiscard]] NodeId ring_target(std::span<const NodeId> successors, std::span<const NodeId> unreachable);

// Below so many links a peer opens one more, whatever it has lost.
[[nodiscard]] std::uint32_t fewest_links(const OverlayConfig& config);

// Where a full hub sends a joiner instead: up to three of its neighbours, uniformly.
[[nodiscard]] std::vector<NodeId> redirects(std::span<const NodeId> links, NodeId asker, Rng& rng);

}  // namespace gossip
