#pragma once
// The membership list at the last applied epoch, and how a decided batch changes it (PROTOCOL.md
// section 2). Applying is a pure function of (list, batch), so seeds that applied the same batches
// hold the same list and the same digest. Lists are never merged.

#include "protocol/crypto.hpp"
#include "protocol/membership.hpp"

#include <deque>
#include <map>
#include <optional>

namespace gossip {

// digest(epoch) = H(digest(epoch - 1), epoch, batch); 32 zero bytes at epoch 0.
[[nodiscard]] Digest chain_digest(const Crypto& crypto, const Digest& previous, Epoch epoch, const Batch& batch);

class Ledger {
public:
    explicit Ledger(std::size_t history = 4096) : history_limit_(history) {}

    [[nodiscard]] Epoch epoch() const { return epoch_; }
    [[nodiscard]] const Digest& digest() const { return digest_; }
    [[nodiscard]] const std::map<NodeId, Member>& members() const { return members_; }

    [[nodiscard]] const Member* find(NodeId peer) const;
    [[nodiscard]] std::size_t guests() const { return guests_; }  // members of protocol 0
    // True when exactly this life is in the list.
    [[nodiscard]] bool holds(NodeId peer, Incarnation incarnation) const;
    // The greatest life known of an endpoint, listed or removed; none when never seen.
    [[nodiscard]] Incarnation last_life(NodeId peer) const;
    // What the seat's life became by a decided REPLACE; 0 when it never was replaced.
    [[nodiscard]] SeatLife replaced_life(Seat seat) const;

    [[nodiscard]] Decision next(const Crypto& crypto, Batch batch) const;
    // The decision must be next()'s. Returns the changes that had an effect: a life that is not the
    // one listed leaves nothing, an older or equal life adds nothing.
    Batch apply(const Decision& decision);

    [[nodiscard]] Snapshot snapshot() const;
    void install(const Snapshot& snapshot);

    // The decisions `since`+1 … epoch(); nothing when the history does not reach back that far.
    [[nodiscard]] const Decision* decision(Epoch epoch) const;
    [[nodiscard]] bool reaches_back_to(Epoch since) const;
    // The digest of an epoch that is still remembered.
    [[nodiscard]] std::optional<Digest> digest_at(Epoch epoch) const;

private:
    bool apply_change(const Change& change);
    bool add(const Change& change);
    bool remove(const Change& change);
    bool replace(const Change& change);

    Epoch epoch_{0};
    Digest digest_;
    std::map<NodeId, Member> members_;
    std::size_t guests_{0};
    std::map<NodeId, Member> removed_;  // last removed life of endpoints that are not members
    std::map<Seat, SeatLife> seats_;
    std::deque<Decision> history_;  // contiguous, ends at epoch_
    Digest before_history_;         // digest of the epoch before the first in history_
    std::size_t history_limit_;
};

}  // namespace gossip
