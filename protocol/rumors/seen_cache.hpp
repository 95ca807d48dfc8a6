#pragma once
// Has this message been delivered before? Exact for as long as an origin is remembered: its numbers
// count 1, 2, 3 … within (origin, incarnation, typed), so a few ranges describe all that was seen,
// however many messages there were (PROTOCOL.md section 5: ids, then per-sender high-water marks).
// Messages of protocol 0 have no incarnation and are remembered by key, the latest few thousand.

#include "protocol/memory/inline_vector.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/messages.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace gossip {

// Numbers seen of one origin, as ascending disjoint ranges.
class SeenNumbers {
public:
    // Beyond this many ranges the two lowest merge: what lies between counts as seen. Bounds memory
    // against an origin that leaves holes on purpose; a store pulled in any order stays below it.
    static constexpr std::size_t range_limit = 4096;

    // False when it was in already.
    bool insert(std::uint64_t number);
    [[nodiscard]] bool contains(std::uint64_t number) const;
    [[nodiscard]] std::size_t ranges() const { return ranges_.size(); }

private:
    struct Range {
        std::uint64_t first{0};
        std::uint64_t last{0};
    };
    InlineVector<Range, 1> ranges_;  // nearly always one: 1 to the newest
};

// The latest keys, at least `generation_size` and at most twice as many.
class RecentKeys {
public:
    static constexpr std::size_t generation_size = 2048;

    bool insert(const RumorKey& key);
    [[nodiscard]] bool contains(const RumorKey& key) const { return keys_ && look_up(key); }
    [[nodiscard]] std::size_t size() const { return keys_ ? keys_->current.size() + keys_->previous.size() : 0; }

private:
    struct Keys {
        std::vector<RumorKey> current;   // ascending
        std::vector<RumorKey> previous;  // ascending
    };
    [[nodiscard]] bool look_up(const RumorKey& key) const;

    std::unique_ptr<Keys> keys_;  // none before the first: few peers ever need one
};

class SeenCache {
public:
    // Origins are not authenticated, so their number needs a bound; the longest silent one goes.
    static constexpr std::size_t origin_limit = 65'536;

    // True the first time: the caller delivers it. False ever after.
    bool insert(const Rumor& rumor);
    [[nodiscard]] bool contains(const Rumor& rumor) const;
    [[nodiscard]] std::size_t origins() const { return origins_.size(); }

private:
    struct Key {
        NodeId origin{};
        Incarnation incarnation{};
        bool typed{false};
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Origin {
        Key key;
        std::uint64_t touched{0};
        SeenNumbers numbers;
    };
    [[nodiscard]] std::size_t position(const Key& key) const;
    Origin& entry(const Key& key);

    SlimVector<Origin> origins_;  // ascending by key
    std::uint64_t clock_{0};      // counts insertions: the order for eviction
    RecentKeys keys_;
};

}  // namespace gossip
