#include "protocol/peer/links.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace gossip;
using std::chrono::seconds;

namespace {
constexpr Incarnation life{1};
Time at(int s) { return Time{} + seconds(s); }
}  // namespace

TEST_CASE("the table agrees with a map under random changes") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        Links links;
        std::map<NodeId, Incarnation> twin;
        for (int i = 0; i < 300; ++i) {
            const NodeId id{1 + rng.below(20)};
            const Incarnation inc{1 + rng.below(2)};
            if (rng.chance(600'000)) {
                const bool fresh = !twin.contains(id) || twin.at(id) != inc;
                CHECK(links.add(id, LinkKind::ring, inc, 1) == fresh);
                twin[id] = inc;
            } else {
                CHECK(links.remove(id).has_value() == (twin.erase(id) == 1));
            }
            REQUIRE(links.degree() == twin.size());
            std::vector<NodeId> expected;
            for (const auto& [known, unused] : twin) expected.push_back(known);
            REQUIRE(links.ids() == expected);
            CHECK((links.find(id) != nullptr) == twin.contains(id));
        }
    }
}

TEST_CASE("a link both sides asked for has one kind on both sides") {
    for (const LinkKind a : {LinkKind::preferential, LinkKind::ring, LinkKind::implied}) {
        for (const LinkKind b : {LinkKind::preferential, LinkKind::ring, LinkKind::implied}) {
            Links one, other;
            (void)one.add(NodeId{1}, a, life, 1);
            (void)one.add(NodeId{1}, b, life, 1);
            (void)other.add(NodeId{1}, b, life, 1);
            (void)other.add(NodeId{1}, a, life, 1);
            CHECK((one.find(NodeId{1})->kind == other.find(NodeId{1})->kind));
            if (a == LinkKind::preferential) CHECK(one.preferential() == 1);
        }
    }
}

TEST_CASE("a new life is a new link") {
    Links links;
    (void)links.add(NodeId{1}, LinkKind::preferential, life, 1);
    links.mutable_details(*links.find(NodeId{1})).sent_version = 9;
    CHECK(links.add(NodeId{1}, LinkKind::ring, Incarnation{2}, 1));
    CHECK(links.details(*links.find(NodeId{1})).sent_version == 0);
    CHECK((links.find(NodeId{1})->kind == LinkKind::ring));
}

TEST_CASE("details are one's own, whether links began with common ones or not") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        Links links;
        std::map<NodeId, std::uint64_t> sent;
        SharedLinkDetails details;
        std::vector<Link> first(static_cast<std::size_t>(rng.below(6)));
        const bool alike = seed % 3 != 0;
        for (std::size_t i = 0; i < first.size(); ++i) {
            first[i].id = NodeId{2 * (i + 1)};
            const std::uint64_t what = alike ? 1 : i;
            sent[first[i].id] = what;
            if (!alike || i == 0) details.add({.incarnation = life, .sent_version = what});
        }
        links.restore(first, details);
        for (std::uint64_t i = 3; i < 100; ++i) {
            const NodeId id{1 + rng.below(12)};
            if (rng.chance(400'000)) {
                if (links.add(id, LinkKind::ring, life, 1)) sent[id] = 0;
            } else if (rng.chance(500'000)) {
                if (links.remove(id)) sent.erase(id);
            } else if (Link* link = links.find(id)) {
                links.mutable_details(*link).sent_version = sent[id] = i;
            }
            REQUIRE(links.degree() == sent.size());
            for (const Link& link : links.all()) {
                REQUIRE(links.details(link).sent_version == sent.at(link.id));
                REQUIRE(links.details(link).incarnation == life);
            }
        }
        // Others that hold the same see nothing of it.
        for (std::size_t i = 0; i < first.size(); ++i) CHECK(details.at(i).sent_version == (alike ? 1 : i));
    }
}

TEST_CASE("the offset of a neighbour's clock, near or far") {
    Links links;
    for (std::uint64_t id = 1; id <= 3; ++id) (void)links.add(NodeId{id}, LinkKind::ring, life, 1);
    Link& link = *links.find(NodeId{2});
    CHECK(links.offset_ms(link) == 0);
    constexpr std::int64_t year = 365LL * 24 * 3600 * 1000;
    for (const std::int64_t ms : {1L, -1L, 4095L, -4095L, 4096L, -4096L, 4097L, year, -year, 0L}) {
        links.set_offset_ms(link, ms);
        CHECK(links.offset_ms(link) == ms);
        CHECK(links.offset_ms(*links.find(NodeId{1})) == 0);
        CHECK(links.offset_ms(*links.find(NodeId{3})) == 0);
    }
    links.set_offset_ms(link, 100 * year);
    CHECK(links.offset_ms(link) == 0);
}

TEST_CASE("dials end once, by an answer or in time") {
    Dials dials;
    dials.begin(NodeId{1}, LinkKind::ring, 1, at(0));
    dials.begin(NodeId{2}, LinkKind::preferential, 0, at(1));
    CHECK(dials.find(NodeId{2})->protocol == 0);
    CHECK(dials.next_deadline(at(0)) == at(5));
    CHECK(dials.end(NodeId{1})->kind == LinkKind::ring);
    CHECK_FALSE(dials.end(NodeId{1}));
    CHECK(dials.expire(at(5)).empty());
    const auto expired = dials.expire(at(6));
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].id == NodeId{2});
    CHECK(dials.all().empty());
    CHECK_FALSE(dials.next_deadline(at(6)));
}

TEST_CASE("back-off: 1 s doubling to 60 s, 50 to 150 percent, forgiven at once") {
    Rng rng(1);
    for (int round = 0; round < 200; ++round) {
        Dials dials;
        for (int failure = 0; failure < 10; ++failure) {
            dials.back_off(NodeId{1}, at(0), rng);
            const auto until = dials.next_deadline(at(0));
            REQUIRE(until);
            const double full = std::min(60.0, std::pow(2.0, failure));
            const double waited = in_seconds(*until - at(0));
            CHECK(waited >= full / 2);
            CHECK(waited <= full * 1.5);
        }
        CHECK(dials.backed_off(at(0)) == std::vector{NodeId{1}});
        CHECK(dials.backed_off(at(91)).empty());
        dials.forgive(NodeId{1});
        CHECK(dials.backed_off(at(0)).empty());
    }
}

TEST_CASE("back-offs are bounded") {
    Rng rng(2);
    Dials dials;
    for (std::uint64_t i = 1; i <= 1'000; ++i) dials.back_off(NodeId{i}, at(static_cast<int>(i)), rng);
    CHECK(dials.backed_off(at(0)).size() <= 64);
    const auto late = dials.backed_off(at(999));
    CHECK(std::binary_search(late.begin(), late.end(), NodeId{1'000}));
}
