#include "seed_system.hpp"

#include "bfs.hpp"
#include "walk.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <vector>

using namespace gossip;
using namespace gossip::explorer;

namespace {

SeedOptionsOfSearch small(std::uint32_t crashes = 0) {
    SeedOptionsOfSearch options;
    options.ballots = 1;
    options.crashes = crashes;
    options.requests = {{0, ChangeKind::add, 7000, Incarnation{1}}, {1, ChangeKind::add, 7000, Incarnation{2}}};
    return options;
}

template <class M>
M with(M message, void (*change)(M&)) {
    change(message);
    return message;
}

Digest digest_of(std::uint8_t byte) {
    Digest d;
    d.bytes[31] = byte;
    return d;
}

// One message of each type, and one for every field that can differ.
std::vector<Message> all_different() {
    const Change change{ChangeKind::add, NodeId{1}, Incarnation{2}};
    const Ask ask{change, {}, {}, 7};
    const Accepted accepted{1, {2, 0}, {change}};
    const msg::Propose propose{1, {}, {1, 0}, {ask}};
    const msg::Vote vote{1, {1, 0}, 5, {accepted}, {{Opinion::yes, ""}}, {}, {}};
    const msg::Commit commit{1, {1, 0}, {}, {change}, {{0, 5}}};
    return {
        propose,
        with<msg::Propose>(propose, [](auto& m) { m.epoch = 2; }),
        with<msg::Propose>(propose, [](auto& m) { m.previous = digest_of(1); }),
        with<msg::Propose>(propose, [](auto& m) { m.ballot.round = 2; }),
        with<msg::Propose>(propose, [](auto& m) { m.ballot.seat = 1; }),
        with<msg::Propose>(propose, [](auto& m) { m.asks.clear(); }),
        with<msg::Propose>(propose, [](auto& m) { m.asks[0].change.incarnation = Incarnation{3}; }),
        with<msg::Propose>(propose, [](auto& m) { m.asks[0].signature.bytes[0] = 1; }),
        with<msg::Propose>(propose, [](auto& m) { m.asks[0].certificate.record.version = 1; }),
        with<msg::Propose>(propose, [](auto& m) { m.asks[0].certificate.statements.push_back({}); }),
        with<msg::Propose>(propose, [](auto& m) { m.asks[0].proposal = 8; }),
        vote,
        with<msg::Vote>(vote, [](auto& m) { m.epoch = 2; }),
        with<msg::Vote>(vote, [](auto& m) { m.ballot.round = 2; }),
        with<msg::Vote>(vote, [](auto& m) { m.life = 6; }),
        with<msg::Vote>(vote, [](auto& m) { m.accepted.clear(); }),
        with<msg::Vote>(vote, [](auto& m) { m.accepted[0].ballot.seat = 1; }),
        with<msg::Vote>(vote, [](auto& m) { m.accepted[0].batch.clear(); }),
        with<msg::Vote>(vote, [](auto& m) { m.opinions[0].opinion = Opinion::no; }),
        with<msg::Vote>(vote, [](auto& m) { m.opinions[0].reason = "x"; }),
        with<msg::Vote>(vote, [](auto& m) { m.carried_asks.push_back({}); }),
        with<msg::Vote>(vote, [](auto& m) { m.key.bytes[0] = 1; }),
        commit,
        with<msg::Commit>(commit, [](auto& m) { m.epoch = 2; }),
        with<msg::Commit>(commit, [](auto& m) { m.ballot.round = 2; }),
        with<msg::Commit>(commit, [](auto& m) { m.previous = digest_of(1); }),
        with<msg::Commit>(commit, [](auto& m) { m.batch[0].incarnation = Incarnation{3}; }),
        with<msg::Commit>(commit, [](auto& m) { m.lives[0].life = 6; }),
        msg::Nack{1, {1, 0}, {2, 1}},
        msg::Nack{1, {1, 0}, {3, 1}},
        msg::Nack{1, {2, 0}, {2, 1}},
        msg::Nack{2, {1, 0}, {2, 1}},
        msg::Ack{1, {1, 0}, 5},
        msg::Ack{1, {1, 0}, 6},
        msg::Ack{1, {1, 1}, 5},
        msg::Ack{2, {1, 0}, 5},
        msg::Learn{1, {1, 0}, {}},
        msg::Learn{1, {1, 0}, digest_of(1)},
        msg::Learn{1, {1, 1}, {}},
        msg::Learn{2, {1, 0}, {}},
        msg::Behind{1, {}},
        msg::Behind{2, {}},
        msg::Behind{1, digest_of(1)},
        msg::Fetch{1, {}},
        msg::Fetch{2, {}},
        msg::Fetch{1, digest_of(1)},
        msg::Decisions{},
        msg::Decisions{{{1, {change}, {}}}},
        msg::Decisions{{{2, {change}, {}}}},
        msg::SnapshotPart{},
        msg::SnapshotPart{{}, 1, 2},
        msg::SnapshotPart{{1, {}, {}, {}, {}}, 0, 1},
        msg::SnapshotPart{{0, {}, {Member{}}, {}, {}}, 0, 1},
        msg::SnapshotPart{{0, {}, {}, {Member{}}, {}}, 0, 1},
        msg::SnapshotPart{{0, {}, {}, {}, {SeatInfo{}}}, 0, 1},
    };
}

}  // namespace

// Different messages must have different keys: otherwise the search would miss the effects of one of them.
TEST_CASE("every field of a consensus message tells it apart") {
    std::set<Bytes> forms;
    for (const Message& message : all_different()) {
        CAPTURE(text_of(message));
        CHECK(carries(Network::full, message));
        CHECK(forms.insert(message_bytes(message)).second);
    }
    CHECK_FALSE(carries(Network::full, msg::Sync{}));
    CHECK_FALSE(carries(Network::core, msg::Nack{}));
    CHECK_FALSE(carries(Network::nacks, msg::Learn{}));
    CHECK_FALSE(carries(Network::learns, msg::Fetch{}));
}

TEST_CASE("two conflicting requests, one ballot each, one crash: all worlds are good, and the search saw decisions") {
    SeedSystem system(small(1));
    const SearchResult found = BreadthFirst<SeedSystem>(system).run(1'000'000, [] { return false; });
    CHECK_FALSE(found.violation);
    CHECK(found.exhausted);
    CHECK(found.states > 1000);
    CHECK(system.seen().contains(NoticeKind::approved));
    CHECK(system.seen().contains(NoticeKind::recovery));
}

TEST_CASE("a walk with faults heals to one list that holds what was acknowledged") {
    SeedOptionsOfSearch options = small(2);
    options.ballots = 3;
    options.disk = DiskMode::lazy;
    options.network = Network::full;
    options.at_once = false;
    std::size_t acknowledged = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SeedSystem system(options);
        RandomWalk<SeedSystem> walk(system, Rng(seed));
        CHECK_FALSE(walk.run(200));
        CHECK(system.healed(walk.nodes()) == std::nullopt);
        for (const SeedNode& node : walk.nodes()) acknowledged += node.observed.acknowledged.size();
    }
    CHECK(acknowledged > 0);
}

TEST_CASE("what was not synced is lost by a crash, what was synced is not") {
    SeedOptionsOfSearch options = small(1);
    options.disk = DiskMode::lazy;
    options.seeds = 1;
    options.requests.resize(1);
    SeedSystem system(options);
    SeedNode asked = system.start(0);
    REQUIRE(asked.unsynced.size() > 0);
    CHECK(asked.observed.acknowledged.empty());
    const auto lost = system.step(0, asked, {EventKind::crash, 0});
    REQUIRE(lost);
    CHECK_FALSE(lost->pending);
    const auto kept = system.step(0, asked, {EventKind::crash, static_cast<std::uint32_t>(asked.unsynced.size())});
    REQUIRE(kept);
    CHECK(kept->pending);
    const auto synced = system.step(0, asked, {EventKind::sync, 0});
    REQUIRE(synced);
    CHECK(synced->observed.acknowledged.size() == 1);
    CHECK(synced->machine->status().epoch == 1);
}
