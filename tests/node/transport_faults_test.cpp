// Faults on the links between transports over real sockets.

#include "node/transport/transport_options.hpp"
#include "transport_net.hpp"

#include <chrono>
#include <utility>

using namespace gossip;
using namespace gossip::net;
using namespace std::chrono_literals;

namespace {

struct Two {
    Two() : a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b) {}
    void connect() {
        a.transport.send(b.id, ping(0, a.id));
        b.transport.send(a.id, ping(0, b.id));
        REQUIRE(run_until(io, [&] { return a.heard.size() == 1 && b.heard.size() == 1; }));
    }
    // As the manager does it: each end is told its part.
    void partition() {
        a.transport.set_faults(1, {{{b.id}, {.cut = true, .deaf = true}}});
        b.transport.set_faults(1, {{{a.id}, {.cut = true, .deaf = true}}});
    }
    void heal() {
        a.transport.set_faults(1, {});
        b.transport.set_faults(1, {});
    }
    boost::asio::io_context io{1};
    Listener at_a;
    Listener at_b;
    Node a;
    Node b;
};

// Lets the loop run: what should not happen would happen by then.
void settle(boost::asio::io_context& io, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) io.run_one_for(10ms);
}

}  // namespace

TEST_CASE("a partition of an open connection holds messages; healed, each arrives once and in order") {
    Two two;
    two.connect();
    two.partition();
    for (std::uint64_t i = 1; i <= 20; ++i) two.a.transport.send(two.b.id, ping(i, two.a.id));
    settle(two.io, 200ms);
    CHECK(two.b.heard.size() == 1);
    CHECK(two.a.transport.counters().fault_held == 20);
    two.heal();
    REQUIRE(run_until(two.io, [&] { return two.b.heard.size() >= 21; }));
    settle(two.io, 100ms);
    REQUIRE(two.b.heard.size() == 21);
    for (std::uint64_t i = 1; i <= 20; ++i) CHECK(sequence(two.b.heard[i]) == i);
    CHECK(two.a.lost.empty());
}

TEST_CASE("a dial into a partition gets no answer and says so") {
    Two two;
    two.partition();
    two.a.transport.send(two.b.id, ping(1, two.a.id));
    REQUIRE(run_until(two.io, [&] { return !two.a.lost.empty(); }));
    CHECK(two.a.lost.front() == std::pair(two.b.id, LossReason::timed_out));
    CHECK(two.b.heard.empty());
    CHECK(two.b.transport.counters().connections == 0);
    two.heal();
    two.a.transport.send(two.b.id, ping(2, two.a.id));
    REQUIRE(run_until(two.io, [&] { return !two.b.heard.empty(); }));
    CHECK(sequence(two.b.heard.front()) == 2);
}

TEST_CASE("a dial goes on when the partition heals in time") {
    Two two;
    two.partition();
    two.a.transport.send(two.b.id, ping(1, two.a.id));
    settle(two.io, 100ms);
    two.heal();
    REQUIRE(run_until(two.io, [&] { return !two.b.heard.empty(); }));
    CHECK(two.a.lost.empty());
}

TEST_CASE("the end of a connection is not heard of across a partition") {
    Two two;
    two.connect();
    two.partition();
    two.a.transport.disconnect(two.b.id);
    settle(two.io, 300ms);
    CHECK(two.b.lost.empty());
    two.heal();
    REQUIRE(run_until(two.io, [&] { return !two.b.lost.empty(); }));
    CHECK(two.b.lost.front() == std::pair(two.a.id, LossReason::closed));
}

TEST_CASE("one direction only: what comes back is not touched") {
    Two two;
    two.connect();
    two.a.transport.set_faults(1, {{{two.b.id}, {.cut = true}}});
    two.b.transport.set_faults(1, {{{two.a.id}, {.deaf = true}}});
    two.a.transport.send(two.b.id, ping(1, two.a.id));
    two.b.transport.send(two.a.id, ping(2, two.b.id));
    REQUIRE(run_until(two.io, [&] { return two.a.heard.size() == 2; }));
    CHECK(two.b.heard.size() == 1);
}

TEST_CASE("a delayed link takes its time, and a disconnect waits for what is on its way") {
    Two two;
    two.connect();
    two.a.transport.set_faults(1, {{{two.b.id}, {.delay = 150ms}}});
    const auto sent = std::chrono::steady_clock::now();
    two.a.transport.send(two.b.id, ping(1, two.a.id));
    two.a.transport.disconnect(two.b.id);
    REQUIRE(run_until(two.io, [&] { return two.b.heard.size() == 2; }));
    CHECK(std::chrono::steady_clock::now() - sent >= 150ms);
    REQUIRE(run_until(two.io, [&] { return !two.b.lost.empty(); }));
}

TEST_CASE("a slow link that is sent too much is cut as a slow reader is") {
    boost::asio::io_context io{1};
    const Listener at_a;
    const Listener at_b;
    TransportOptions small = options(Role::peer, {}, at_a.id);
    small.queue_bytes_limit = 4096;
    Node a(io, small, at_a);
    Node b(io, Role::peer, {}, at_b);
    a.transport.send(b.id, ping(0, a.id));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 1; }));
    a.transport.set_faults(1, {{{b.id}, {.bytes_per_second = 1}}});
    for (std::uint64_t i = 1; i <= 200 && a.lost.empty(); ++i) {
        a.transport.send(b.id, ping(i, a.id));
        io.poll();
    }
    REQUIRE(run_until(io, [&] { return !a.lost.empty(); }));
    CHECK(a.lost.front() == std::pair(b.id, LossReason::slow));
}
