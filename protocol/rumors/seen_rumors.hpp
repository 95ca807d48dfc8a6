#pragma once
// Deduplication: did this rumor come before? Rumors are told apart as SeenCache has it: by (origin, incarnation, typed,
// number), and by key where one of the two has no incarnation.
//
// While all that ever came is kept, and is little, the kept rumors themselves are the memory, and a look at them
// answers; most peers of a large simulation need no more. From then on a SeenCache does.

#include "protocol/rumors/kept_rumor.hpp"
#include "protocol/rumors/seen_cache.hpp"

#include <memory>
#include <span>

namespace gossip {

class SeenRumors {
public:
    // True the first time; the rumor counts as seen from now on. It is not among `kept`, the rumors kept now, of which
    // the store has room for `store_limit`.
    [[nodiscard]] bool insert(const Rumor& rumor, std::span<const KeptRumor> kept, std::size_t store_limit);
    // Some of `kept` are about to be dropped: they stay seen.
    void before_dropping(std::span<const KeptRumor> kept) { (void)indexed(kept); }

private:
    static constexpr std::size_t linear_search_max = 8;
    [[nodiscard]] SeenCache& indexed(std::span<const KeptRumor> kept);

    std::unique_ptr<SeenCache> cache_;
};

}  // namespace gossip
