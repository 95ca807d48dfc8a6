#pragma once
// The rumors of others and our own, each taken once: kept, told from duplicates, and repaired (PROTOCOL.md section 5).

#include "protocol/config.hpp"
#include "protocol/memory/cold.hpp"
#include "protocol/rumors/repair.hpp"
#include "protocol/rumors/rumor_store.hpp"
#include "protocol/rumors/seen_rumors.hpp"

#include <vector>

namespace gossip {

class Rumors {
public:
    static constexpr std::size_t answer_bytes = 512 * 1024;  // of text in the answer to one PULL

    [[nodiscard]] const RumorStore& store() const { return store_; }
    [[nodiscard]] std::size_t stored() const { return store_.size(); }
    // That this very object, not another of the same id, is kept.
    [[nodiscard]] bool keeps(const RumorPtr& rumor) const { return store_.keeps(rumor); }
    // Kept, or refused for good.
    [[nodiscard]] bool has(const RumorKey& key) const;
    // True for a first copy, which is kept.
    [[nodiscard]] bool accept(const RumorPtr& rumor, std::uint32_t hop, bool repair, WallMs wall, Time now,
                              const GossipConfig& config);
    // Kept, and seen from now on.
    void add_own(const RumorPtr& rumor, Time now, const GossipConfig& config);
    // Drops what this life and earlier ones said: how many rumors that were.
    std::size_t purge(NodeId origin, Incarnation life);
    // Refused for good: not to be pulled again from a neighbour that still keeps it.
    void decline(const RumorKey& key) { repair_.ensure().decline(key); }
    // One more copy of it was pushed: how many that makes; 0 when it is not kept.
    std::uint32_t count_copy(const RumorKey& key) { return store_.count_copy(key); }
    // Room for a first rumor now: what is made together lies together.
    void make_room() { store_.reserve(1); }

    // ---- repair
    [[nodiscard]] std::uint64_t root(Time now) { return store_.root(now); }
    [[nodiscard]] msg::RepairDigest digest(Time now);
    // The answer to a neighbour's digest: keys it may lack; nothing to say when `buckets` is 0.
    [[nodiscard]] msg::RepairDiff compare(const msg::RepairDigest& theirs, Time now);
    // What we lack of a neighbour's keys and have not asked for lately.
    [[nodiscard]] msg::Pull missing(const msg::RepairDiff& theirs, Time now);
    // Our keys in the same buckets that it does not name.
    [[nodiscard]] msg::RepairDiff reply(const msg::RepairDiff& theirs, Time now);
    [[nodiscard]] std::vector<KeptRumor> answer(const msg::Pull& pull) const;
    // For a neighbour that cannot ask: what we would answer if it had asked for our newest rumors.
    [[nodiscard]] std::vector<KeptRumor> newest() const { return answer({store_.newest(Repair::pull_limit)}); }
    // Every rumor pulled has arrived or is overdue.
    [[nodiscard]] bool idle(Time now) const { return repair_->idle(now); }

private:
    RumorStore store_;
    SeenRumors seen_;
    Cold<Repair> repair_;
};

}  // namespace gossip
