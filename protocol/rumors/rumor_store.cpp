#include "protocol/rumors/rumor_store.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace gossip {
namespace {

constexpr auto by_bucket = [](const RumorKey& a, const RumorKey& b) {
    return std::pair{a.lo, a.hi} < std::pair{b.lo, b.hi};
};

template <class T>
void insert_sorted(SlimVector<T>& items, const T& item) {
    items.insert(std::lower_bound(items.begin(), items.end(), item), item);
}

}  // namespace

std::uint64_t root_of(const Buckets& buckets) {
    std::uint64_t root = 0;
    for (const std::uint64_t b : buckets) root ^= b;
    return root;
}

std::size_t RumorStore::position(const RumorKey& key) const {
    const auto at = std::lower_bound(kept_.begin(), kept_.end(), key,
                                     [](const KeptRumor& h, const RumorKey& k) { return by_bucket(h.rumor->key, k); });
    return static_cast<std::size_t>(at - kept_.begin());
}

const KeptRumor* RumorStore::find(const RumorKey& key) const {
    const std::size_t at = position(key);
    return at < kept_.size() && kept_[at].rumor->key == key ? &kept_[at] : nullptr;
}

std::uint32_t RumorStore::count_copy(const RumorKey& key) {
    const std::size_t at = position(key);
    if (at == kept_.size() || kept_[at].rumor->key != key) return 0;
    KeptRumor& kept = kept_[at];
    if (kept.copies < KeptRumor::most_copies) ++kept.copies;
    return kept.copies;
}

// The stamp of `key`, or the end when it is believed.
const RumorStore::Stamp* RumorStore::find_stamp(const SlimVector<Stamp>& doubted, const RumorKey& key) {
    const Stamp* const at = std::lower_bound(doubted.begin(), doubted.end(), key,
                                             [](const Stamp& stamp, const RumorKey& k) { return stamp.first < k; });
    return at != doubted.end() && at->first == key ? at : doubted.end();
}

RumorStore::Sums& RumorStore::sums() {
    if (kept_.beside() == nullptr) {
        kept_.reserve(2);
        for (const KeptRumor& kept : kept_) add(*kept_.beside(), kept);
    }
    return *kept_.beside();
}

void RumorStore::add(Sums& sums, const KeptRumor& kept) {
    if (kept.settled) {
        sums.root ^= kept.rumor->key.lo;
    } else {
        sums.oldest = std::min(sums.oldest, kept.since());
    }
}

WallMs RumorStore::age_of(const Rumor& rumor) const {
    const Sums* const sums = kept_.beside();
    if (sums == nullptr || sums->doubted.empty()) return rumor.born;
    const Stamp* const at = find_stamp(sums->doubted, rumor.key);
    return at == sums->doubted.end() ? rumor.born : at->second;
}

void RumorStore::erase(std::size_t at) {
    const RumorPtr rumor = kept_[at].rumor;
    const bool settled = kept_[at].settled;
    if (latest_ == rumor.get()) latest_ = nullptr;
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(at));
    Sums* const sums = kept_.beside();
    if (sums == nullptr) return;
    if (settled) sums->root ^= rumor->key.lo;
    auto& ages = sums->ages;
    auto& doubted = sums->doubted;
    if (!ages.empty()) ages.erase(std::lower_bound(ages.begin(), ages.end(), Age{age_of(*rumor), rumor->key}));
    const Stamp* const stamp = find_stamp(doubted, rumor->key);
    if (stamp != doubted.end()) doubted.erase(stamp);
}

void RumorStore::insert(KeptRumor fresh, WallMs age, std::size_t limit) {
    const RumorKey key = fresh.rumor->key;
    latest_ = fresh.rumor.get();
    const bool doubted = age != fresh.rumor->born;
    if (doubted || !kept_.empty()) (void)sums();
    const KeptRumor& kept = *kept_.insert(kept_.begin() + static_cast<std::ptrdiff_t>(position(key)), std::move(fresh));
    if (Sums* const sums = kept_.beside()) {
        add(*sums, kept);
        if (doubted) insert_sorted(sums->doubted, {key, age});
        if (!sums->ages.empty()) insert_sorted(sums->ages, {age, key});
    }
    if (kept_.size() > limit) evict(limit);
}

void RumorStore::evict(std::size_t limit) {
    auto& ages = sums().ages;
    while (kept_.size() > limit) {
        if (ages.empty()) ages = by_age();
        erase(position(ages.front().second));
    }
}

SlimVector<RumorStore::Age> RumorStore::by_age() const {
    SlimVector<Age> ages;
    ages.reserve(kept_.size());
    for (const KeptRumor& kept : kept_) ages.push_back({age_of(*kept.rumor), kept.rumor->key});
    std::sort(ages.begin(), ages.end());
    return ages;
}

std::size_t RumorStore::purge(NodeId origin, Incarnation life) {
    const std::size_t before = kept_.size();
    for (std::size_t i = kept_.size(); i > 0; --i) {
        const Rumor& rumor = *kept_[i - 1].rumor;
        if (rumor.origin == origin && rumor.incarnation <= life) erase(i - 1);
    }
    return before - kept_.size();
}

std::vector<RumorKey> RumorStore::newest(std::size_t limit) const {
    std::vector<RumorKey> result;
    const SlimVector<Age> ages = by_age();
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, ages.size()));
    std::transform(ages.end() - count, ages.end(), std::back_inserter(result), [](const Age& a) { return a.second; });
    return result;
}

void RumorStore::mark_settled(Time now) {
    Sums* const sums = kept_.beside();
    if (sums != nullptr) {
        if (sums->oldest == Time::max() || now - sums->oldest <= settle_after) return;
        sums->oldest = Time::max();
    }
    for (KeptRumor& kept : kept_) {
        if (kept.settled) continue;
        kept.settled = now - kept.since() > settle_after;
        if (sums != nullptr) add(*sums, kept);
    }
}

std::uint64_t RumorStore::root(Time now) {
    mark_settled(now);
    if (const Sums* const sums = kept_.beside()) return sums->root;
    return kept_.empty() || !kept_.front().settled ? 0 : kept_.front().rumor->key.lo;
}

Buckets RumorStore::buckets(Time now) {
    mark_settled(now);
    Buckets buckets{};
    for (const KeptRumor& kept : kept_) {
        if (kept.settled) buckets[bucket_of(kept.rumor->key)] ^= kept.rumor->key.lo;
    }
    return buckets;
}

std::vector<RumorKey> RumorStore::keys(std::uint64_t& mask, std::size_t limit) const {
    std::vector<RumorKey> result;
    for (std::size_t b = 0; b < digest_buckets; ++b) {
        if ((mask >> b & 1U) == 0) continue;
        if (result.size() >= limit) {
            mask &= ~(std::uint64_t{1} << b);
            continue;
        }
        for (std::size_t i = position({0, std::uint64_t{b} << 58}); i < kept_.size(); ++i) {
            if (bucket_of(kept_[i].rumor->key) != b) break;
            if (kept_[i].settled) result.push_back(kept_[i].rumor->key);
        }
    }
    return result;
}

}  // namespace gossip
