#include "peer_network.hpp"

#include "protocol/dissemination.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Time at(double s) { return Time{} + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }
const test::FakeCrypto crypto(1);
constexpr NodeId origin{(std::uint64_t{0x7f000001} << 16) | 7000};
constexpr WallMs wall = 1'700'000'000'000;

RumorPtr rumor(std::uint64_t number, WallMs born = wall) {
    auto r = std::make_shared<Rumor>();
    r->id = make_rumor_id(born, origin, number);
    r->key = rumor_key(crypto, r->id);
    r->origin = origin;
    r->incarnation = Incarnation{1};
    r->number = number;
    r->born = born;
    return r;
}

// One round of repair between two peers, as the router plays it.
std::size_t exchange(Dissemination& a, Dissemination& b, Time now) {
    std::size_t moved = 0;
    const auto pull = [&](Dissemination& to, Dissemination& from, const msg::RepairDiff& diff) {
        for (const auto& held : from.answer(to.missing(diff, now))) {
            CHECK(to.accept(held.rumor, held.hop + 1, true, wall, now));
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
        Dissemination a(config), b(config);
        const std::uint64_t count = 1 + rng.below(300);
        std::set<std::uint64_t> all, of_a, of_b;
        for (std::uint64_t n = 1; n <= count; ++n) {
            const bool in_a = rng.chance(600'000);
            if (in_a) CHECK(a.accept(rumor(n), 1, false, wall, at(0)));
            if (!in_a || rng.chance(500'000)) CHECK(b.accept(rumor(n), 1, false, wall, at(0)));
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
    Dissemination a(config), b(config);
    CHECK(a.accept(rumor(1), 1, false, wall, at(0)));
    CHECK(a.root(at(1.0)) == 0);
    CHECK(b.compare(a.digest(at(1.0)), at(1.0)).buckets == 0);
    CHECK(a.root(at(1.1)) != 0);
    CHECK(a.accept(rumor(2), 1, true, wall, at(1.1)));  // by repair: others have long held it
    CHECK(b.compare(a.digest(at(1.1)), at(1.1)).buckets != 0);
    CHECK(a.reply({~std::uint64_t{0}, {}, false}, at(1.1)).keys.size() == 2);
}

TEST_CASE("what was asked for is not asked for twice, until it is overdue") {
    GossipConfig config;
    Dissemination a(config);
    const msg::RepairDiff diff{~std::uint64_t{0}, {rumor(1)->key, rumor(2)->key}, true};
    CHECK(a.idle(at(0)));
    CHECK(a.missing(diff, at(0)).keys.size() == 2);
    CHECK_FALSE(a.idle(at(0)));
    CHECK(a.missing(diff, at(1)).keys.empty());
    CHECK(a.accept(rumor(1), 1, true, wall, at(1)));
    CHECK(a.missing(diff, at(3)).keys.size() == 1);
    CHECK(a.accept(rumor(2), 1, true, wall, at(3)));
    CHECK(a.idle(at(3)));
}

TEST_CASE("full stores keep the same newest messages, so repair comes to rest") {
    GossipConfig config{.store_limit = 20};
    Dissemination a(config), b(config);
    Rng rng(1);
    std::vector<std::uint64_t> order;
    for (std::uint64_t n = 1; n <= 100; ++n) order.push_back(n);
    for (Dissemination* d : {&a, &b}) {
        rng.shuffle(std::span<std::uint64_t>(order));
        for (const std::uint64_t n : order) {
            CHECK(d->accept(rumor(n, wall + static_cast<WallMs>(n)), 1, false, wall + 200, at(0)));
        }
        CHECK(d->stored() == 20);
    }
    CHECK(a.root(at(5)) == b.root(at(5)));
    CHECK(exchange(a, b, at(5)) == 0);
    CHECK_FALSE(a.accept(rumor(1, wall + 1), 1, true, wall, at(5)));  // forgotten, but not unseen
}

TEST_CASE("a stamp from the future does not keep a message for ever") {
    GossipConfig config{.store_limit = 3};
    Dissemination a(config);
    const RumorPtr future = rumor(1, wall + 100'000'000);
    CHECK(a.accept(future, 1, false, wall, at(0)));
    for (std::uint64_t n = 2; n <= 5; ++n) CHECK(a.accept(rumor(n, wall + 10), 1, false, wall + 20, at(0)));
    CHECK(a.answer({{future->key}}).empty());
}

TEST_CASE("a removed life's messages are dropped and leave the digest") {
    GossipConfig config;
    Dissemination a(config), b(config);
    for (std::uint64_t n = 1; n <= 10; ++n) CHECK(a.accept(rumor(n), 1, false, wall, at(0)));
    CHECK(a.root(at(5)) != 0);
    CHECK(a.accept(rumor(11), 1, false, wall, at(5)));  // not settled
    CHECK(a.purge(NodeId{2}, Incarnation{9}) == 0);
    CHECK(a.purge(origin, Incarnation{1}) == 11);
    CHECK(a.stored() == 0);
    CHECK(a.root(at(9)) == 0);
}

TEST_CASE("fields that derive from the id are computed, never believed") {
    GossipConfig config;
    const Dissemination d(config);
    auto forged = std::make_shared<Rumor>(*rumor(5));
    forged->key = {1, 2};
    forged->origin = NodeId{99};
    forged->number = 77;
    const auto checked = std::get<RumorPtr>(d.check(forged, crypto));
    CHECK(checked->key == rumor(5)->key);
    CHECK(checked->origin == origin);
    CHECK(checked->number == 5);
    const RumorPtr honest = rumor(6);
    CHECK(std::get<RumorPtr>(d.check(honest, crypto)) == honest);
    forged->id = "no id";
    CHECK(std::holds_alternative<std::string_view>(d.check(forged, crypto)));
    CHECK(std::holds_alternative<std::string_view>(d.check(nullptr, crypto)));
    forged->id = rumor(5)->id;
    forged->text.assign(config.payload_limit + 1, 'x');
    CHECK(std::holds_alternative<std::string_view>(d.check(forged, crypto)));
}

TEST_CASE("typed and generated messages count apart and never share an id, even in one millisecond") {
    GossipConfig config;
    Dissemination d(config);
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        const RumorPtr r = d.create(i % 2 == 0, "x", origin, Incarnation{1}, wall, at(0), crypto);
        CHECK(r->number == static_cast<std::uint64_t>(i / 2 + 1));
        CHECK(parse_rumor_id(r->id)->number == r->number);
        ids.insert(r->id);
        CHECK_FALSE(d.accept(r, 3, false, wall, at(0)));  // our own coming back
    }
    CHECK(ids.size() == 20);
    CHECK(d.generated() == 10);
    d.begin_life();
    CHECK(d.generated() == 0);
}

TEST_CASE("the origin's rate: a burst, then one a second; 0 is no limit") {
    GossipConfig config{.origin_rate = 2, .origin_burst = 5};
    Dissemination d(config);
    const auto allowed = [&](double t) { return d.refuse_publish("x", at(t)).empty(); };
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
    CHECK_FALSE(d.refuse_publish(std::string(5000, 'x'), at(200)).empty());
}

TEST_CASE("an answer to a pull is bounded in messages and bytes") {
    GossipConfig config;
    Dissemination d(config);
    msg::Pull pull;
    for (std::uint64_t n = 1; n <= 300; ++n) {
        auto r = std::make_shared<Rumor>(*rumor(n));
        r->text.assign(4096, 'x');
        CHECK(d.accept(r, 1, false, wall, at(0)));
        pull.keys.push_back(r->key);
    }
    CHECK(d.answer(pull).size() == Dissemination::pull_limit);
}

// Found by the swarm: two neighbours repaired one message 900,000 times.
TEST_CASE("what was seen and is no longer kept is not pulled for ever") {
    GossipConfig config;
    Dissemination keeper(config), forgetful(config);
    CHECK(keeper.accept(rumor(1), 1, false, wall, at(0)));
    CHECK(forgetful.accept(rumor(1), 1, false, wall, at(0)));
    CHECK(forgetful.purge(origin, Incarnation{1}) == 1);
    msg::RepairDiff diff = keeper.compare(forgetful.digest(at(2)), at(2));
    REQUIRE(forgetful.missing(diff, at(2)).keys.size() == 1);
    CHECK(!forgetful.accept(rumor(1), 2, true, wall, at(2)));
    CHECK(forgetful.missing(diff, at(10)).keys.empty());
}
