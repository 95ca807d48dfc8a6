#pragma once
// The rumors a peer keeps, and digests of them: XOR of their keys, in all and in 64 buckets (PROTOCOL.md section 5).
// Only *settled* rumors, held for a second, are in a digest: a push that is still under way is never repaired, so that
// without loss a rumor crosses each link once. The store keeps the newest `store_limit` by (born, key), the same order
// everywhere, so that full stores agree and repair comes to rest.

#include "protocol/memory/prefetch.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/messages.hpp"
#include "protocol/rumors/kept_rumor.hpp"

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace gossip {

using Buckets = std::array<std::uint64_t, digest_buckets>;

[[nodiscard]] constexpr std::size_t bucket_of(const RumorKey& key) { return key.lo >> 58; }
[[nodiscard]] std::uint64_t root_of(const Buckets& buckets);  // XOR of all

// The messages kept, and their digest.
class RumorStore {
public:
    static constexpr Duration settle_after = std::chrono::seconds(1);

    [[nodiscard]] std::size_t size() const { return kept_.size(); }
    // What was inserted last, while it is kept: most copies of a message come soon after each other.
    [[nodiscard]] const Rumor* latest() const { return latest_; }
    [[gnu::always_inline]] void prefetch() const { gossip::prefetch(kept_.block(), 2); }
    // nullptr when it is not kept.
    [[nodiscard]] const KeptRumor* find(const RumorKey& key) const;
    // That this very object, not another of the same id, is kept.
    [[nodiscard]] bool keeps(const RumorPtr& rumor) const {
        if (latest_ == rumor.get()) return true;
        const KeptRumor* kept = find(rumor->key);
        return kept != nullptr && kept->rumor == rumor;
    }
    // One more copy of it was pushed: how many that makes; 0 when it is not kept.
    std::uint32_t count_copy(const RumorKey& key);
    [[nodiscard]] std::span<const KeptRumor> all() const { return kept_; }
    // `age` orders eviction.
    void insert(KeptRumor fresh, WallMs age, std::size_t limit);
    void reserve(std::size_t messages) { kept_.reserve(messages); }
    // Drops everything a life said.
    std::size_t purge(NodeId origin, Incarnation life);
    // Digests of the messages that are settled at `now`: of all, and by bucket.
    [[nodiscard]] std::uint64_t root(Time now);
    [[nodiscard]] Buckets buckets(Time now);
    // Keys of the settled messages in the buckets of `mask`: whole buckets from the lowest until
    // `limit` keys are reached; `mask` keeps the bits that are covered.
    [[nodiscard]] std::vector<RumorKey> keys(std::uint64_t& mask, std::size_t limit) const;
    // The newest `limit`, oldest first.
    [[nodiscard]] std::vector<RumorKey> newest(std::size_t limit) const;

private:
    using Age = std::pair<WallMs, RumorKey>;
    using Stamp = std::pair<RumorKey, WallMs>;
    // Of several messages, or of one whose stamp is not believed. A single one else says all this itself, and most of
    // a million peers keep no more.
    struct Sums {
        std::uint64_t root{0};      // of the settled
        Time oldest = Time::max();  // no message that is not settled came before
        SlimVector<Age> ages;       // ascending: the first goes first; kept while the store is full, else empty
        SlimVector<Stamp> doubted;  // ascending: the ages of those that are not as old as their stamp says
    };
    using KeptList = SlimVector<KeptRumor, Sums, 2>;
    static_assert(KeptList::bytes_for(1) == 24);

    [[nodiscard]] std::size_t position(const RumorKey& key) const;
    [[nodiscard]] Sums& sums();  // begun with what is kept
    static void add(Sums& sums, const KeptRumor& kept);
    [[nodiscard]] static const Stamp* find_stamp(const SlimVector<Stamp>& doubted, const RumorKey& key);
    [[nodiscard]] WallMs age_of(const Rumor& rumor) const;
    void mark_settled(Time now);
    void erase(std::size_t position);
    void evict(std::size_t limit);
    [[nodiscard]] SlimVector<Age> by_age() const;

    const Rumor* latest_{nullptr};
    KeptList kept_;  // ascending by (key.lo, key.hi): a bucket is a range
};
static_assert(sizeof(RumorStore) == 16);

}  // namespace gossip
