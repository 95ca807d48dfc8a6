#pragma once
// A SeedMachine with its disk, timers and held sends, as a value; and the observations made of it, which survive
// crashes.

#include "event.hpp"
#include "node_store.hpp"

#include "protocol/seed/list/records.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <memory>

namespace gossip::explorer {

// A life of a peer, and the epoch of an event of it.
struct LifeEvent {
    NodeId peer{};
    Incarnation incarnation{};
    Epoch epoch{0};
    friend auto operator<=>(const LifeEvent&, const LifeEvent&) = default;
};

struct EpochDigest {
    Epoch epoch{0};
    Digest digest;
    friend auto operator<=>(const EpochDigest&, const EpochDigest&) = default;
};

struct EpochBallot {
    Epoch epoch{0};
    Ballot ballot;
    friend auto operator<=>(const EpochBallot&, const EpochBallot&) = default;
};

// Observations over all lives of the seat, not visible to the machine. All ascending.
struct Observed {
    std::vector<EpochDigest> applied;
    std::vector<LifeEvent> added;         // to its list, at which epoch
    std::vector<LifeEvent> acknowledged;  // to a client, with the epoch it was told
    std::vector<LifeEvent> rejected;      // CONSENSUS OUTCOME - REJECTED, in the attempt at which epoch
    std::vector<EpochBallot> proposed;    // PROPOSEs it sent, or holds until the disk has caught up
    std::vector<EpochBallot> accepted;    // on its own disk
    std::vector<EpochBallot> committed;   // COMMITs it sent
    std::vector<EpochBallot> decided;     // LEARNs it sent: it counted a quorum
    std::string broken;                   // a violation that this seat alone shows
};

struct ArmedTimer {
    TimerTag tag;
    friend bool operator<(const ArmedTimer& a, const ArmedTimer& b) { return a.tag.kind < b.tag.kind; }
};

struct SeedNode {
    std::shared_ptr<const SeedMachine> machine;  // never changed: a step works on a copy
    Time now;
    std::vector<ArmedTimer> timers;  // the newest of each kind
    std::shared_ptr<const std::vector<Record>> disk;
    std::vector<Append> unsynced;
    std::vector<Send> held;  // until the disk has caught up
    bool busy{false};        // has voted or acknowledged since a timer fired

    std::uint8_t crashes{0};
    std::uint8_t requested{0};  // bit per client request made in this life
    std::vector<MessageId> sent;
    Observed observed;

    // What a recovery from the present disk would know.
    Fingerprint disk_state;
    EpochDigest durable;                 // last decided epoch
    std::optional<EpochDigest> pending;  // the epoch that the accepted batch would make
};

// True when the item is new.
template <class T>
bool insert_sorted(std::vector<T>& items, T item) {
    const auto at = std::lower_bound(items.begin(), items.end(), item);
    if (at != items.end() && *at == item) return false;
    items.insert(at, std::move(item));
    return true;
}

// The state of a node as bytes: equal bytes behave equally and are judged equally.
[[nodiscard]] Bytes node_bytes(const SeedNode& node);

// Recomputes disk_state, durable and pending. False when recovery refuses its own journal.
[[nodiscard]] bool read_back(const Crypto& crypto, std::size_t history, SeedNode& node);

}  // namespace gossip::explorer
