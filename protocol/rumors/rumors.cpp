#include "protocol/rumors/rumors.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t diff_limit = 1024;  // keys in one REPAIR_DIFF

// A stamp from the future would never be evicted.
WallMs eviction_age(const Rumor& rumor, WallMs wall) {
    constexpr WallMs skew_allowed = 5 * 60 * 1000;
    return rumor.born > 0 && rumor.born < wall + skew_allowed ? rumor.born : wall;
}

}  // namespace

bool Rumors::has(const RumorKey& key) const { return store_.find(key) != nullptr || repair_->declined(key); }

bool Rumors::accept(const RumorPtr& rumor, std::uint32_t hop, bool repair, WallMs wall, Time now,
                    const GossipConfig& config) {
    if (Repair* const waiting = repair_.if_any()) waiting->arrived(rumor->key);
    if (store_.find(rumor->key) != nullptr) return false;
    if (!seen_.insert(*rumor, store_.all(), config.store_limit)) {
        // Seen and no longer kept: pulled again from whoever keeps it, it would come again for ever.
        if (repair) decline(rumor->key);
        return false;
    }
    KeptRumor kept(rumor, now, hop);
    kept.settled = repair;
    store_.insert(std::move(kept), eviction_age(*rumor, wall), config.store_limit);
    return true;
}

void Rumors::add_own(const RumorPtr& rumor, Time now, const GossipConfig& config) {
    if (Repair* const waiting = repair_.if_any()) waiting->arrived(rumor->key);
    (void)seen_.insert(*rumor, store_.all(), config.store_limit);
    store_.insert({rumor, now, 0}, rumor->born, config.store_limit);
}

std::size_t Rumors::purge(NodeId origin, Incarnation life) {
    const auto said = [&](const KeptRumor& kept) {
        return kept.rumor->origin == origin && kept.rumor->incarnation <= life;
    };
    if (std::ranges::none_of(store_.all(), said)) return 0;
    seen_.before_dropping(store_.all());
    return store_.purge(origin, life);
}

// ---------------------------------------------------------------- repair

msg::RepairDigest Rumors::digest(Time now) {
    const Buckets buckets = store_.buckets(now);
    return {root_of(buckets), {buckets.begin(), buckets.end()}};
}

msg::RepairDiff Rumors::compare(const msg::RepairDigest& theirs, Time now) {
    const Buckets ours = store_.buckets(now);
    msg::RepairDiff diff;
    for (std::size_t b = 0; b < digest_buckets && b < theirs.buckets.size(); ++b) {
        if (ours[b] != theirs.buckets[b]) diff.buckets |= std::uint64_t{1} << b;
    }
    diff.keys = store_.keys(diff.buckets, diff_limit);
    diff.reply = true;
    return diff;
}

msg::Pull Rumors::missing(const msg::RepairDiff& theirs, Time now) {
    msg::Pull pull;
    for (const RumorKey& key : theirs.keys) {
        if (!has(key)) pull.keys.push_back(key);
    }
    repair_.ensure().choose(pull.keys, now);
    return pull;
}

msg::RepairDiff Rumors::reply(const msg::RepairDiff& theirs, Time now) {
    (void)store_.root(now);  // marks what is settled by now
    msg::RepairDiff diff;
    diff.buckets = theirs.buckets;
    std::vector<RumorKey> named(theirs.keys);
    std::sort(named.begin(), named.end());
    diff.keys = store_.keys(diff.buckets, diff_limit);
    std::erase_if(diff.keys, [&](const RumorKey& k) { return std::binary_search(named.begin(), named.end(), k); });
    return diff;
}

std::vector<KeptRumor> Rumors::answer(const msg::Pull& pull) const {
    std::vector<KeptRumor> result;
    std::size_t bytes = 0;
    for (const RumorKey& key : pull.keys) {
        if (result.size() >= Repair::pull_limit || bytes >= answer_bytes) break;
        const KeptRumor* kept = store_.find(key);
        if (kept == nullptr) continue;
        bytes += kept->rumor->text.size();
        result.push_back(*kept);
    }
    return result;
}

}  // namespace gossip
