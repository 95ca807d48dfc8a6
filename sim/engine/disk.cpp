#include "sim/engine/disk.hpp"

#include "protocol/assert.hpp"

namespace gossip::sim {

void Disk::append(std::span<const Append> appends) {
    unsynced_.insert(unsynced_.end(), appends.begin(), appends.end());
}

void Disk::begin_sync() {
    GOSSIP_ASSERT(!syncing_);
    syncing_ = true;
    covered_ = unsynced_.size();
}

AppendSeq Disk::end_sync() {
    GOSSIP_ASSERT(syncing_);
    syncing_ = false;
    make_durable(covered_);
    return durable_upto_;
}

void Disk::make_durable(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        Append& a = unsynced_[i];
        // A snapshot goes to a new file that replaces the old one by a rename: a crash leaves either the old journal
        // or the new one.
        if (a.compact) synced_.clear();
        synced_.push_back({a.type, std::move(a.body)});
        durable_upto_ = a.seq;
    }
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(count));
    covered_ = 0;
}

void Disk::lose_unsynced() {
    unsynced_.clear();
    syncing_ = false;
    covered_ = 0;
}

bool Disk::crash(CrashKind kind, Rng rng) {
    const std::size_t kept =
        kind == CrashKind::process ? unsynced_.size() : static_cast<std::size_t>(rng.below(unsynced_.size() + 1));
    make_durable(kept);
    const bool torn = !unsynced_.empty() && rng.chance(500'000);
    unsynced_.clear();
    syncing_ = false;
    covered_ = 0;
    durable_upto_ = 0;
    return torn;
}

void Disk::wipe() {
    synced_.clear();
    unsynced_.clear();
    syncing_ = false;
    covered_ = 0;
    durable_upto_ = 0;
}

}  // namespace gossip::sim
