#include "tests/sim/toy.hpp"

#include "sim/engine/sim_crypto.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

const NodeId a = toy_id(1);
const NodeId b = toy_id(2);

// On every Publish, sends the number in its text to b; the part after a colon is `after`.
Reaction send_on_publish(NodeId to) {
    return [to](Time, const Event& e, Effects& out) {
        if (const auto* p = std::get_if<Publish>(&e)) out.send(to, number(std::stoull(p->text)));
    };
}

struct Pair {
    Diary of_a;
    Diary of_b;
    Simulator sim;

    explicit Pair(SimOptions options = {}) : sim(options) {
        sim.add(a, toy(of_a, send_on_publish(b)));
        sim.add(b, toy(of_b, send_on_publish(a)));
        sim.start(a);
        sim.start(b);
    }
    void publish(NodeId at, std::uint64_t n) { sim.feed(at, Publish{std::to_string(n)}); }
    void connect() {
        publish(a, 0);
        sim.run_for(1s);
        of_b.clear();
    }
    std::vector<LossReason> losses(const Diary& diary) {
        std::vector<LossReason> reasons;
        for (const LinkLost& l : all_of<LinkLost>(diary)) reasons.push_back(l.reason);
        return reasons;
    }
};

std::vector<std::uint64_t> counted(std::uint64_t from, std::uint64_t n) {
    std::vector<std::uint64_t> v(n);
    std::iota(v.begin(), v.end(), from);
    return v;
}

}  // namespace

TEST_CASE("events come in the order of time, then of insertion") {
    EventQueue queue;
    Rng rng(7);
    std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const auto t = static_cast<std::int64_t>(rng.below(50));
        Entry e;
        e.aux = i;
        queue.push(Time(Duration(t)), e);
        expected.emplace_back(t, i);
    }
    std::sort(expected.begin(), expected.end());
    for (const auto& [t, i] : expected) {
        const EventQueue::Due due = queue.pop();
        CHECK(due.time.time_since_epoch().count() == t);
        CHECK(due.entry.aux == i);
    }
    CHECK(queue.empty());
}

TEST_CASE("a link is FIFO whatever its jitter") {
    SimOptions options;
    options.network.link.jitter_percent = 500;
    options.network.link.tail_per_million = 100'000;
    Pair p(options);
    for (std::uint64_t i = 0; i < 500; ++i) p.publish(a, i);
    p.sim.run_for(10s);
    CHECK(numbers(p.of_b) == counted(0, 500));
}

TEST_CASE("a send to a crashed node is refused after a round trip") {
    Pair p;
    p.sim.crash(b);
    p.publish(a, 1);
    p.sim.run_for(1s);
    REQUIRE(p.losses(p.of_a) == std::vector{LossReason::refused});
    CHECK(p.of_a.back().at > Time{} + 200us);
    CHECK(p.of_a.back().at < Time{} + 10ms);
}

TEST_CASE("a send to an address nobody ever listened on is refused") {
    Diary diary;
    Simulator sim({});
    sim.add(a, toy(diary, send_on_publish(toy_id(99))));
    sim.start(a);
    sim.feed(a, Publish{"1"});
    sim.run_for(1s);
    REQUIRE(all_of<LinkLost>(diary).size() == 1);
    CHECK(all_of<LinkLost>(diary)[0].reason == LossReason::refused);
    CHECK(all_of<LinkLost>(diary)[0].node == toy_id(99));
}

TEST_CASE("a dial into a partition times out; one that heals in time succeeds") {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
        Pair p;
        p.sim.block(from, to);
        p.publish(a, 1);
        p.sim.run_for(2500ms);
        CHECK(p.losses(p.of_a).empty());
        p.sim.run_for(1s);
        CHECK(p.losses(p.of_a) == std::vector{LossReason::timed_out});
        p.publish(a, 2);
        p.sim.run_for(500ms);
        p.sim.unblock(from, to);
        p.sim.run_for(3s);
        CHECK(numbers(p.of_b) == std::vector<std::uint64_t>{2});
    }
}

TEST_CASE("an open connection outlives a short partition without loss") {
    Pair p;
    p.connect();
    p.sim.block(a, b);
    for (std::uint64_t i = 1; i <= 20; ++i) p.publish(a, i);
    p.sim.run_for(5s);
    CHECK(numbers(p.of_b).empty());
    p.sim.unblock(a, b);
    p.publish(a, 21);
    p.sim.run_for(1s);
    CHECK(numbers(p.of_b) == counted(1, 21));
    CHECK(p.losses(p.of_a).empty());
}

TEST_CASE("an open connection breaks when a partition outlasts the sender's patience") {
    Pair p;
    p.connect();
    p.sim.block(a, b);
    p.publish(a, 1);
    p.sim.run_for(11s);
    CHECK(p.losses(p.of_a) == std::vector{LossReason::timed_out});
    CHECK(numbers(p.of_b).empty());
    p.sim.unblock(a, b);
    p.publish(b, 7);  // b has not noticed: its send is answered by a reset
    p.sim.run_for(1s);
    CHECK(p.losses(p.of_b) == std::vector{LossReason::closed});
    CHECK(numbers(p.of_a).empty());
}

TEST_CASE("one-way block: data arrives, the sender that hears nothing gives up") {
    Pair p;
    p.connect();
    p.sim.block(b, a);
    p.publish(a, 5);
    p.sim.run_for(1s);
    CHECK(numbers(p.of_b) == std::vector<std::uint64_t>{5});
    p.sim.run_for(15s);
    CHECK(p.losses(p.of_a) == std::vector{LossReason::timed_out});
}

TEST_CASE("a crash closes the connections of the node") {
    Pair p;
    p.connect();
    p.sim.crash(b);
    p.sim.run_for(1s);
    CHECK(p.losses(p.of_a) == std::vector{LossReason::closed});
    p.sim.start(b);
    p.publish(a, 3);
    p.sim.run_for(1s);
    CHECK(numbers(p.of_b) == std::vector<std::uint64_t>{3});
}

TEST_CASE("events of a crashed life never reach the next one") {
    Diary diary;
    Simulator sim({});
    sim.add(a, toy(diary, [](Time now, const Event& e, Effects& out) {
                if (std::holds_alternative<Started>(e)) out.timer(now + 1s, {TimerKind::sync, 0, 1});
            }));
    sim.start(a);
    sim.run_for(500ms);
    sim.crash(a);
    sim.start(a);
    sim.run_for(600ms);
    CHECK(all_of<TimerFired>(diary).empty());
    sim.run_for(500ms);
    CHECK(all_of<TimerFired>(diary).size() == 1);
    CHECK(sim.life(a) == 2);
}

TEST_CASE("while a node is paused events wait: then what was received comes first, timers after") {
    Pair p;
    p.connect();
    Diary diary;
    const NodeId c = toy_id(3);
    p.sim.add(c, toy(diary, [](Time now, const Event& e, Effects& out) {
                  if (std::holds_alternative<Started>(e)) out.timer(now + 1s, {TimerKind::sync, 0, 9});
              }));
    p.sim.start(c);
    diary.clear();
    p.sim.pause(c);
    p.sim.run_for(3s);
    p.sim.feed(c, Publish{"late"});
    p.sim.run_for(1s);
    CHECK(diary.empty());
    const Time resumed = p.sim.now();
    p.sim.resume(c);
    p.sim.run_for(1s);
    REQUIRE(diary.size() == 2);
    CHECK(std::holds_alternative<Publish>(diary[0].event));
    CHECK(std::holds_alternative<TimerFired>(diary[1].event));
    CHECK(diary[0].at == resumed);
    CHECK(diary[1].at == resumed);
}

TEST_CASE("a reset loses what is in flight and tells both ends") {
    Pair p;
    p.connect();
    p.publish(a, 1);
    p.sim.run_until([&] { return !all_of<Publish>(p.of_a).empty() && all_of<Publish>(p.of_a).back().text == "1"; },
                    p.sim.now() + 1s);
    p.sim.reset_link(a, b);
    p.sim.run_for(1s);
    CHECK(numbers(p.of_b).empty());
    CHECK(p.losses(p.of_a) == std::vector{LossReason::closed});
    CHECK(p.losses(p.of_b) == std::vector{LossReason::closed});
}

TEST_CASE("what was in flight on one connection never comes by the next, however many there were") {
    Pair p;
    for (std::uint64_t round = 1; round <= 4; ++round) {
        p.publish(a, round * 10);  // arrives: there is a connection
        p.sim.run_for(1s);
        p.sim.impair(a, b, {.delay = 50ms});
        p.publish(a, round * 10 + 1);
        p.sim.run_for(1ms);
        p.sim.impair(a, b, {});
        p.sim.reset_link(a, b);
        p.sim.run_for(10ms);  // both have noticed
        p.publish(a, round * 10 + 2);
        p.sim.run_for(20ms);  // arrives over a new connection, long before the lost one would have
        CHECK(numbers(p.of_b).back() == round * 10 + 2);
        p.sim.run_for(1s);
    }
    CHECK(numbers(p.of_b) == std::vector<std::uint64_t>{10, 12, 20, 22, 30, 32, 40, 42});
}

TEST_CASE("a node that met a thousand others finds each of them, on their first connection and on the next") {
    constexpr std::uint64_t spokes = 1000;
    const NodeId hub = toy_id(9);
    Diary of_hub;
    std::vector<Diary> of_spokes(spokes);
    Simulator sim({});
    sim.add(hub, toy(of_hub, [](Time, const Event& e, Effects& out) {
                if (const auto* r = std::get_if<Received>(&e)) out.send(r->from, r->message);
            }));
    sim.start(hub);
    std::vector<std::uint16_t> ports;
    for (std::uint64_t i = 0; i < spokes; ++i) ports.push_back(static_cast<std::uint16_t>(10'000 + i * 7 % spokes * 2));
    for (std::uint64_t i = 0; i < spokes; ++i) {
        sim.add(toy_id(ports[i]), toy(of_spokes[i], send_on_publish(hub)));
        sim.start(toy_id(ports[i]));
    }
    for (std::uint64_t round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < spokes; ++i)
            sim.feed(toy_id(ports[i]), Publish{std::to_string(round * spokes + i)});
        sim.run_for(1s);
        sim.crash(hub);
        sim.run_for(1s);
        sim.start(hub);
    }
    bool all_answered = true;
    for (std::uint64_t i = 0; i < spokes; ++i) {
        all_answered =
            all_answered && numbers(of_spokes[i]) == std::vector<std::uint64_t>{i, spokes + i, 2 * spokes + i};
    }
    CHECK(all_answered);
}

TEST_CASE("duplicates and plain drops happen as often as asked") {
    SimOptions options;
    options.network.link.duplicate_per_million = 200'000;
    options.network.link.drop_per_million = 100'000;
    Pair p(options);
    for (std::uint64_t i = 0; i < 2000; ++i) p.publish(a, i);
    p.sim.run_for(20s);
    const std::vector<std::uint64_t> got = numbers(p.of_b);
    std::vector<std::uint64_t> distinct = got;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    CHECK(distinct.size() > 1700);
    CHECK(distinct.size() < 1900);
    CHECK(got.size() - distinct.size() > 250);
    CHECK(got.size() - distinct.size() < 470);
}

TEST_CASE("sends wait for the disk, and sends to the same node wait behind them") {
    Diary of_a;
    Diary of_b;
    Diary of_c;
    const NodeId c = toy_id(3);
    SimOptions options;
    options.disk.sync_min = options.disk.sync_max = 500ms;
    Simulator sim(options);
    sim.add(a, toy(of_a, [&](Time, const Event& e, Effects& out) {
                if (!std::holds_alternative<Publish>(e)) return;
                out.appends.push_back({1, RecordType::ceiling, "x"});
                out.send(b, number(1), 1);
                out.send(b, number(2));
                out.send(c, number(3));
            }));
    sim.add(b, toy(of_b));
    sim.add(c, toy(of_c));
    for (const NodeId n : {a, b, c}) sim.start(n);
    sim.feed(a, Publish{""});
    sim.run_for(400ms);
    CHECK(numbers(of_b).empty());
    CHECK(numbers(of_c) == std::vector<std::uint64_t>{3});
    sim.run_for(200ms);
    CHECK(numbers(of_b) == std::vector<std::uint64_t>{1, 2});
    REQUIRE(all_of<Persisted>(of_a).size() == 1);
    CHECK(all_of<Persisted>(of_a)[0].upto == 1);
}

TEST_CASE("a power failure keeps what was synced and a prefix of the rest; a process crash keeps all") {
    std::vector<std::size_t> kept;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Disk disk;
        disk.append(std::vector<Append>{{1, RecordType::header, "1"}, {2, RecordType::ceiling, "2"}});
        disk.begin_sync();
        disk.append(std::vector<Append>{{3, RecordType::accepted, "3"}, {4, RecordType::accepted, "4"}});
        CHECK(disk.end_sync() == 2);
        disk.crash(seed == 1 ? CrashKind::process : CrashKind::power, Rng(seed));
        const auto records = disk.records();
        REQUIRE(records.size() >= 2);
        for (std::size_t i = 0; i < records.size(); ++i) CHECK(records[i].body == std::to_string(i + 1));
        kept.push_back(records.size());
    }
    CHECK(kept[0] == 4);
    CHECK(std::count(kept.begin() + 1, kept.end(), 2) > 5);
    CHECK(std::count(kept.begin() + 1, kept.end(), 3) > 5);
    CHECK(std::count(kept.begin() + 1, kept.end(), 4) > 5);
}

TEST_CASE("a snapshot replaces the journal before it, and only when it is durable") {
    Disk disk;
    disk.append(std::vector<Append>{{1, RecordType::header, "old"}});
    disk.begin_sync();
    disk.end_sync();
    disk.append(std::vector<Append>{{2, RecordType::snapshot, "new", true}, {3, RecordType::decided, "more"}});
    CHECK(disk.records().size() == 1);
    CHECK(disk.records()[0].body == "old");
    disk.begin_sync();
    disk.end_sync();
    REQUIRE(disk.records().size() == 2);
    CHECK(disk.records()[0].body == "new");
    CHECK(disk.records()[1].body == "more");
}

TEST_CASE("a crash between two effects leaves a prefix of them") {
    std::vector<std::size_t> outcomes(6, 0);
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Diary of_a;
        Diary of_b;
        SimOptions options;
        options.seed = seed;
        Simulator sim(options);
        sim.add(a, toy(of_a, [&](Time, const Event& e, Effects& out) {
                    for (std::uint64_t i = 0; i < 5 && std::holds_alternative<Publish>(e); ++i) out.send(b, number(i));
                    if (std::holds_alternative<Started>(e)) out.send(b, number(99));
                }));
        sim.add(b, toy(of_b));
        sim.start(b);
        sim.start(a);
        sim.run_for(1s);
        of_b.clear();
        sim.feed(a, Publish{""});
        sim.crash_within_next_step(a, CrashKind::process);
        sim.run_for(2s);
        CHECK_FALSE(sim.is_up(a));
        const auto got = numbers(of_b);
        CHECK(got == counted(0, got.size()));
        ++outcomes[got.size()];
    }
    CHECK(outcomes[0] > 0);
    CHECK(outcomes[2] + outcomes[3] + outcomes[4] > 0);
}

TEST_CASE("anonymous clients are answered over the connection they opened, and cannot be dialled") {
    Diary of_b;
    Diary of_client;
    const NodeId client = anonymous_id(1);
    Simulator sim({});
    sim.add(b, toy(of_b, [](Time, const Event& e, Effects& out) {
                if (const auto* r = std::get_if<Received>(&e)) out.send(r->from, number(2));
                if (std::holds_alternative<Publish>(e)) out.send(anonymous_id(1), number(3));
            }));
    sim.add(client, toy(of_client, send_on_publish(b)), {Trust::anonymous});
    sim.start(b);
    sim.start(client);
    sim.feed(b, Publish{""});
    sim.run_for(1s);
    CHECK(all_of<LinkLost>(of_b).size() == 1);
    sim.feed(client, Publish{"1"});
    sim.run_for(1s);
    CHECK(all_of<Received>(of_b).front().trust == Trust::anonymous);
    CHECK(numbers(of_client) == std::vector<std::uint64_t>{2});
}

TEST_CASE("the same seed gives the same trace, another seed another one") {
    const auto run = [](std::uint64_t seed) {
        SimOptions options;
        options.seed = seed;
        options.network.link.reset_per_million = 50'000;
        Pair p(options);
        for (std::uint64_t i = 0; i < 300; ++i) p.publish(i % 2 == 0 ? a : b, i);
        p.sim.run_for(10s);
        return p.sim.trace_hash();
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

TEST_CASE("simulated signatures bind key and bytes") {
    const SimCrypto one(1);
    const SimCrypto two(2);
    const Signature s = one.sign("hello");
    CHECK(two.verify(one.public_key(), "hello", s));
    CHECK_FALSE(two.verify(one.public_key(), "hellp", s));
    CHECK_FALSE(two.verify(two.public_key(), "hello", s));
    CHECK_FALSE(one.verify(PublicKey{}, "hello", s));
    CHECK_FALSE(one.verify(one.public_key(), "hello", Signature{}));
    CHECK(one.digest("x") == two.digest("x"));
    CHECK(one.digest("x") != one.digest("y"));
}
