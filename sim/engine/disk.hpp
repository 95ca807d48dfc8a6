#pragma once
// One node's journal as a disk keeps it: what was synced survives, of the rest a crash keeps some
// prefix, and the record it stopped in is torn and truncated by recovery.

#include "protocol/machine.hpp"
#include "protocol/rng.hpp"

#include <span>
#include <vector>

namespace gossip::sim {

enum class CrashKind : std::uint8_t {
    process,  // the machine's page cache lives on: everything written is there
    power,    // what was not synced is lost from some point on
};

// What goes wrong when the journal is written. The driver ends the process either way: of pages whose fsync failed
// nobody knows whether they are on the disk (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
enum class DiskFailure : std::uint8_t {
    none,
    write,  // EIO, or no space: nothing of it is there
    sync,   // some of it may be
};

class Disk {
public:
    void append(std::span<const Append> appends);
    [[nodiscard]] bool dirty() const { return !unsynced_.empty(); }

    // A sync covers what was appended before it began.
    [[nodiscard]] bool sync_running() const { return syncing_; }
    void begin_sync();
    [[nodiscard]] std::size_t covered() const { return covered_; }  // records the running sync writes
    // The position up to which everything is durable now.
    AppendSeq end_sync();
    [[nodiscard]] AppendSeq durable_upto() const { return durable_upto_; }

    void lose_unsynced();
    // True when a record was torn. Positions start again from 1 in the next life.
    bool crash(CrashKind kind, Rng rng);
    void wipe();
    void fill(std::vector<Record> journal) { synced_ = std::move(journal); }

    [[nodiscard]] std::span<const Record> records() const { return synced_; }
    [[nodiscard]] std::span<const Append> unsynced() const { return unsynced_; }

private:
    void make_durable(std::size_t count);

    std::vector<Record> synced_;
    std::vector<Append> unsynced_;
    std::size_t covered_{0};  // of unsynced_, by the running sync
    AppendSeq durable_upto_{0};
    bool syncing_{false};
};

}  // namespace gossip::sim
