#include "protocol/seed/list/records.hpp"

#include "seed_net.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::test;

namespace {

const FakeCrypto crypto(1);

Change add(std::size_t k, std::uint64_t incarnation = 1) {
    Change c{ChangeKind::add, peer_id(k), life(incarnation)};
    c.key = FakeCrypto(k).public_key();
    return c;
}

constexpr HeaderRecord header{77, {2, 4242}};

// A journal as a seed writes it: two decided epochs and an accepted batch of the third.
struct Journal {
    std::vector<Record> records;
    Ledger ledger;
    Journal() {
        records.push_back({RecordType::header, encode(header)});
        records.push_back({RecordType::ceiling, encode_ceiling(1025)});
        records.push_back({RecordType::seat_life, encode(SeatInfo{1, 11})});
        decide({add(0)});
        decide({add(1), add(2)});
        accept({3, 0}, {add(3)});
    }
    void accept(Ballot ballot, Batch batch) {
        const AcceptedRecord record{{ledger.epoch() + 1, ballot, std::move(batch)}, ledger.digest()};
        records.push_back({RecordType::accepted, encode(record)});
    }
    void decide(Batch batch) {
        accept({1, 0}, batch);
        const Decision decision = ledger.next(crypto, std::move(batch));
        ledger.apply(decision);
        records.push_back({RecordType::decided, encode(decision)});
    }
    void compact() {
        SnapshotRecord snapshot{header, 1025, {}, {{1, 11}}, ledger.snapshot()};
        snapshot.accepted.push_back({{ledger.epoch() + 1, {3, 0}, {add(3)}}, ledger.digest()});
        records = {{RecordType::snapshot, encode(snapshot)}};
    }
    [[nodiscard]] Recovered read() const { return recover(crypto, 100, records); }
};

template <class Decode>
void check_only_whole(const Bytes& body, Decode decode) {
    REQUIRE(decode(body));
    const std::string_view all(body);
    for (std::size_t size = 0; size < body.size(); ++size) REQUIRE_FALSE(decode(all.substr(0, size)));
    REQUIRE_FALSE(decode(body + '\0'));
}

}  // namespace

TEST_CASE("every record comes back as it was, and no prefix or extension of it is one") {
    const Decision decision{7, {add(0), add(1)}, crypto.digest("x")};
    const AcceptedRecord accepted{{7, {9, 3}, {add(5)}}, crypto.digest("y")};
    CHECK(*decode_header(encode(header)) == header);
    CHECK(*decode_ceiling(encode_ceiling(1U << 30)) == 1U << 30);
    CHECK(*decode_seat_life(encode(SeatInfo{3, 9})) == SeatInfo{3, 9});
    CHECK(decode_decision(encode(decision))->batch == decision.batch);
    CHECK(decode_decision(encode(decision))->digest == decision.digest);
    CHECK(decode_accepted(encode(accepted))->accepted.batch == accepted.accepted.batch);
    CHECK(decode_accepted(encode(accepted))->accepted.ballot == accepted.accepted.ballot);
    CHECK(decode_accepted(encode(accepted))->previous == accepted.previous);
    check_only_whole(encode(header), decode_header);
    check_only_whole(encode_ceiling(5), decode_ceiling);
    check_only_whole(encode(SeatInfo{3, 9}), decode_seat_life);
    check_only_whole(encode(decision), decode_decision);
    check_only_whole(encode(accepted), decode_accepted);
    Journal journal;
    journal.compact();
    check_only_whole(journal.records[0].body, decode_snapshot);
}

TEST_CASE("recovery gives what was written") {
    for (const bool compacted : {false, true}) {
        Journal journal;
        if (compacted) journal.compact();
        const Recovered found = journal.read();
        CHECK(found.problem.empty());
        CHECK(found.header == header);
        CHECK(found.ceiling == 1025);
        CHECK(found.ledger.epoch() == 2);
        CHECK(found.ledger.digest() == journal.ledger.digest());
        CHECK(found.ledger.members() == journal.ledger.members());
        REQUIRE(found.accepted);
        CHECK(found.accepted->epoch == 3);
        CHECK(found.accepted->batch == Batch{add(3)});
        CHECK(found.lives == std::map<Seat, SeatLife>{{1, 11}});
    }
}

TEST_CASE("every prefix of a journal is a journal: what was synced counts") {
    const Journal journal;
    for (std::size_t n = 0; n <= journal.records.size(); ++n) {
        const Recovered found = recover(crypto, 100, std::span(journal.records).first(n));
        CHECK(found.problem.empty());
        CHECK(found.header.has_value() == (n > 0));
        CHECK(found.ledger.epoch() <= 2);
    }
}

TEST_CASE("a damaged record stops the reading and is named; what came before stays") {
    const Journal journal;
    for (std::size_t at = 0; at < journal.records.size(); ++at) {
        Journal damaged;
        damaged.records[at].body.pop_back();
        const Recovered found = damaged.read();
        CHECK(found.problem == "record " + std::to_string(at + 1) + " of the journal is damaged");
        const Recovered good = recover(crypto, 100, std::span(journal.records).first(at));
        CHECK(found.ledger.digest() == good.ledger.digest());
    }
}

TEST_CASE("records that parse but do not fit are damage") {
    const auto refused = [](const Journal& journal) { return !journal.read().problem.empty(); };
    Journal journal;
    journal.records.push_back({RecordType::header, encode(header)});
    CHECK(refused(journal));
    journal = {};
    journal.records.erase(journal.records.begin());  // no header
    CHECK(refused(journal));
    journal = {};
    journal.records.erase(journal.records.begin() + 4);  // the first decision
    CHECK(refused(journal));
    journal = {};
    Decision wrong = journal.ledger.next(crypto, {add(4)});
    wrong.digest.bytes[0] ^= 1;
    journal.records.push_back({RecordType::decided, encode(wrong)});
    CHECK(refused(journal));
    journal = {};
    journal.accept({2, 0}, {add(4)});  // below the ballot accepted before
    CHECK(refused(journal));
    journal = {};
    journal.records.push_back({RecordType{99}, ""});
    CHECK(refused(journal));
}

TEST_CASE("the first life met of a seat is the one that stays") {
    Journal journal;
    journal.records.push_back({RecordType::seat_life, encode(SeatInfo{1, 12})});
    CHECK(journal.read().lives.at(1) == 11);
}
