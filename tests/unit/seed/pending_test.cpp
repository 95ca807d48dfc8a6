#include "protocol/seed/pending.hpp"

#include "protocol/seed/list/changes.hpp"
#include "seed_net.hpp"

#include <doctest/doctest.h>

#include <set>
#include <utility>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

const FakeCrypto crypto(1);
constexpr Time t0{};

Ask ask(ChangeKind kind, std::size_t k, std::uint64_t incarnation = 1, ProtocolVersion protocol = 1) {
    Ask a;
    a.change.kind = kind;
    a.change.peer = peer_id(k);
    a.change.incarnation = life(incarnation);
    a.change.protocol = protocol;
    return a;
}
Ask add(std::size_t k, std::uint64_t incarnation = 1) { return ask(ChangeKind::add, k, incarnation); }
Ask removal(std::size_t k, std::uint64_t incarnation = 1) { return ask(ChangeKind::remove, k, incarnation); }

Ledger with(Batch batch) {
    Ledger ledger;
    ledger.apply(ledger.next(crypto, std::move(batch)));
    return ledger;
}

std::vector<NodeId> peers(const std::vector<Ask>& asks) {
    std::vector<NodeId> ids;
    for (const Ask& a : asks) ids.push_back(a.change.peer);
    return ids;
}

}  // namespace

TEST_CASE("asks come out oldest first, at most as many as wanted") {
    PendingAsks pending;
    for (const std::size_t k : {5U, 3U, 9U, 1U}) pending.add(add(k), t0, false);
    CHECK(peers(pending.next(10)) == std::vector{peer_id(5), peer_id(3), peer_id(9), peer_id(1)});
    CHECK(peers(pending.next(2)) == std::vector{peer_id(5), peer_id(3)});
    CHECK(pending.next(0).empty());
    pending.erase(add(5).change);
    CHECK(peers(pending.next(1)) == std::vector{peer_id(3)});
}

TEST_CASE("removals travel alone; the oldest ask says whose turn it is") {
    PendingAsks pending;
    pending.add(add(1), t0, false);
    pending.add(removal(2), t0, false);
    pending.add(ask(ChangeKind::leave, 3), t0, false);
    pending.add(removal(4), t0, false);
    CHECK(peers(pending.next(10)) == std::vector{peer_id(1), peer_id(3)});
    pending.erase(add(1).change);
    CHECK(peers(pending.next(10)) == std::vector{peer_id(2), peer_id(4)});
}

TEST_CASE("a batch touches a peer once, and a seat once") {
    PendingAsks pending;
    pending.add(add(1, 1), t0, false);
    pending.add(add(1, 2), t0, false);
    pending.add(ask(ChangeKind::leave, 1, 1), t0, false);
    for (const Seat seat : {Seat{1}, Seat{2}}) {
        for (const SeatLife fresh : {7U, 8U}) {
            Ask replace;
            replace.change.kind = ChangeKind::replace;
            replace.change.seat = seat;
            replace.change.new_life = fresh;
            pending.add(replace, t0, false);
        }
    }
    const auto next = pending.next(10);
    REQUIRE(next.size() == 3);
    CHECK(next[0].change.incarnation == life(1));
    CHECK(next[1].change.seat == 1);
    CHECK(next[2].change.seat == 2);
}

TEST_CASE("the same ask twice is one, and what another seat asked becomes our own when we are asked") {
    PendingAsks pending;
    CHECK(pending.add(add(1), t0, true)->carried);
    CHECK(pending.to_carry(10).empty());
    CHECK_FALSE(pending.add(add(1), t0 + 1s, false)->carried);
    CHECK_FALSE(pending.add(add(1), t0 + 1s, true)->carried);
    CHECK(pending.size() == 1);
    CHECK(pending.to_carry(10).size() == 1);
    pending.add(add(2), t0, false);
    CHECK(pending.to_carry(1).size() == 1);
}

TEST_CASE("an ask is moot once the list answers it, for every kind") {
    const auto check = [](const Ask& a, const Ledger& ledger, bool expected) {
        PendingAsks pending;
        pending.add(a, t0, false);
        CHECK(is_moot(a.change, ledger) == expected);
        CHECK(pending.take_answered(ledger).size() == expected);
        CHECK(pending.size() == !expected);
    };
    const Ledger listed = with({add(1, 5).change});
    const Ledger removed = with({add(1, 5).change, removal(1, 5).change});
    check(add(1, 4), listed, true);
    check(add(1, 5), listed, true);
    check(add(1, 6), listed, false);
    check(add(1, 5), removed, true);
    check(add(1, 6), removed, false);
    check(removal(1, 5), listed, false);
    check(removal(1, 4), listed, true);
    check(removal(1, 5), removed, true);
    check(ask(ChangeKind::leave, 1, 5), listed, false);
    check(ask(ChangeKind::leave, 1, 5), removed, true);
    check(ask(ChangeKind::add, 1, 9, 0), listed, true);  // protocol 0 means the listed life
    check(ask(ChangeKind::add, 1, 9, 0), removed, false);
    Ask replace;
    replace.change.kind = ChangeKind::replace;
    replace.change.seat = 2;
    replace.change.new_life = 7;
    check(replace, listed, false);
    check(replace, with({replace.change}), true);
}

TEST_CASE("what is answered keeps who waits for it; what is not stays in its place") {
    PendingAsks pending;
    pending.add(add(2), t0, false);
    add_client(*pending.add(add(1), t0, false), peer_id(1));
    add_client(*pending.find(add(1).change), peer_id(1));
    add_client(*pending.find(add(1).change), anonymous_id(3));
    pending.add(add(3), t0, false);
    const auto done = pending.take_answered(with({add(1).change}));
    REQUIRE(done.size() == 1);
    CHECK(done[0].clients == std::vector{peer_id(1), anonymous_id(3)});
    CHECK(peers(pending.next(10)) == std::vector{peer_id(2), peer_id(3)});
    CHECK(pending.find(add(1).change) == nullptr);
}

TEST_CASE("protocol 0's registration is found by its peer alone") {
    PendingAsks pending;
    pending.add(add(1), t0, false);
    pending.add(ask(ChangeKind::remove, 2, 1, 0), t0, false);
    CHECK(pending.find_add(peer_id(1), 0) == nullptr);
    CHECK(pending.find_add(peer_id(2), 0) == nullptr);
    pending.add(ask(ChangeKind::add, 1, 44, 0), t0, false);
    REQUIRE(pending.find_add(peer_id(1), 0) != nullptr);
    CHECK(pending.find_add(peer_id(1), 0)->ask.change.incarnation == life(44));
    CHECK(pending.find_add(peer_id(0), 0) == nullptr);
}

TEST_CASE("asks and the clients of one are bounded") {
    PendingAsks pending;
    PendingAsk& first = *pending.add(add(1), t0, false);
    for (std::uint64_t i = 0; i < 100; ++i) add_client(first, anonymous_id(i));
    CHECK(first.clients.size() == PendingAsks::clients_limit);
    for (std::uint64_t i = 2; i <= PendingAsks::limit; ++i) REQUIRE(pending.add(add(1, i), t0, false) != nullptr);
    CHECK(pending.add(add(2), t0, false) == nullptr);
    CHECK(pending.add(add(1), t0, false) != nullptr);
}

TEST_CASE("a proposal's id tells changes and seats apart") {
    std::set<std::uint32_t> ids;
    for (const Seat seat : {Seat{0}, Seat{1}}) {
        for (std::size_t k = 0; k < 50; ++k) {
            ids.insert(proposal_id(add(k).change, seat));
            ids.insert(proposal_id(removal(k).change, seat));
        }
    }
    CHECK(ids.size() == 200);
    CHECK(proposal_id(add(1).change, 1) == proposal_id(add(1).change, 1));
}
