#pragma once
// What a peer does with messages: makes its own, tells first copies from duplicates, keeps them, and
// compares what it keeps with a neighbour (PROTOCOL.md section 5).
//
// - Flooding: the router pushes every first copy to all links but the sender.
// - Repair: the kept messages are summed up in 64 buckets (XOR of keys); two neighbours whose sums
//   differ exchange the keys of the differing buckets and pull what they miss. Only *settled*
//   messages, held for a second, are summed up: a push that is still under way is never repaired,
//   so that without loss a message crosses each link once.
// - The store keeps the newest `store_limit` messages by (born, key), the same order everywhere, so
//   that full stores agree and repair comes to rest.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/memory/prefetch.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/messages.hpp"
#include "protocol/peer/seen_cache.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

using Buckets = std::array<std::uint64_t, digest_buckets>;

[[nodiscard]] constexpr std::size_t bucket_of(const RumorKey& key) { return key.lo >> 58; }
[[nodiscard]] std::uint64_t root_of(const Buckets& buckets);  // XOR of all

// The messages kept, and their digest.
class RumorStore {
public:
    static constexpr Duration settle_after = std::chrono::seconds(1);

    [[nodiscard]] std::size_t size() const { return held_.size(); }
    // What was inserted last, while it is kept: most copies of a message come soon after each other.
    [[nodiscard]] const Rumor* latest() const { return latest_; }
    [[gnu::always_inline]] void prefetch() const { gossip::prefetch(held_.block(), 2); }
    struct Held {
        static constexpr std::uint64_t most_came = (std::uint64_t{1} << 39) - 1;  // 17 years
        static constexpr std::uint32_t most_hops = 0xffff;
        static constexpr std::uint8_t most_copies = 0xff;

        RumorPtr rumor;
        std::uint64_t came : 39;       // when, in milliseconds, rounded up
        std::uint64_t hop : 16;        // at which it reached us; more counts as `most_hops`
        std::uint64_t copies : 8 {1};  // pushed to us; more counts as `most_copies`
        bool settled : 1 {false};      // true from the start when it came by repair: others have long held it

        Held(RumorPtr kept, Time now, std::uint32_t hops)
            : rumor(std::move(kept)),
              came(in_milliseconds(now) & most_came),
              hop(std::min(hops, most_hops) & most_hops) {}
        [[nodiscard]] Time since() const { return Time(std::chrono::milliseconds(came)); }

    private:
        static std::uint64_t in_milliseconds(Time now) {
            const auto since_start = std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch());
            return static_cast<std::uint64_t>(since_start.count());
        }
    };
    // nullptr when it is not kept.
    [[nodiscard]] const Held* find(const RumorKey& key) const;
    // One more copy of it was pushed: how many that makes; 0 when it is not kept.
    std::uint32_t count_copy(const RumorKey& key);
    [[nodiscard]] std::span<const Held> all() const { return held_; }
    // `age` orders eviction.
    void insert(Held held, WallMs age, std::size_t limit);
    void reserve(std::size_t messages) { held_.reserve(messages); }
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
    using HeldList = SlimVector<Held, Sums, 2>;
    static_assert(HeldList::bytes_for(1) == 24);

    [[nodiscard]] std::size_t position(const RumorKey& key) const;
    [[nodiscard]] Sums& sums();  // begun with what is kept
    static void add(Sums& sums, const Held& held);
    [[nodiscard]] static const Stamp* find_stamp(const SlimVector<Stamp>& doubted, const RumorKey& key);
    [[nodiscard]] WallMs age_of(const Rumor& rumor) const;
    void settle(Time now);
    void erase(std::size_t position);
    void evict(std::size_t limit);
    [[nodiscard]] SlimVector<Age> by_age() const;

    const Rumor* latest_{nullptr};
    HeldList held_;  // ascending by (key.lo, key.hi): a bucket is a range
};
static_assert(sizeof(RumorStore) == 16 && sizeof(RumorStore::Held) == 16);

class Dissemination {
public:
    static constexpr std::size_t diff_limit = 1024;          // keys in one REPAIR_DIFF
    static constexpr std::size_t pull_limit = 128;           // keys in one PULL
    static constexpr std::size_t answer_bytes = 512 * 1024;  // of text in the answer to one PULL
    static constexpr Duration pull_timeout = std::chrono::seconds(2);

    // A message of our own, kept and marked as seen; the router pushes it.
    [[nodiscard]] RumorPtr create(bool typed, std::string text, NodeId self, Incarnation life, WallMs wall, Time now,
                                  const Crypto& crypto, const GossipConfig& config);
    // Why the user's text cannot be published now; empty when it can (and takes a token).
    [[nodiscard]] std::string_view refuse_publish(std::string_view text, Time now, const GossipConfig& config);
    // How many messages this life has generated.
    [[nodiscard]] std::uint64_t generated() const { return more_ ? more_->own.next_generated - 1 : 0; }
    void begin_life();
    // Room for a first message now: what is made together lies together.
    void make_room();

    // The received message with every derived field computed by us, or why it is refused.
    [[nodiscard]] static std::variant<RumorPtr, std::string_view> check(const RumorPtr& rumor, const Crypto& crypto,
                                                                        const GossipConfig& config);
    // That this very object, not another of the same id, is kept.
    [[nodiscard]] bool keeps(const RumorPtr& rumor) const {
        if (store_.latest() == rumor.get()) return true;
        const RumorStore::Held* held = store_.find(rumor->key);
        return held != nullptr && held->rumor == rumor;
    }
    // True for a first copy, which is kept.
    [[nodiscard]] bool accept(const RumorPtr& rumor, std::uint32_t hop, bool repair, WallMs wall, Time now,
                              const GossipConfig& config);
    std::size_t purge(NodeId origin, Incarnation life);

    [[nodiscard]] std::uint64_t root(Time now) { return store_.root(now); }
    [[nodiscard]] msg::RepairDigest digest(Time now);
    // The answer to a neighbour's digest: keys it may lack; nothing to say when `buckets` is 0.
    [[nodiscard]] msg::RepairDiff compare(const msg::RepairDigest& theirs, Time now);
    // Refused for good: not to be pulled again from a neighbour that still keeps it.
    void decline(const RumorKey& key) { more().declined.insert(key); }
    // What we lack of a neighbour's keys and have not asked for lately.
    [[nodiscard]] msg::Pull missing(const msg::RepairDiff& theirs, Time now);
    // Our keys in the same buckets that it does not name.
    [[nodiscard]] msg::RepairDiff reply(const msg::RepairDiff& theirs, Time now);
    [[nodiscard]] std::vector<RumorStore::Held> answer(const msg::Pull& pull) const;
    // For a neighbour that cannot ask: what we would answer if it had asked for our newest messages.
    [[nodiscard]] std::vector<RumorStore::Held> newest() const { return answer({store_.newest(pull_limit)}); }
    // Every message pulled has arrived or is overdue.
    [[nodiscard]] bool idle(Time now) const;
    [[nodiscard]] std::size_t stored() const { return store_.size(); }
    std::uint32_t count_copy(const RumorKey& key) { return store_.count_copy(key); }
    // How many copies of it were pushed to us; nothing when it is not kept.
    [[nodiscard]] std::optional<std::uint32_t> copies(const RumorKey& key) const {
        const RumorStore::Held* held = store_.find(key);
        return held == nullptr ? std::nullopt : std::optional<std::uint32_t>(held->copies);
    }
    // Kept, or refused for good.
    [[nodiscard]] bool has(const RumorKey& key) const {
        return store_.find(key) != nullptr || (more_ && more_->declined.contains(key));
    }
    [[nodiscard]] const Rumor* latest() const { return store_.latest(); }
    // What a message that is new will touch, and a ping.
    [[gnu::always_inline]] void prefetch() const { store_.prefetch(); }

private:
    struct Pulled {
        RumorKey key;
        Time until{};
    };
    // Of the messages we make.
    struct Own {
        std::uint64_t next_generated{1};
        std::uint64_t next_typed{1};
        WallMs last_stamp{0};
        Time refilled{};
        std::uint32_t tokens{0};
        bool bucket_started{false};
    };
    // What a peer that takes its first few messages does not need.
    struct More {
        std::unique_ptr<SeenCache> seen;  // none while all that ever came is kept, and is little: see first()
        SlimVector<Pulled> pulled;        // kept by neighbours, and not by us
        RecentKeys declined;
        Own own;
    };
    static constexpr std::size_t few = 8;
    [[nodiscard]] More& more();
    [[nodiscard]] bool first(const Rumor& rumor, const GossipConfig& config);
    [[nodiscard]] SeenCache& seen();
    void arrived(const RumorKey& key);

    RumorStore store_;
    std::unique_ptr<More> more_;  // none before it is needed
};
static_assert(sizeof(Dissemination) == 24);

}  // namespace gossip
