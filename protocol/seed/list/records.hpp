#pragma once
// Bodies of the seed's journal records (PROTOCOL.md section 2), and what a journal adds up to.
// The driver frames and checks the records; a body that does not parse means that the disk lied.

#include "protocol/config.hpp"
#include "protocol/machine.hpp"
#include "protocol/seed/list/ledger.hpp"

#include <map>
#include <optional>
#include <span>
#include <string_view>

namespace gossip {

// Whose journal this is. The fingerprint ties it to one ordered list of seeds.
struct HeaderRecord {
    std::uint64_t fingerprint{0};
    SeatInfo own;
    friend bool operator==(const HeaderRecord&, const HeaderRecord&) = default;
};

// `previous` is the digest the batch builds on: it must fit the list when the journal is read.
struct AcceptedRecord {
    Accepted accepted;
    Digest previous;
};

// Replaces everything before it, so it carries all that must not be forgotten.
struct SnapshotRecord {
    HeaderRecord header;
    std::uint64_t ceiling{0};
    std::vector<AcceptedRecord> accepted;  // none or one
    std::vector<SeatInfo> lives;           // of other seats as first met; the own once it may vote
    Snapshot snapshot;
};

[[nodiscard]] Bytes encode(const HeaderRecord& record);
[[nodiscard]] Bytes encode_ceiling(std::uint64_t ceiling);
[[nodiscard]] Bytes encode(const AcceptedRecord& record);
[[nodiscard]] Bytes encode(const Decision& decision);
[[nodiscard]] Bytes encode(const SeatInfo& life);
[[nodiscard]] Bytes encode(const SnapshotRecord& record);

// Nothing when the body is not exactly one such record.
[[nodiscard]] std::optional<HeaderRecord> decode_header(std::string_view body);
[[nodiscard]] std::optional<std::uint64_t> decode_ceiling(std::string_view body);
[[nodiscard]] std::optional<AcceptedRecord> decode_accepted(std::string_view body);
[[nodiscard]] std::optional<Decision> decode_decision(std::string_view body);
[[nodiscard]] std::optional<SeatInfo> decode_seat_life(std::string_view body);
[[nodiscard]] std::optional<SnapshotRecord> decode_snapshot(std::string_view body);

// What a seed knows after reading its journal.
struct Recovered {
    std::optional<HeaderRecord> header;  // nothing: there was no journal
    std::string problem;                 // not empty: what follows the good records cannot be trusted
    Ledger ledger;
    std::uint64_t ceiling{0};
    std::optional<Accepted> accepted;  // of the epoch after the ledger's
    std::map<Seat, SeatLife> lives;    // with the own seat's: this journal was allowed to vote
};

// Reads records in order up to the first that does not parse or does not fit what came before.
[[nodiscard]] Recovered recover(const Crypto& crypto, std::size_t history, std::span<const Record> journal);

}  // namespace gossip
