#pragma once
// This seed's copy of the list: how decided epochs enter it, and how it and another seed's copy catch up
// with each other (PROTOCOL.md section 2).

#include "protocol/seed/list/ledger.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <optional>
#include <vector>

namespace gossip {

class ByteWriter;

class Replica {
public:
    explicit Replica(std::size_t history) : ledger_(history) {}
    void recover(Ledger ledger) { ledger_ = std::move(ledger); }

    [[nodiscard]] const Ledger& ledger() const { return ledger_; }
    // Says what the journal held.
    void handle_started(SeedTurn& t) const;

    // Writes the next epoch's decision and applies it. Returns the changes that had an effect.
    Batch apply(SeedTurn& t, const fact::EpochDecided& decided);
    // A whole list of a later epoch takes the place of ours.
    void install(SeedTurn& t, const Snapshot& whole);

    // ---- where the other seed stands
    // True when a message about `epoch`, built on `previous`, is about the next one. If not, it was answered:
    // a seed that is behind is told, from one that is ahead the missing decisions are fetched.
    [[nodiscard]] bool in_play(SeedTurn& t, Seat from, Epoch epoch, const Digest& previous) const;
    void send_sync(SeedTurn& t, std::vector<Candidate> degrees) const;
    void on_sync(SeedTurn& t, Seat from, const msg::Sync& m) const;
    void on_behind(SeedTurn& t, Seat from, const msg::Behind& m) const;
    void on_learn(SeedTurn& t, Seat from, const msg::Learn& m) const;

    // ---- what is missing
    void on_fetch(SeedTurn& t, Seat from, const msg::Fetch& m) const;
    // False, and the sender is refused, when the decision does not continue this list.
    [[nodiscard]] bool continues(SeedTurn& t, Seat from, const Decision& decision) const;
    // The whole list once its last part is here.
    [[nodiscard]] std::optional<Snapshot> on_snapshot_part(const msg::SnapshotPart& m);
    // So many epochs came from that seed; it is asked whether there are more.
    void handle_caught_up(SeedTurn& t, Seat from, Epoch epochs) const;

    void fingerprint(ByteWriter& out) const;

private:
    // The sender has applied `epoch`: what is missing here is fetched. False when the digest contradicts ours.
    bool keep_up(SeedTurn& t, Seat from, Epoch epoch, const Digest& digest) const;
    // True when the digest contradicts ours: this seed must stop.
    bool contradicted(SeedTurn& t, Seat from, Epoch epoch, const Digest& digest) const;
    void fetch(SeedTurn& t, Seat from) const;
    void send_behind(SeedTurn& t, Seat to) const;
    void send_snapshot(SeedTurn& t, Seat to) const;
    void announce(SeedTurn& t, const Batch& effective, const VotesFor& votes) const;

    Ledger ledger_;
    std::vector<msg::SnapshotPart> snapshot_parts_;  // received so far, in order
};

}  // namespace gossip
