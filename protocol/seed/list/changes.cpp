#include "protocol/seed/list/changes.hpp"

#include "protocol/rng.hpp"

namespace gossip {

bool is_moot(const Change& change, const Ledger& ledger) {
    switch (change.kind) {
        case ChangeKind::add:
            if (change.protocol == 0 && ledger.find(change.peer) != nullptr) return true;
            return ledger.last_life(change.peer) >= change.incarnation;
        case ChangeKind::remove:
        case ChangeKind::leave:
            return !ledger.holds(change.peer, change.incarnation);
        case ChangeKind::replace:
            return ledger.replaced_life(change.seat) == change.new_life;
    }
    return true;
}

std::uint32_t proposal_id(const Change& change, Seat seat) {
    std::uint64_t h = mix64(static_cast<std::uint64_t>(change.kind) << 8 | seat);
    h = mix64(h ^ static_cast<std::uint64_t>(change.peer));
    h = mix64(h ^ static_cast<std::uint64_t>(change.incarnation));
    return static_cast<std::uint32_t>(mix64(h ^ change.new_life));
}

}  // namespace gossip
