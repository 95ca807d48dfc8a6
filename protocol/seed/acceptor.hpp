#pragma once
// One seat's promises and acceptances: the memory that makes a vote binding (PROTOCOL.md section 2).
//
// Promises are kept across epochs, a stricter rule than one promise per epoch: then one number, the
// ceiling, bounds everything ever promised, and it is written about once in a thousand rounds
// instead of at every vote. After a restart everything up to the ceiling counts as promised.

#include "protocol/machine.hpp"
#include "protocol/membership.hpp"

#include <optional>

namespace gossip {

class Acceptor {
public:
    static constexpr std::uint64_t ceiling_step = 1024;
    // The greatest round taken from the wire: far above any real one, far below overflow.
    static constexpr std::uint64_t round_limit = std::uint64_t{1} << 62;

    // What the journal held.
    void recover(std::uint64_t ceiling, std::optional<Accepted> accepted);

    [[nodiscard]] Ballot promised() const { return promised_; }
    [[nodiscard]] const std::optional<Accepted>& accepted() const { return accepted_; }
    [[nodiscard]] std::uint64_t ceiling() const { return ceiling_.round; }

    // False when a greater ballot was promised. The same ballot again is promised again.
    [[nodiscard]] bool promise(Ballot ballot);
    // False when a greater ballot was promised, or this one carried another batch before.
    [[nodiscard]] bool accept(Epoch epoch, Ballot ballot, const Batch& batch);
    // What was accepted for a decided epoch is history.
    void discard_through(Epoch applied);

    // The ceiling to append before `round` may be promised or used; nothing when it is covered.
    // Asked for half a step early, so that nobody ever waits for it.
    [[nodiscard]] std::optional<std::uint64_t> ceiling_needed(std::uint64_t round) const;
    void ceiling_appended(std::uint64_t ceiling, AppendSeq seq);
    // The append that must be on disk before a message about `round` leaves.
    [[nodiscard]] AppendSeq covered_by(std::uint64_t round) const;

private:
    struct Bound {
        std::uint64_t round{0};
        AppendSeq seq{0};
    };
    Ballot promised_;
    std::optional<Accepted> accepted_;
    Bound ceiling_;
    Bound older_;  // the one before, on disk for long when the next is asked for early
};

}  // namespace gossip
