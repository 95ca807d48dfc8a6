#include "protocol/rumors/seen_cache.hpp"

#include <algorithm>
#include <iterator>

namespace gossip {

bool SeenNumbers::contains(std::uint64_t number) const {
    const auto above = std::upper_bound(ranges_.begin(), ranges_.end(), number,
                                        [](std::uint64_t n, const Range& range) { return n < range.first; });
    return above != ranges_.begin() && number <= std::prev(above)->last;
}

bool SeenNumbers::insert(std::uint64_t number) {
    auto above = std::upper_bound(ranges_.begin(), ranges_.end(), number,
                                  [](std::uint64_t n, const Range& range) { return n < range.first; });
    const bool has_below = above != ranges_.begin();
    if (has_below && number <= std::prev(above)->last) return false;
    const bool joins_below = has_below && std::prev(above)->last + 1 == number;
    const bool joins_above = above != ranges_.end() && number + 1 == above->first;
    if (joins_below && joins_above) {
        std::prev(above)->last = above->last;
        ranges_.erase(above);
    } else if (joins_below) {
        std::prev(above)->last = number;
    } else if (joins_above) {
        above->first = number;
    } else {
        ranges_.insert(above, {number, number});
    }
    if (ranges_.size() > range_limit) {
        ranges_[1].first = ranges_[0].first;
        ranges_.erase(ranges_.begin());
    }
    return true;
}

bool RecentKeys::look_up(const RumorKey& key) const {
    return std::binary_search(keys_->current.begin(), keys_->current.end(), key) ||
           std::binary_search(keys_->previous.begin(), keys_->previous.end(), key);
}

bool RecentKeys::insert(const RumorKey& key) {
    if (contains(key)) return false;
    if (!keys_) keys_ = std::make_unique<Keys>();
    auto& current = keys_->current;
    if (current.size() >= generation_size) {
        keys_->previous = std::move(current);
        current.clear();
    }
    current.insert(std::lower_bound(current.begin(), current.end(), key), key);
    return true;
}

std::size_t SeenCache::position(const Key& key) const {
    const auto at = std::lower_bound(origins_.begin(), origins_.end(), key,
                                     [](const Origin& o, const Key& k) { return o.key < k; });
    return static_cast<std::size_t>(at - origins_.begin());
}

bool SeenCache::contains(const Rumor& rumor) const {
    if (keys_.contains(rumor.key)) return true;
    if (rumor.incarnation == Incarnation::none) return false;
    const Key key{rumor.origin, rumor.incarnation, rumor.typed};
    const std::size_t at = position(key);
    return at < origins_.size() && origins_[at].key == key && origins_[at].numbers.contains(rumor.number);
}

SeenCache::Origin& SeenCache::entry(const Key& key) {
    std::size_t at = position(key);
    if (at < origins_.size() && origins_[at].key == key) return origins_[at];
    if (origins_.size() >= origin_limit) {
        const auto oldest = std::min_element(origins_.begin(), origins_.end(),
                                             [](const Origin& a, const Origin& b) { return a.touched < b.touched; });
        origins_.erase(oldest);
        at = position(key);
    }
    return *origins_.insert(origins_.begin() + static_cast<std::ptrdiff_t>(at), Origin{key, 0, {}});
}

// A protocol 0 neighbour passes on our messages without their incarnation, so both forms of one
// message may arrive: the key tells that they are the same.
bool SeenCache::insert(const Rumor& rumor) {
    if (rumor.incarnation == Incarnation::none) return keys_.insert(rumor.key);
    Origin& origin = entry({rumor.origin, rumor.incarnation, rumor.typed});
    origin.touched = ++clock_;
    return origin.numbers.insert(rumor.number) && !keys_.contains(rumor.key);
}

}  // namespace gossip
