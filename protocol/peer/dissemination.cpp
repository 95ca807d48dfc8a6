#include "protocol/peer/dissemination.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace gossip {
namespace {

constexpr auto by_bucket = [](const RumorKey& a, const RumorKey& b) {
    return std::pair{a.lo, a.hi} < std::pair{b.lo, b.hi};
};

// A stamp from the future would never be evicted.
WallMs eviction_age(const Rumor& rumor, WallMs wall) {
    constexpr WallMs skew_allowed = 5 * 60 * 1000;
    return rumor.born > 0 && rumor.born < wall + skew_allowed ? rumor.born : wall;
}

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

// ---------------------------------------------------------------- store

std::size_t RumorStore::position(const RumorKey& key) const {
    const auto at = std::lower_bound(held_.begin(), held_.end(), key,
                                     [](const Held& h, const RumorKey& k) { return by_bucket(h.rumor->key, k); });
    return static_cast<std::size_t>(at - held_.begin());
}

const RumorStore::Held* RumorStore::find(const RumorKey& key) const {
    const std::size_t at = position(key);
    return at < held_.size() && held_[at].rumor->key == key ? &held_[at] : nullptr;
}

std::uint32_t RumorStore::count_copy(const RumorKey& key) {
    const std::size_t at = position(key);
    if (at == held_.size() || held_[at].rumor->key != key) return 0;
    Held& held = held_[at];
    if (held.copies < Held::most_copies) ++held.copies;
    return held.copies;
}

// The stamp of `key`, or the end when it is believed.
const RumorStore::Stamp* RumorStore::find_stamp(const SlimVector<Stamp>& doubted, const RumorKey& key) {
    const Stamp* const at = std::lower_bound(doubted.begin(), doubted.end(), key,
                                             [](const Stamp& stamp, const RumorKey& k) { return stamp.first < k; });
    return at != doubted.end() && at->first == key ? at : doubted.end();
}

RumorStore::Sums& RumorStore::sums() {
    if (held_.beside() == nullptr) {
        held_.reserve(2);
        for (const Held& held : held_) add(*held_.beside(), held);
    }
    return *held_.beside();
}

void RumorStore::add(Sums& sums, const Held& held) {
    if (held.settled) {
        sums.root ^= held.rumor->key.lo;
    } else {
        sums.oldest = std::min(sums.oldest, held.since());
    }
}

WallMs RumorStore::age_of(const Rumor& rumor) const {
    const Sums* const sums = held_.beside();
    if (sums == nullptr || sums->doubted.empty()) return rumor.born;
    const Stamp* const at = find_stamp(sums->doubted, rumor.key);
    return at == sums->doubted.end() ? rumor.born : at->second;
}

void RumorStore::erase(std::size_t at) {
    const RumorPtr rumor = held_[at].rumor;
    const bool settled = held_[at].settled;
    if (latest_ == rumor.get()) latest_ = nullptr;
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
    Sums* const sums = held_.beside();
    if (sums == nullptr) return;
    if (settled) sums->root ^= rumor->key.lo;
    auto& ages = sums->ages;
    auto& doubted = sums->doubted;
    if (!ages.empty()) ages.erase(std::lower_bound(ages.begin(), ages.end(), Age{age_of(*rumor), rumor->key}));
    const Stamp* const stamp = find_stamp(doubted, rumor->key);
    if (stamp != doubted.end()) doubted.erase(stamp);
}

void RumorStore::insert(Held held, WallMs age, std::size_t limit) {
    const RumorKey key = held.rumor->key;
    latest_ = held.rumor.get();
    const bool doubted = age != held.rumor->born;
    if (doubted || !held_.empty()) (void)sums();
    const Held& kept = *held_.insert(held_.begin() + static_cast<std::ptrdiff_t>(position(key)), std::move(held));
    if (Sums* const sums = held_.beside()) {
        add(*sums, kept);
        if (doubted) insert_sorted(sums->doubted, {key, age});
        if (!sums->ages.empty()) insert_sorted(sums->ages, {age, key});
    }
    if (held_.size() > limit) evict(limit);
}

void RumorStore::evict(std::size_t limit) {
    auto& ages = sums().ages;
    while (held_.size() > limit) {
        if (ages.empty()) ages = by_age();
        erase(position(ages.front().second));
    }
}

SlimVector<RumorStore::Age> RumorStore::by_age() const {
    SlimVector<Age> ages;
    ages.reserve(held_.size());
    for (const Held& held : held_) ages.push_back({age_of(*held.rumor), held.rumor->key});
    std::sort(ages.begin(), ages.end());
    return ages;
}

std::size_t RumorStore::purge(NodeId origin, Incarnation life) {
    const std::size_t before = held_.size();
    for (std::size_t i = held_.size(); i > 0; --i) {
        const Rumor& rumor = *held_[i - 1].rumor;
        if (rumor.origin == origin && rumor.incarnation <= life) erase(i - 1);
    }
    return before - held_.size();
}

std::vector<RumorKey> RumorStore::newest(std::size_t limit) const {
    std::vector<RumorKey> result;
    const SlimVector<Age> ages = by_age();
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, ages.size()));
    std::transform(ages.end() - count, ages.end(), std::back_inserter(result), [](const Age& a) { return a.second; });
    return result;
}

void RumorStore::settle(Time now) {
    Sums* const sums = held_.beside();
    if (sums != nullptr) {
        if (sums->oldest == Time::max() || now - sums->oldest <= settle_after) return;
        sums->oldest = Time::max();
    }
    for (Held& held : held_) {
        if (held.settled) continue;
        held.settled = now - held.since() > settle_after;
        if (sums != nullptr) add(*sums, held);
    }
}

std::uint64_t RumorStore::root(Time now) {
    settle(now);
    if (const Sums* const sums = held_.beside()) return sums->root;
    return held_.empty() || !held_.front().settled ? 0 : held_.front().rumor->key.lo;
}

Buckets RumorStore::buckets(Time now) {
    settle(now);
    Buckets buckets{};
    for (const Held& held : held_) {
        if (held.settled) buckets[bucket_of(held.rumor->key)] ^= held.rumor->key.lo;
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
        for (std::size_t i = position({0, std::uint64_t{b} << 58}); i < held_.size(); ++i) {
            if (bucket_of(held_[i].rumor->key) != b) break;
            if (held_[i].settled) result.push_back(held_[i].rumor->key);
        }
    }
    return result;
}

// ---------------------------------------------------------------- own messages

void Dissemination::begin_life() {
    if (!more_) return;
    more_->own.next_generated = 1;
    more_->own.next_typed = 1;
}

Dissemination::More& Dissemination::more() {
    if (!more_) more_ = std::make_unique<More>();
    return *more_;
}

void Dissemination::make_room() { store_.reserve(1); }

// Typed and generated messages count apart, so two ids of one number must differ in their stamp.
RumorPtr Dissemination::create(bool typed, std::string text, NodeId self, Incarnation life, WallMs wall, Time now,
                               const Crypto& crypto, const GossipConfig& config) {
    auto rumor = make_rumor();
    Own& o = more().own;
    o.last_stamp = std::max(wall, o.last_stamp + 1);
    rumor->number = typed ? o.next_typed++ : o.next_generated++;
    rumor->id = make_rumor_id(o.last_stamp, self, rumor->number);
    rumor->key = rumor_key(crypto, rumor->id);
    rumor->origin = self;
    rumor->incarnation = life;
    rumor->typed = typed;
    rumor->text = std::move(text);
    rumor->born = o.last_stamp;
    rumor->checked.mark();
    arrived(rumor->key);
    (void)first(*rumor, config);
    store_.insert({rumor, now, 0}, rumor->born, config.store_limit);
    return rumor;
}

std::string_view Dissemination::refuse_publish(std::string_view text, Time now, const GossipConfig& config) {
    if (text.size() > config.payload_limit) return "longer than gossip payload limit";
    if (config.origin_rate == 0) return {};
    Own& o = more().own;
    if (!o.bucket_started) {
        o.bucket_started = true;
        o.tokens = config.origin_burst;
        o.refilled = now;
    }
    const Duration per_token = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) / config.origin_rate;
    const auto earned = static_cast<std::uint64_t>((now - o.refilled) / per_token);
    o.refilled += per_token * static_cast<std::int64_t>(earned);
    o.tokens = static_cast<std::uint32_t>(std::min<std::uint64_t>(config.origin_burst, o.tokens + earned));
    if (o.tokens == 0) return "over gossip.rate";
    --o.tokens;
    return {};
}

// ---------------------------------------------------------------- received messages

std::variant<RumorPtr, std::string_view> Dissemination::check(const RumorPtr& rumor, const Crypto& crypto,
                                                              const GossipConfig& config) {
    using Result = std::variant<RumorPtr, std::string_view>;
    if (!rumor) return Result("no message");
    if (rumor->text.size() > config.payload_limit) return Result("text over the payload limit");
    if (rumor->checked) return Result(rumor);
    const auto name = parse_rumor_id(rumor->id);
    if (!name) return Result("message id is not <timestamp>:<ip>:<port>:<number>");
    const RumorKey key = rumor_key(crypto, rumor->id);
    if (rumor->key == key && rumor->origin == name->origin && rumor->number == name->number) return rumor;
    auto corrected = make_rumor(*rumor);
    corrected->key = key;
    corrected->origin = name->origin;
    corrected->number = name->number;
    corrected->checked.mark();
    return RumorPtr(std::move(corrected));
}

// What is kept is not waited for.
void Dissemination::arrived(const RumorKey& key) {
    if (more_) erase_if(more_->pulled, [&key](const Pulled& p) { return p.key == key; });
}

bool Dissemination::accept(const RumorPtr& rumor, std::uint32_t hop, bool repair, WallMs wall, Time now,
                           const GossipConfig& config) {
    arrived(rumor->key);
    if (store_.find(rumor->key) != nullptr) return false;
    if (!first(*rumor, config)) {
        // Seen and no longer kept: pulled again from whoever keeps it, it would come again for ever.
        if (repair) decline(rumor->key);
        return false;
    }
    RumorStore::Held held(rumor, now, hop);
    held.settled = repair;
    store_.insert(std::move(held), eviction_age(*rumor, wall), config.store_limit);
    return true;
}

std::size_t Dissemination::purge(NodeId origin, Incarnation life) {
    const auto told = store_.all();
    const auto said = [&](const RumorStore::Held& h) {
        return h.rumor->origin == origin && h.rumor->incarnation <= life;
    };
    if (std::none_of(told.begin(), told.end(), said)) return 0;
    (void)seen();
    return store_.purge(origin, life);
}

// Not seen before, nor kept now; it counts as seen from now on. While all that ever came is kept, and is little,
// that it is kept says that it was seen, and a look at it says what SeenCache would.
bool Dissemination::first(const Rumor& rumor, const GossipConfig& config) {
    const auto kept = store_.all();
    const bool all_kept = !more_ || !more_->seen;
    if (!all_kept || kept.size() >= std::min<std::size_t>(few, config.store_limit)) return seen().insert(rumor);
    return std::none_of(kept.begin(), kept.end(), [&rumor](const RumorStore::Held& held) {
        const Rumor& other = *held.rumor;
        return rumor.incarnation != Incarnation::none && other.number == rumor.number && other.origin == rumor.origin &&
               other.incarnation == rumor.incarnation && other.typed == rumor.typed;
    });
}

// Begun with what is kept, which is all that came so far.
SeenCache& Dissemination::seen() {
    auto& cache = more().seen;
    if (cache) return *cache;
    cache = std::make_unique<SeenCache>();
    for (const RumorStore::Held& held : store_.all()) (void)cache->insert(*held.rumor);
    return *cache;
}

// ---------------------------------------------------------------- repair

msg::RepairDigest Dissemination::digest(Time now) {
    const Buckets buckets = store_.buckets(now);
    return {root_of(buckets), {buckets.begin(), buckets.end()}};
}

msg::RepairDiff Dissemination::compare(const msg::RepairDigest& theirs, Time now) {
    const Buckets ours = store_.buckets(now);
    msg::RepairDiff diff;
    for (std::size_t b = 0; b < digest_buckets && b < theirs.buckets.size(); ++b) {
        if (ours[b] != theirs.buckets[b]) diff.buckets |= std::uint64_t{1} << b;
    }
    diff.keys = store_.keys(diff.buckets, diff_limit);
    diff.reply = true;
    return diff;
}

msg::Pull Dissemination::missing(const msg::RepairDiff& theirs, Time now) {
    auto& pulled = more().pulled;
    erase_if(pulled, [now](const Pulled& p) { return p.until <= now; });
    msg::Pull pull;
    for (const RumorKey& key : theirs.keys) {
        if (pulled.size() >= pull_limit) break;
        const auto asked = [&key](const Pulled& p) { return p.key == key; };
        if (store_.find(key) != nullptr || more_->declined.contains(key)) continue;
        if (std::any_of(pulled.begin(), pulled.end(), asked)) continue;
        pulled.push_back({key, now + pull_timeout});
        pull.keys.push_back(key);
    }
    return pull;
}

msg::RepairDiff Dissemination::reply(const msg::RepairDiff& theirs, Time now) {
    (void)store_.root(now);  // settles what is due
    msg::RepairDiff diff;
    diff.buckets = theirs.buckets;
    std::vector<RumorKey> named(theirs.keys);
    std::sort(named.begin(), named.end());
    diff.keys = store_.keys(diff.buckets, diff_limit);
    std::erase_if(diff.keys, [&](const RumorKey& k) { return std::binary_search(named.begin(), named.end(), k); });
    return diff;
}

std::vector<RumorStore::Held> Dissemination::answer(const msg::Pull& pull) const {
    std::vector<RumorStore::Held> result;
    std::size_t bytes = 0;
    for (const RumorKey& key : pull.keys) {
        if (result.size() >= pull_limit || bytes >= answer_bytes) break;
        const RumorStore::Held* held = store_.find(key);
        if (held == nullptr) continue;
        bytes += held->rumor->text.size();
        result.push_back(*held);
    }
    return result;
}

bool Dissemination::idle(Time now) const {
    if (!more_) return true;
    const auto& pulled = more_->pulled;
    return std::all_of(pulled.begin(), pulled.end(), [now](const Pulled& p) { return p.until <= now; });
}

}  // namespace gossip
