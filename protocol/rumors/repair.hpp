#pragma once
// What a peer asked its neighbours for, and what it never asks for again. In repair (Demers et al. 1987 call it
// anti-entropy; PROTOCOL.md section 5) two neighbours whose digests differ exchange the keys of the buckets that
// differ, and pull what they miss.

#include "protocol/memory/slim_vector.hpp"
#include "protocol/rumors/seen_cache.hpp"
#include "protocol/types.hpp"

#include <vector>

namespace gossip {

class Repair {
public:
    static constexpr std::size_t pull_limit = 128;  // keys in one PULL
    static constexpr Duration pull_timeout = std::chrono::seconds(2);

    // Leaves of these keys those that are to be asked for now: not asked for lately, and not too many at once.
    void choose(std::vector<RumorKey>& keys, Time now);
    // Not to be asked for again.
    void decline(const RumorKey& key) { declined_.insert(key); }
    [[nodiscard]] bool declined(const RumorKey& key) const { return declined_.contains(key); }
    // It came, by whatever way: it is not waited for.
    void arrived(const RumorKey& key);
    // All that was asked for has arrived or is overdue.
    [[nodiscard]] bool idle(Time now) const;

private:
    struct Pulled {
        RumorKey key;
        Time until{};
    };
    SlimVector<Pulled> pulled_;
    RecentKeys declined_;
};

}  // namespace gossip
