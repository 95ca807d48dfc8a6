#include "tests/unit/peer/peer_network.hpp"

#include "protocol/peer/peer_dissemination.hpp"
#include "protocol/rumors/own_rumors.hpp"
#include "protocol/rumors/rumors.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace gossip;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Time at(double s) { return Time{} + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }
const test::FakeCrypto crypto(1);
constexpr NodeId origin{(std::uint64_t{0x7f000001} << 16) | 7000};
constexpr WallMs wall = 1'700'000'000'000;

RumorPtr rumor(std::uint64_t number, WallMs born = wall) {
    auto r = make_rumor();
    r->id = make_rumor_id(born, origin, number);
    r->key = rumor_key(crypto, r->id);
    r->origin = origin;
    r->incarnation = Incarnation{1};
    r->number = number;
    r->born = born;
    return r;
}

// One round of repair between two peers, as the router plays it.
std::size_t exchange(Rumors& a, Rumors& b, Time now, const GossipConfig& config = {}) {
    std::size_t moved = 0;
    const auto pull = [&](Rumors& to, Rumors& from, const msg::RepairDiff& diff) {
        for (const auto& held : from.answer(to.missing(diff, now))) {
            CHECK(to.accept(held.rumor, held.hop + 1, true, wall, now, config));
            ++moved;
        }
    };
    const msg::RepairDiff diff = b.compare(a.digest(now), now);
    if (diff.buckets == 0) return 0;
    pull(a, b, diff);
    pull(b, a, a.reply(diff, now));
    return moved;
}

}  // namespace

TEST_CASE("two stores agree after repair, whatever each of them missed") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Rng rng(seed);
        GossipConfig config;
        Rumors a, b;
        const std::uint64_t count = 1 + rng.below(300);
        std::set<std::uint64_t> all, of_a, of_b;
        for (std::uint64_t n = 1; n <= count; ++n) {
            const bool in_a = rng.chance(600'000);
            if (in_a) CHECK(a.accept(rumor(n), 1, false, wall, at(0), config));
            if (!in_a || rng.chance(500'000)) CHECK(b.accept(rumor(n), 1, false, wall, at(0), config));
        }
        std::size_t moved = 0;
        const std::size_t missing = 2 * count - a.stored() - b.stored();
        for (int round = 0; round < 20 && a.root(at(5)) != b.root(at(5)); ++round) moved += exchange(a, b, at(5));
        CHECK(a.root(at(5)) == b.root(at(5)));
        CHECK(a.stored() == count);
        CHECK(b.stored() == count);
        CHECK(moved == missing);
        CHECK(exchange(a, b, at(5)) == 0);
    }
}

TEST_CASE("a message younger than a second is not summed up, so a push under way is not repaired") {
    GossipConfig config;
    Rumors a, b;
    CHECK(a.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK(a.root(at(1.0)) == 0);
    CHECK(b.compare(a.digest(at(1.0)), at(1.0)).buckets == 0);
    CHECK(a.root(at(1.1)) != 0);
    CHECK(a.accept(rumor(2), 1, true, wall, at(1.1), config));  // by repair: others have long held it
    CHECK(b.compare(a.digest(at(1.1)), at(1.1)).buckets != 0);
    CHECK(a.reply({~std::uint64_t{0}, {}, false}, at(1.1)).keys.size() == 2);
}

TEST_CASE("what was asked for is not asked for twice, until it is overdue") {
    GossipConfig config;
    Rumors a;
    const msg::RepairDiff diff{~std::uint64_t{0}, {rumor(1)->key, rumor(2)->key}, true};
    CHECK(a.idle(at(0)));
    CHECK(a.missing(diff, at(0)).keys.size() == 2);
    CHECK_FALSE(a.idle(at(0)));
    CHECK(a.missing(diff, at(1)).keys.empty());
    CHECK(a.accept(rumor(1), 1, true, wall, at(1), config));
    CHECK(a.missing(diff, at(3)).keys.size() == 1);
    CHECK(a.accept(rumor(2), 1, true, wall, at(3), config));
    CHECK(a.idle(at(3)));
}

TEST_CASE("full stores keep the same newest messages, so repair comes to rest") {
    GossipConfig config{.store_limit = 20};
    Rumors a, b;
    Rng rng(1);
    std::vector<std::uint64_t> order;
    for (std::uint64_t n = 1; n <= 100; ++n) order.push_back(n);
    for (Rumors* d : {&a, &b}) {
        rng.shuffle(std::span<std::uint64_t>(order));
        for (const std::uint64_t n : order) {
            CHECK(d->accept(rumor(n, wall + static_cast<WallMs>(n)), 1, false, wall + 200, at(0), config));
        }
        CHECK(d->stored() == 20);
    }
    CHECK(a.root(at(5)) == b.root(at(5)));
    CHECK(exchange(a, b, at(5)) == 0);
    CHECK_FALSE(a.accept(rumor(1, wall + 1), 1, true, wall, at(5), config));  // forgotten, but not unseen
}

TEST_CASE("a stamp from the future does not keep a message for ever") {
    GossipConfig config{.store_limit = 3};
    Rumors a;
    const RumorPtr future = rumor(1, wall + 100'000'000);
    CHECK(a.accept(future, 1, false, wall, at(0), config));
    for (std::uint64_t n = 2; n <= 5; ++n) CHECK(a.accept(rumor(n, wall + 10), 1, false, wall + 20, at(0), config));
    CHECK(a.answer({{future->key}}).empty());
}

// As old as they say, or as the moment they came in when that cannot be.
TEST_CASE("the oldest goes first, whatever the stamps say") {
    constexpr WallMs ahead = 5 * 60 * 1000;  // believed up to this
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Rng rng(seed);
        GossipConfig config{.store_limit = static_cast<std::uint32_t>(1 + rng.below(20))};
        Rumors d;
        std::set<std::pair<WallMs, RumorKey>> twin;
        for (std::uint64_t n = 1; n <= 100; ++n) {
            const WallMs came = wall + static_cast<WallMs>(rng.below(50));
            const WallMs stamps[] = {0, came, came - 20, came + ahead - 1, came + ahead, came + 10 * ahead};
            const WallMs born = stamps[rng.below(std::size(stamps))];
            const RumorPtr r = rumor(n, born);
            CHECK(d.accept(r, 1, false, came, at(0), config));
            twin.insert({born > 0 && born < came + ahead ? born : came, r->key});
            if (twin.size() > config.store_limit) twin.erase(twin.begin());
            REQUIRE(d.stored() == twin.size());
            for (const auto& [age, key] : twin) REQUIRE(d.has(key));
        }
        std::vector<RumorKey> newest;
        for (const KeptRumor& held : d.newest()) newest.push_back(held.rumor->key);
        std::vector<RumorKey> expected;
        for (const auto& [age, key] : twin) expected.push_back(key);
        CHECK(newest == expected);
    }
}

TEST_CASE("a single message is in the digest when it is settled, and stays in it as others come and go") {
    GossipConfig config;
    for (const WallMs born : {wall, wall + 100'000'000, WallMs{0}}) {
        Rumors d;
        d.make_room();
        CHECK(d.root(at(0)) == 0);
        const RumorPtr first = rumor(1, born);
        CHECK(d.accept(first, 3, false, wall, at(0), config));
        CHECK(d.root(at(1)) == 0);
        CHECK(d.digest(at(1)).root == 0);
        CHECK(d.root(at(1.1)) == first->key.lo);
        CHECK(d.digest(at(1.1)).root == first->key.lo);
        std::uint64_t sum = first->key.lo;
        for (std::uint64_t n = 2; n <= 20; ++n) {
            const double came = 2 * static_cast<double>(n);
            CHECK(d.accept(rumor(n), 1, false, wall, at(came), config));
            CHECK(d.root(at(came + 1)) == sum);
            sum ^= rumor(n)->key.lo;
            CHECK(d.root(at(came + 1.1)) == sum);
        }
        CHECK(d.root(at(60)) == sum);
        CHECK(d.purge(origin, Incarnation{1}) == 20);
        CHECK(d.root(at(60)) == 0);
    }
}

TEST_CASE("what came first settles in its time when a second comes before") {
    GossipConfig config;
    Rumors d;
    CHECK(d.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK(d.accept(rumor(2), 1, false, wall, at(0.5), config));
    CHECK(d.root(at(1)) == 0);
    CHECK(d.root(at(1.1)) == rumor(1)->key.lo);
    CHECK(d.root(at(1.6)) == (rumor(1)->key.lo ^ rumor(2)->key.lo));
    Rumors alone;
    CHECK(alone.accept(rumor(1), 1, true, wall, at(0), config));  // settled as it comes
    CHECK(alone.root(at(0)) == rumor(1)->key.lo);
    CHECK(alone.purge(origin, Incarnation{1}) == 1);
    CHECK(alone.root(at(0)) == 0);
    CHECK(alone.accept(rumor(2), 1, false, wall, at(0), config));
    CHECK(alone.root(at(2)) == rumor(2)->key.lo);
}

TEST_CASE("what is noted of a message that is kept stays in its bounds") {
    GossipConfig config;
    Rumors d;
    constexpr double years = 16.0 * 365 * 24 * 3600;
    const double came = years + 0.0004;  // between two milliseconds
    CHECK(d.accept(rumor(1), 70'000, false, wall, at(came), config));
    CHECK(d.root(at(came + 0.9999)) == 0);
    CHECK(d.root(at(came + 1)) == 0);
    CHECK(d.root(at(came + 1.001)) == rumor(1)->key.lo);
    for (std::uint32_t copies = 2; copies <= 300; ++copies) {
        CHECK(d.count_copy(rumor(1)->key) == std::min(copies, 255U));
    }
    CHECK(d.root(at(came + 2)) == rumor(1)->key.lo);
    const auto held = d.newest();
    REQUIRE(held.size() == 1);
    CHECK(held.front().hop == 65'535);
    CHECK(held.front().copies == 255);
}

TEST_CASE("a message lives as long as somebody keeps it") {
    GossipConfig config;
    const RumorPtr r = rumor(1);
    CHECK(r.use_count() == 1);
    {
        Rumors a, b;
        CHECK(a.accept(r, 1, false, wall, at(0), config));
        CHECK(b.accept(r, 1, false, wall, at(0), config));
        CHECK(b.accept(rumor(2), 1, false, wall, at(0), config));
        CHECK(r.use_count() == 3);
        CHECK(b.keeps(r));
        CHECK(b.purge(origin, Incarnation{1}) == 2);
        CHECK(r.use_count() == 2);
        CHECK_FALSE(b.keeps(r));
    }
    CHECK(r.use_count() == 1);
    auto own = make_rumor(*r);
    own->checked.mark();
    CHECK(own.use_count() == 1);  // a copy is nobody's yet, and not checked
    CHECK(r.use_count() == 1);
    CHECK_FALSE(make_rumor(*own)->checked);
    RumorPtr other = own;
    RumorPtr moved = std::move(other);
    CHECK(moved == own);
    CHECK(own.use_count() == 2);
    moved = nullptr;
    CHECK(own.use_count() == 1);
}

TEST_CASE("a removed life's messages are dropped and leave the digest") {
    GossipConfig config;
    Rumors a, b;
    for (std::uint64_t n = 1; n <= 10; ++n) CHECK(a.accept(rumor(n), 1, false, wall, at(0), config));
    CHECK(a.root(at(5)) != 0);
    CHECK(a.accept(rumor(11), 1, false, wall, at(5), config));  // not settled
    CHECK(a.purge(NodeId{2}, Incarnation{9}) == 0);
    CHECK(a.purge(origin, Incarnation{1}) == 11);
    CHECK(a.stored() == 0);
    CHECK(a.root(at(9)) == 0);
}

TEST_CASE("fields that derive from the id are computed, never believed") {
    GossipConfig config;
    auto forged = make_rumor(*rumor(5));
    forged->key = {1, 2};
    forged->origin = NodeId{99};
    forged->number = 77;
    const auto checked = std::get<RumorPtr>(check_rumor(forged, crypto, config));
    CHECK(checked->key == rumor(5)->key);
    CHECK(checked->origin == origin);
    CHECK(checked->number == 5);
    const RumorPtr honest = rumor(6);
    CHECK(std::get<RumorPtr>(check_rumor(honest, crypto, config)) == honest);
    forged->id = "no id";
    CHECK(std::holds_alternative<std::string_view>(check_rumor(forged, crypto, config)));
    CHECK(std::holds_alternative<std::string_view>(check_rumor(nullptr, crypto, config)));
    forged->id = rumor(5)->id;
    forged->text.assign(config.payload_limit + 1, 'x');
    CHECK(std::holds_alternative<std::string_view>(check_rumor(forged, crypto, config)));
}

TEST_CASE("typed and generated messages count apart and never share an id, even in one millisecond") {
    GossipConfig config;
    OwnRumors own;
    Rumors d;
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        const RumorPtr r = own.create(i % 2 == 0, "x", origin, Incarnation{1}, wall, crypto);
        d.add_own(r, at(0), config);
        CHECK(r->number == static_cast<std::uint64_t>(i / 2 + 1));
        CHECK(parse_rumor_id(r->id)->number == r->number);
        ids.insert(r->id);
        CHECK_FALSE(d.accept(r, 3, false, wall, at(0), config));  // our own coming back
    }
    CHECK(ids.size() == 20);
    CHECK(own.generated() == 10);
    own.begin_life();
    CHECK(own.generated() == 0);
}

TEST_CASE("the origin's rate: a burst, then one a second; 0 is no limit") {
    GossipConfig config{.origin_rate = 2, .origin_burst = 5};
    OwnRumors own;
    const auto allowed = [&](double t) { return own.refuse("x", at(t), config).empty(); };
    for (int i = 0; i < 5; ++i) CHECK(allowed(0));
    CHECK_FALSE(allowed(0));
    CHECK_FALSE(allowed(0.4));
    CHECK(allowed(0.6));
    CHECK_FALSE(allowed(0.9));
    CHECK(allowed(1.1));
    for (int i = 0; i < 5; ++i) CHECK(allowed(100));
    CHECK_FALSE(allowed(100));
    config.origin_rate = 0;
    for (int i = 0; i < 100; ++i) CHECK(allowed(100));
    CHECK_FALSE(own.refuse(std::string(5000, 'x'), at(200), config).empty());
}

TEST_CASE("an answer to a pull is bounded in messages and bytes") {
    GossipConfig config;
    Rumors d;
    msg::Pull pull;
    for (std::uint64_t n = 1; n <= 300; ++n) {
        auto r = make_rumor(*rumor(n));
        r->text.assign(4096, 'x');
        CHECK(d.accept(r, 1, false, wall, at(0), config));
        pull.keys.push_back(r->key);
    }
    CHECK(d.answer(pull).size() == Repair::pull_limit);
}

// Found by the swarm: two neighbours repaired one message 900,000 times.
TEST_CASE("what was seen and is no longer kept is not pulled for ever") {
    GossipConfig config;
    Rumors keeper, forgetful;
    CHECK(keeper.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK(forgetful.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK(forgetful.purge(origin, Incarnation{1}) == 1);
    msg::RepairDiff diff = keeper.compare(forgetful.digest(at(2)), at(2));
    REQUIRE(forgetful.missing(diff, at(2)).keys.size() == 1);
    CHECK(!forgetful.accept(rumor(1), 2, true, wall, at(2), config));
    CHECK(forgetful.missing(diff, at(10)).keys.empty());
}

// What few messages are seen by is that they are kept; of many, and of those that left, it is remembered apart.
TEST_CASE("one delivery a number of a life, whatever its id, be it among few messages, among many, or gone") {
    for (const std::uint64_t count : {1, 2, 7, 8, 9, 40}) {
        for (const std::uint32_t limit : {1, 3, 10'000}) {
            GossipConfig config{.store_limit = limit};
            Rumors d;
            for (std::uint64_t n = 1; n <= count; ++n) {
                CHECK(d.accept(rumor(n), 1, false, wall, at(0), config));
                for (std::uint64_t known = 1; known <= n; ++known) {
                    CHECK_FALSE(d.accept(rumor(known), 1, false, wall, at(0), config));
                    CHECK_FALSE(d.accept(rumor(known, wall + 1), 1, false, wall, at(0), config));
                }
            }
            CHECK(d.stored() == std::min<std::size_t>(count, limit));
            auto typed = make_rumor(*rumor(1, wall + 2));
            typed->typed = true;  // counts apart
            CHECK(d.accept(typed, 1, false, wall, at(0), config));
            (void)d.purge(origin, Incarnation{1});
            CHECK(d.stored() == 0);
            CHECK_FALSE(d.accept(rumor(count), 1, false, wall, at(0), config));
            CHECK_FALSE(d.accept(typed, 1, false, wall, at(0), config));
            CHECK(d.accept(rumor(count + 1), 1, false, wall, at(0), config));
        }
    }
}

TEST_CASE("both forms of a message are one among few, too: without its life as protocol 0 passes it on") {
    GossipConfig config;
    Rumors d, other;
    auto bare = make_rumor(*rumor(1));
    bare->incarnation = Incarnation::none;
    CHECK(d.accept(bare, 1, false, wall, at(0), config));
    CHECK_FALSE(d.accept(rumor(1), 1, false, wall, at(0), config));
    (void)d.purge(origin, Incarnation{1});
    CHECK_FALSE(d.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK(other.accept(rumor(1), 1, false, wall, at(0), config));
    CHECK_FALSE(other.accept(bare, 1, false, wall, at(0), config));
}
