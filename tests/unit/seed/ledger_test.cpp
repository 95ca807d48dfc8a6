#include "protocol/seed/list/ledger.hpp"

#include "seed_net.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace gossip;
using namespace gossip::test;

namespace {

const FakeCrypto crypto(1);

Change change(ChangeKind kind, std::size_t k, std::uint64_t incarnation) {
    Change c;
    c.kind = kind;
    c.peer = peer_id(k);
    c.incarnation = life(incarnation);
    return c;
}

Batch apply(Ledger& ledger, Batch batch) { return ledger.apply(ledger.next(crypto, std::move(batch))); }

// The naive twin: for each peer the listed life (0: none) and the greatest life ever seen.
struct Twin {
    std::map<std::size_t, std::pair<std::uint64_t, std::uint64_t>> peers;
    void apply(const Change& c, std::size_t k) {
        auto& [listed, last] = peers[k];
        const auto incarnation = static_cast<std::uint64_t>(c.incarnation);
        if (c.kind == ChangeKind::add && incarnation > last) listed = last = incarnation;
        if (c.kind != ChangeKind::add && listed == incarnation) listed = 0;
    }
};

void check_equal(const Ledger& ledger, const Twin& twin, std::size_t peers) {
    for (std::size_t k = 0; k < peers; ++k) {
        const auto it = twin.peers.find(k);
        const auto [listed, last] = it == twin.peers.end() ? std::pair<std::uint64_t, std::uint64_t>{} : it->second;
        REQUIRE((ledger.find(peer_id(k)) != nullptr) == (listed != 0));
        if (listed != 0) REQUIRE(ledger.holds(peer_id(k), life(listed)));
        REQUIRE(ledger.last_life(peer_id(k)) == life(last));
    }
}

}  // namespace

TEST_CASE("every sequence of five changes of one peer gives the twin's list, and so does its snapshot") {
    // 3 kinds x 3 lives, to the power of 5
    for (std::size_t code = 0; code < 59049; ++code) {
        Ledger ledger;
        Twin twin;
        std::size_t rest = code;
        for (int i = 0; i < 5; ++i, rest /= 9) {
            const Change c = change(static_cast<ChangeKind>(rest % 9 / 3), 0, 1 + rest % 3);
            apply(ledger, {c});
            twin.apply(c, 0);
        }
        check_equal(ledger, twin, 1);
        Ledger copy;
        copy.install(ledger.snapshot());
        check_equal(copy, twin, 1);
        REQUIRE(copy.epoch() == ledger.epoch());
        REQUIRE(copy.digest() == ledger.digest());
    }
}

TEST_CASE("random batches over many peers give the twin's list") {
    Rng rng(7);
    Ledger ledger(16);
    Twin twin;
    for (int i = 0; i < 2000; ++i) {
        Batch batch;
        for (std::uint64_t n = rng.below(4) + 1; n > 0; --n) {
            const std::size_t k = rng.below(10);
            batch.push_back(change(static_cast<ChangeKind>(rng.below(3)), k, 1 + rng.below(30)));
            twin.apply(batch.back(), k);
        }
        apply(ledger, batch);
        check_equal(ledger, twin, 10);
    }
    CHECK(ledger.epoch() == 2000);
}

TEST_CASE("apply tells which changes had an effect") {
    Ledger ledger;
    const Change add = change(ChangeKind::add, 0, 5);
    CHECK(apply(ledger, {add}) == Batch{add});
    CHECK(apply(ledger, {add}).empty());
    CHECK(apply(ledger, {change(ChangeKind::add, 0, 4)}).empty());
    CHECK(apply(ledger, {change(ChangeKind::remove, 0, 4)}).empty());
    const Change remove = change(ChangeKind::remove, 0, 5);
    CHECK(apply(ledger, {remove}) == Batch{remove});
    CHECK(apply(ledger, {remove}).empty());
}

TEST_CASE("a member keeps the epoch that added its life") {
    Ledger ledger;
    apply(ledger, {change(ChangeKind::add, 0, 5)});
    apply(ledger, {change(ChangeKind::add, 1, 5)});
    CHECK(ledger.find(peer_id(0))->since == 1);
    CHECK(ledger.find(peer_id(1))->since == 2);
    apply(ledger, {change(ChangeKind::add, 0, 6)});
    CHECK(ledger.find(peer_id(0))->since == 3);
}

TEST_CASE("the digest chains: it depends on the past, the epoch and the batch") {
    Ledger a;
    Ledger b;
    CHECK(a.digest() == Digest{});
    apply(a, {change(ChangeKind::add, 0, 5)});
    apply(b, {change(ChangeKind::add, 0, 6)});
    CHECK(a.digest() != b.digest());
    const Digest before = a.digest();
    apply(a, {});
    CHECK(a.digest() != before);
    CHECK(chain_digest(crypto, before, 2, {}) == a.digest());
    CHECK(chain_digest(crypto, before, 3, {}) != a.digest());
}

TEST_CASE("a seat's life is the one of the last REPLACE") {
    Ledger ledger;
    CHECK(ledger.replaced_life(1) == 0);
    Change c;
    c.kind = ChangeKind::replace;
    c.seat = 1;
    c.new_life = 42;
    CHECK(apply(ledger, {c}).size() == 1);
    CHECK(apply(ledger, {c}).empty());
    CHECK(ledger.replaced_life(1) == 42);
    Ledger copy;
    copy.install(ledger.snapshot());
    CHECK(copy.replaced_life(1) == 42);
}

TEST_CASE("the history reaches back as far as it says, with the digests of its epochs") {
    for (const std::size_t limit : {std::size_t{1}, std::size_t{3}, std::size_t{10}}) {
        Ledger ledger(limit);
        std::vector<Digest> digests{ledger.digest()};
        for (std::size_t e = 1; e <= 6; ++e) {
            apply(ledger, {change(ChangeKind::add, 0, e)});
            digests.push_back(ledger.digest());
        }
        const std::size_t oldest = limit >= 6 ? 0 : 6 - limit;
        for (std::size_t e = 0; e <= 6; ++e) {
            CHECK(ledger.reaches_back_to(e) == (e >= oldest));
            CHECK((ledger.decision(e) != nullptr) == (e > oldest));
            if (e > oldest) CHECK(ledger.decision(e)->digest == digests[e]);
            CHECK(ledger.digest_at(e) == (e >= oldest ? std::optional(digests[e]) : std::nullopt));
        }
        CHECK(ledger.decision(7) == nullptr);
        CHECK_FALSE(ledger.digest_at(7));
        CHECK_FALSE(ledger.digest_at(~Epoch{0}));
    }
}

TEST_CASE("after a snapshot the history starts anew") {
    Ledger ledger;
    for (std::size_t e = 1; e <= 5; ++e) apply(ledger, {change(ChangeKind::add, 0, e)});
    Ledger copy;
    copy.install(ledger.snapshot());
    CHECK_FALSE(copy.reaches_back_to(4));
    CHECK(copy.reaches_back_to(5));
    CHECK(copy.digest_at(5) == ledger.digest());
    apply(copy, {});
    CHECK(copy.digest_at(5) == ledger.digest());
    CHECK(copy.decision(6)->epoch == 6);
    CHECK(copy.decision(5) == nullptr);
}
