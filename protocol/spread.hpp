#pragma once
// Over which links a message goes (PROTOCOL.md section 5): what every way to spread answers. Each is a class in a file
// of its own under protocol/spread/; spread/table.cpp lists them.

#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace gossip {

class SpreadMode;

// The ways to spread in the order in which they are listed, the default first.
[[nodiscard]] std::span<const SpreadMode* const> spread_modes();
// nullptr: there is none of that name.
[[nodiscard]] const SpreadMode* find_spread(std::string_view name);

struct GossipConfig {
    Duration interval = std::chrono::seconds(5);         // gossip.interval
    Duration first_after = std::chrono::seconds(2);      // gossip.first_after
    std::uint32_t max_messages = 10;                     // gossip.max_messages: generated a life
    const SpreadMode* mode = spread_modes().front();     // gossip.mode; never null
    std::uint32_t copies = 2;                            // gossip.copies: of a message that a peer of a tree takes
    std::uint32_t tree_above = 65'536;                   // gossip.tree_above: bytes a second (auto)
    std::uint32_t fanout = 3;                            // gossip.fanout: links that a peer pushes a message to (push)
    Duration repair_interval = std::chrono::seconds(5);  // gossip.repair_interval: push-pull tick
    std::uint32_t origin_rate = 1;                       // gossip.rate: own messages a second
    std::uint32_t origin_burst = 20;                     // gossip.burst
    std::uint32_t store_limit = 10'000;                  // gossip.store: messages kept for repair
    std::uint32_t payload_limit = 4096;                  // bytes of text in one message
};

// What configuration, help, results and documents say of a way to spread.
struct SpreadFacts {
    std::string_view name;                          // as in gossip.mode
    std::string_view source;                        // the paper or document that it is from
    std::string_view rule;                          // one line
    std::string_view options;                       // the keys of [gossip] that it reads, beside mode
    std::uint32_t GossipConfig::*number = nullptr;  // what --gossip NAME:N sets, if anything
    std::string_view number_key = {};               // its key
};

// What a peer knows when it passes a message on.
struct SpreadChoice {
    const GossipConfig& config;
    std::uint32_t hop{0};  // that the message will have made: 1 for the peer's own
};

class SpreadMode {
public:
    explicit SpreadMode(const SpreadFacts& facts) : facts_(facts) {}
    SpreadMode(const SpreadMode&) = delete;
    SpreadMode& operator=(const SpreadMode&) = delete;
    virtual ~SpreadMode() = default;

    [[nodiscard]] const SpreadFacts& facts() const { return facts_; }
    [[nodiscard]] std::string_view name() const { return facts_.name; }

    // Every first copy goes to all links but the one it came by.
    [[nodiscard]] virtual bool floods() const { return false; }
    // While so many bytes a second come in, a link that brings more copies than gossip.copies is pruned: it carries
    // announcements from then on (protocol/rumors/plumtree.hpp).
    [[nodiscard]] virtual bool prunes(const GossipConfig& config, std::uint64_t rate) const;
    // Whether it prunes depends on how much comes in.
    [[nodiscard]] virtual bool weighs() const { return false; }
    // A message goes to a choice of the links, as `choose` says; else to all that carry messages.
    [[nodiscard]] virtual bool chooses() const { return false; }
    // Moves the links that a first copy goes to, of all but the one it came by, to the front, and says how many.
    [[nodiscard]] virtual std::size_t choose(const SpreadChoice& choice, std::span<NodeId> links, Rng& rng) const;

private:
    SpreadFacts facts_;
};

}  // namespace gossip
