#pragma once
// The journal of one node on a simulated disk. Synced records survive a crash. Of the unsynced records a prefix
// survives; the record after it may be torn, and recovery truncates it.

#include "protocol/machine.hpp"
#include "protocol/rng.hpp"

#include <span>
#include <vector>

namespace gossip::sim {

enum class CrashKind : std::uint8_t {
    process,  // the page cache survives: all written records are kept
    power,    // a suffix of the unsynced records is lost
};

// How writing the journal fails. The driver ends the process in both cases: after a failed fsync it is unknown which
// pages are on disk (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
enum class DiskFailure : std::uint8_t {
    none,
    write,  // EIO or no space: no unsynced record is written
    sync,   // a prefix of the unsynced records may be written
};

class Disk {
public:
    void append(std::span<const Append> appends);
    [[nodiscard]] bool dirty() const { return !unsynced_.empty(); }

    // A sync makes durable what was appended before it began.
    [[nodiscard]] bool sync_running() const { return syncing_; }
    void begin_sync();
    [[nodiscard]] std::size_t covered() const { return covered_; }  // records the running sync writes
    // Returns the position up to which all records are durable.
    AppendSeq end_sync();
    [[nodiscard]] AppendSeq durable_upto() const { return durable_upto_; }

    void lose_unsynced();
    // Returns whether a record was torn. Positions start at 1 again in the next life.
    bool crash(CrashKind kind, Rng rng);
    void wipe();
    void fill(std::vector<Record> journal) { synced_ = std::move(journal); }

    [[nodiscard]] std::span<const Record> records() const { return synced_; }
    [[nodiscard]] std::span<const Append> unsynced() const { return unsynced_; }

private:
    void make_durable(std::size_t count);

    std::vector<Record> synced_;
    std::vector<Append> unsynced_;
    std::size_t covered_{0};  // how many of unsynced_ the running sync writes
    AppendSeq durable_upto_{0};
    bool syncing_{false};
};

}  // namespace gossip::sim
