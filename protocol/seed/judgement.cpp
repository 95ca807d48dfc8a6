#include "protocol/seed/judgement.hpp"

#include "protocol/canonical.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/seats.hpp"

namespace gossip {

msg::AskOpinion judge_add(const SeedTurn& t, const Ask& ask, bool verified) {
    const Change& change = ask.change;
    const Endpoint at = endpoint(change.peer);
    if (is_anonymous(change.peer) || at.ip == 0 || at.port == 0) return {Opinion::no, "no endpoint"};
    if (seat_in(t.config, change.peer) != no_seat) return {Opinion::no, "the endpoint is a seed's"};
    if (change.protocol > 1 || change.incarnation == Incarnation::none) return {Opinion::no, "malformed request"};
    if (t.ledger.holds(change.peer, change.incarnation)) return {Opinion::yes, "already registered"};
    if (is_moot(change, t.ledger)) return {Opinion::no, "a later life is known"};
    if (change.protocol == 0 || verified) return {Opinion::yes, {}};
    if (t.crypto.verify(change.key, canonical_bytes(change), ask.signature)) return {Opinion::yes, {}};
    return {Opinion::no, "bad signature"};
}

msg::AskOpinion judge_leave(const SeedTurn& t, const Ask& ask) {
    const Member* member = t.ledger.find(ask.change.peer);
    if (member == nullptr || member->incarnation != ask.change.incarnation) return {Opinion::no, "not in the list"};
    if (t.crypto.verify(member->key, canonical_bytes(ask.change), ask.signature)) return {Opinion::yes, {}};
    return {Opinion::no, "bad signature"};
}

msg::AskOpinion judge_replace(const SeedTurn& t, const Change& change) {
    if (change.seat >= t.seeds() || change.new_life == 0) return {Opinion::no, "malformed request"};
    const SeatLife known = t.seats.known(change.seat, t.ledger);
    const bool fits = known == 0 || known == change.old_life || known == change.new_life;
    if (change.seat == t.seat && change.new_life != known) return {Opinion::no, "this seat is alive"};
    if (!fits) return {Opinion::no, "another life of the seat is known here"};
    return {Opinion::yes, {}};
}

}  // namespace gossip
