#include "protocol/rumors/seen_rumors.hpp"

#include <algorithm>

namespace gossip {
namespace {

bool same_number(const Rumor& a, const Rumor& b) {
    return a.incarnation != Incarnation::none && a.number == b.number && a.origin == b.origin &&
           a.incarnation == b.incarnation && a.typed == b.typed;
}

}  // namespace

bool SeenRumors::insert(const Rumor& rumor, std::span<const KeptRumor> kept, std::size_t store_limit) {
    const bool few = !cache_ && kept.size() < std::min(linear_search_max, store_limit);
    if (!few) return indexed(kept).insert(rumor);
    return std::ranges::none_of(kept, [&rumor](const KeptRumor& other) { return same_number(rumor, *other.rumor); });
}

// Begins with what is kept, which is all that came so far.
SeenCache& SeenRumors::indexed(std::span<const KeptRumor> kept) {
    if (cache_) return *cache_;
    cache_ = std::make_unique<SeenCache>();
    for (const KeptRumor& other : kept) (void)cache_->insert(*other.rumor);
    return *cache_;
}

}  // namespace gossip
