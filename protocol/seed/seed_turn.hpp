#pragma once
// One step of a seed, as its parts see it: a Turn with the journal, the other parts to look at, and the
// facts raised so far.

#include "protocol/seed/journal_state.hpp"
#include "protocol/seed/list/ledger.hpp"
#include "protocol/seed/seed_facts.hpp"
#include "protocol/turn.hpp"

#include <utility>
#include <vector>

namespace gossip {

class AddressChecks;
class Directory;
class Neighbours;
class Removals;
class Requests;
class Seats;

struct SeedTurn : Turn {
    Seat seat{no_seat};  // our own
    WallMs wall{0};      // the wall clock now
    JournalState& journal;
    const Ledger& ledger;
    const Seats& seats;
    const Neighbours& neighbours;
    const Directory& directory;
    const AddressChecks& addresses;
    const Requests& requests;
    const Removals& removals;
    std::vector<SeedFact> facts{};

    [[nodiscard]] std::size_t seeds() const { return config.seeds.size(); }
    // The seat of another seed; no_seat for any other node.
    [[nodiscard]] Seat seat_of(NodeId node) const;

    void to_seat(Seat to, SharedMessage message, AppendSeq after = 0) {
        send(config.seeds[to], std::move(message), after);
    }
    [[nodiscard]] std::vector<NodeId> other_seeds() const;  // ascending
    void to_seeds(const SharedMessage& message, AppendSeq after = 0);
    void refuse_seat(Seat from, std::string_view why) { refuse(config.seeds[from], why); }
    // `compact`: the record replaces the journal before it.
    AppendSeq append(RecordType type, Bytes body, bool compact = false) {
        return journal.append(out, type, std::move(body), compact);
    }
    void raise(SeedFact fact) { facts.push_back(std::move(fact)); }
};

// The seat of a node in the configured list; no_seat when it is no seed.
[[nodiscard]] Seat seat_in(const Config& config, NodeId node);

}  // namespace gossip
