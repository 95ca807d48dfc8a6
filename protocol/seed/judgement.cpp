#include "protocol/seed/judgement.hpp"

#include "protocol/canonical.hpp"
#include "protocol/seed/address_checks.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/seats.hpp"
#include "protocol/trust/credential.hpp"

namespace gossip {

namespace {

constexpr std::size_t guests_limit = 128;  // members of protocol 0, which nothing proves
constexpr WallMs a_day = 24 * 60 * 60 * 1000;

bool is_loopback(NodeId node) { return endpoint(node).ip >> 24 == 127; }

// Addresses that are no single host's: "this network", multicast, reserved, broadcast.
bool is_no_host(Endpoint at) {
    constexpr std::uint32_t loopback_broadcast = 0x7fff'ffff;
    return at.port == 0 || at.ip >> 24 == 0 || at.ip >> 28 >= 14 || at.ip == loopback_broadcast;
}

std::string address_problem(const SeedTurn& t, NodeId peer) {
    if (is_anonymous(peer) || is_no_host(endpoint(peer))) return "no address of a host";
    if (seat_in(t.config, peer) != no_seat) return "the endpoint is a seed's";
    if (is_loopback(t.self) && !is_loopback(peer)) return "the seeds listen on loopback addresses only";
    return {};
}

// A listed address keeps its key: who holds another one waits until that life has left or was removed.
std::string key_problem(const SeedTurn& t, const Change& add) {
    const Member* listed = t.ledger.find(add.peer);
    if (add.protocol == 0) return t.ledger.guests() < guests_limit ? "" : "there are too many peers of protocol 0";
    const bool held = listed != nullptr && listed->protocol > 0 && listed->key != add.key;
    return held ? "another key holds this address: its life has to leave or be removed first" : "";
}

}  // namespace

msg::AskOpinion judge_request(const SeedTurn& t, const Ask& ask, bool verified) {
    const Change& change = ask.change;
    if (std::string why = address_problem(t, change.peer); !why.empty()) return {Opinion::no, std::move(why)};
    if (change.protocol > 1 || change.incarnation == Incarnation::none) return {Opinion::no, "malformed request"};
    if (t.ledger.holds(change.peer, change.incarnation)) return {Opinion::yes, "already registered"};
    if (is_moot(change, t.ledger)) return {Opinion::no, "a later life is known"};
    if (static_cast<WallMs>(change.incarnation) > t.wall + a_day) {
        return {Opinion::no, "its clock is more than a day ahead of this seed's"};
    }
    if (std::string why = key_problem(t, change); !why.empty()) return {Opinion::no, std::move(why)};
    if (change.protocol == 0 || verified) return {Opinion::yes, {}};
    if (t.crypto.verify(change.key, canonical_bytes(change), ask.signature)) return {Opinion::yes, {}};
    return {Opinion::no, "bad signature"};
}

msg::AskOpinion judge_add(const SeedTurn& t, const Ask& ask, bool verified) {
    msg::AskOpinion opinion = judge_request(t, ask, verified);
    const Change& change = ask.change;
    const bool known = change.protocol == 0 || t.ledger.holds(change.peer, change.incarnation);
    if (opinion.opinion != Opinion::yes || known) return opinion;
    switch (t.addresses.result(change, t.now)) {
        case AddressChecks::Result::answered:
            return opinion;
        case AddressChecks::Result::failed:
            return {Opinion::no, "nobody who holds this key answers at its address"};
        case AddressChecks::Result::none:
        case AddressChecks::Result::running:
            break;
    }
    return {Opinion::undecided, "its address has not answered yet"};
}

Signature sign_credential(const SeedTurn& t, const Change& add) {
    return t.crypto.sign(t.self, credential_bytes(t.config, add));
}

msg::AskOpinion judge_leave(const SeedTurn& t, const Ask& ask) {
    const Member* member = t.ledger.find(ask.change.peer);
    if (member == nullptr || member->incarnation != ask.change.incarnation) return {Opinion::no, "not in the list"};
    if (member->protocol == 0) return {Opinion::no, "it has no key that could sign it"};
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
