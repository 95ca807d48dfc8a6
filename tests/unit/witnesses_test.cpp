#include "protocol/witnesses.hpp"

#include <doctest/doctest.h>

#include "protocol/rng.hpp"

#include <algorithm>
#include <set>

using namespace gossip;

namespace {

std::vector<NodeId> nodes(std::uint64_t first, std::size_t count) {
    std::vector<NodeId> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(NodeId{first + i});
    return ids;
}

LinksRecord record_of(std::vector<NodeId> links, std::vector<NodeId> successors) {
    return {NodeId{1}, Incarnation{10}, 4, std::move(links), std::move(successors), {}};
}

LivenessConfig between(std::uint32_t low, std::uint32_t high) {
    LivenessConfig config;
    config.witnesses_min = low;
    config.witnesses_max = high;
    return config;
}

Statement statement(const LinksRecord& record, NodeId witness, Verdict verdict) {
    return {record.peer, record.incarnation, record.version, verdict, witness, {}};
}

}  // namespace

TEST_CASE("how many witnesses there are, for every number of links and successors") {
    for (std::size_t links = 0; links <= 10; ++links) {
        for (std::size_t successors = 0; successors <= 5; ++successors) {
            const LinksRecord record = record_of(nodes(100, links), nodes(200, successors));
            const std::vector<NodeId> chosen = witnesses_of(record, between(3, 7));
            const std::size_t expected =
                links >= 3 ? std::min<std::size_t>(links, 7) : std::min<std::size_t>(links + successors, 3);
            REQUIRE(chosen.size() == expected);
            const std::set<NodeId> distinct(chosen.begin(), chosen.end());
            REQUIRE(distinct.size() == chosen.size());
            const std::size_t own = std::min<std::size_t>(links, 7);
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                const auto id = static_cast<std::uint64_t>(chosen[i]);
                REQUIRE((i < own ? id < 200 : id == 200 + i - own));
            }
        }
    }
}

// All 4^4 ways to build short lists out of the suspect and three others.
TEST_CASE("never the suspect, never a double, never a stranger") {
    for (std::uint32_t code = 0; code < 256; ++code) {
        const auto pick = [&](std::uint32_t i) { return NodeId{1 + (code >> (2 * i) & 3U)}; };
        const LinksRecord record = record_of({pick(0), pick(1)}, {pick(2), pick(3)});
        std::set<NodeId> offered{pick(0), pick(1), pick(2), pick(3)};
        offered.erase(record.peer);
        const std::vector<NodeId> chosen = witnesses_of(record, between(3, 7));
        const std::set<NodeId> distinct(chosen.begin(), chosen.end());
        REQUIRE(distinct.size() == chosen.size());
        REQUIRE(distinct == offered);
    }
}

TEST_CASE("the order in which links are written does not matter: everybody computes the same set") {
    const std::vector<NodeId> links = nodes(100, 20);
    const std::vector<NodeId> chosen = witnesses_of(record_of(links, {}), between(3, 7));
    Rng rng(1);
    for (int round = 0; round < 100; ++round) {
        std::vector<NodeId> shuffled(links);
        shuffled.push_back(links[4]);
        rng.shuffle(std::span<NodeId>(shuffled));
        REQUIRE(witnesses_of(record_of(shuffled, {}), between(3, 7)) == chosen);
    }
}

TEST_CASE("life, version and suspect move the choice, so it cannot be prepared far ahead") {
    const LinksRecord base = record_of(nodes(100, 40), {});
    std::set<std::vector<NodeId>> choices{witnesses_of(base, between(3, 7))};
    for (std::uint64_t i = 1; i <= 10; ++i) {
        LinksRecord other = base;
        other.version += i;
        CHECK(choices.insert(witnesses_of(other, between(3, 7))).second);
        other = base;
        other.incarnation = Incarnation{10 + i};
        CHECK(choices.insert(witnesses_of(other, between(3, 7))).second);
        other = base;
        other.peer = NodeId{1000 + i};
        CHECK(choices.insert(witnesses_of(other, between(3, 7))).second);
    }
}

TEST_CASE("each link is chosen about equally often over many records") {
    std::vector<int> hits(20);
    for (std::uint64_t version = 0; version < 2000; ++version) {
        LinksRecord record = record_of(nodes(100, 20), {});
        record.version = version;
        for (const NodeId w : witnesses_of(record, between(3, 5))) ++hits[static_cast<std::size_t>(w) - 100];
    }
    for (const int h : hits) CHECK((h > 400 && h < 600));  // 500 expected, deviation below 20
}

TEST_CASE("bounds of one witness and of equal low and high") {
    const LinksRecord record = record_of(nodes(100, 9), nodes(200, 4));
    CHECK(witnesses_of(record, between(1, 1)).size() == 1);
    CHECK(witnesses_of(record, between(5, 5)).size() == 5);
    CHECK(witnesses_of(record_of({}, nodes(200, 4)), between(1, 7)) == nodes(200, 1));
    CHECK(witnesses_of(record_of({}, {}), between(3, 7)).empty());
}

// Every combination of (says, about which life, about which version, entitled or not).
TEST_CASE("a statement counts exactly when it is about this life and version, by a witness, and not 'reachable'") {
    const LinksRecord record = record_of(nodes(100, 3), {});
    const std::vector<NodeId> witnesses = nodes(100, 3);
    for (const Verdict verdict : {Verdict::reachable, Verdict::unreachable, Verdict::refused}) {
        for (std::uint32_t wrong = 0; wrong < 16; ++wrong) {
            Statement s = statement(record, NodeId{100}, verdict);
            if ((wrong & 1U) != 0) s.suspect = NodeId{2};
            if ((wrong & 2U) != 0) s.incarnation = Incarnation{11};
            if ((wrong & 4U) != 0) s.links_version = 5;
            if ((wrong & 8U) != 0) s.witness = NodeId{103};
            const bool counts = wrong == 0 && verdict != Verdict::reachable;
            REQUIRE(confirming(record, witnesses, std::vector{s}) == (counts ? 1 : 0));
        }
    }
}

TEST_CASE("a witness confirms once, however often it is quoted and whatever else it said") {
    const LinksRecord record = record_of(nodes(100, 3), {});
    const std::vector<NodeId> witnesses = nodes(100, 3);
    std::vector<Statement> said{
        statement(record, NodeId{100}, Verdict::refused), statement(record, NodeId{100}, Verdict::refused),
        statement(record, NodeId{100}, Verdict::unreachable), statement(record, NodeId{101}, Verdict::reachable)};
    CHECK(confirming(record, witnesses, said) == 1);
    said.push_back(statement(record, NodeId{102}, Verdict::unreachable));
    CHECK(confirming(record, witnesses, said) == 2);
    CHECK(confirming(record, {}, said) == 0);
    CHECK(confirming(record, witnesses, {}) == 0);
}
