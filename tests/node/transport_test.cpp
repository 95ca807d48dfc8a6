#include "node/transport/transport.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/listener.hpp"
#include "transport_net.hpp"

#include <fcntl.h>

#include <chrono>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

using namespace gossip;
using namespace gossip::net;

TEST_CASE("messages between two peers arrive in order, named and claimed") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    for (std::uint64_t i = 0; i < 500; ++i) a.transport.send(b.id, ping(i));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 500; }));
    for (std::uint64_t i = 0; i < 500; ++i) {
        CHECK(sequence(b.heard[i]) == i);
        CHECK(b.heard[i].from == a.id);
        CHECK(b.heard[i].trust == Trust::proven);
    }
    b.transport.send(a.id, ping(7));
    REQUIRE(run_until(io, [&] { return a.heard.size() == 1; }));
    CHECK(a.heard[0].from == b.id);
    CHECK(a.transport.counters().connections == 1);  // the answer used the same connection
}

TEST_CASE("what names no sender comes from the node that sends it, what names one is left as it is") {
    boost::asio::io_context io;
    const Listener at_a, at_b, elsewhere;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    Rumor said;
    said.id = make_rumor_id(1'700'000'000'000, at_a.id, 1);
    const RumorPtr rumor = make_rumor(said);
    a.transport.send(b.id, msg::Gossip{rumor, NodeId::none, 1, 1000, false});
    a.transport.send(b.id, msg::Gossip{rumor, elsewhere.id, 1, 1000, false});
    REQUIRE(run_until(io, [&] { return b.heard.size() == 2; }));
    CHECK(std::get<msg::Gossip>(b.heard[0].message).sender == a.id);
    CHECK(std::get<msg::Gossip>(b.heard[1].message).sender == elsewhere.id);
}

TEST_CASE("two peers that dial each other at once lose nothing and report no loss") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    for (std::uint64_t i = 0; i < 50; ++i) {
        a.transport.send(b.id, ping(i));
        b.transport.send(a.id, ping(i));
        io.poll();
    }
    REQUIRE(run_until(io, [&] { return a.heard.size() == 50 && b.heard.size() == 50; }));
    for (std::uint64_t i = 0; i < 50; ++i) CHECK((sequence(a.heard[i]) == i && sequence(b.heard[i]) == i));
    CHECK(a.lost.empty());
    CHECK(b.lost.empty());
}

TEST_CASE("a node that ends is lost as closed, and refused when dialled again") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a);
    auto b = std::make_unique<Node>(io, Role::peer, std::vector<NodeId>{}, at_b);
    a.transport.send(at_b.id, ping(1));
    REQUIRE(run_until(io, [&] { return b->heard.size() == 1; }));
    b.reset();
    REQUIRE(run_until(io, [&] { return a.lost.size() == 1; }));
    CHECK(a.lost[0] == std::pair{at_b.id, LossReason::closed});
    a.transport.send(at_b.id, ping(2));
    REQUIRE(run_until(io, [&] { return a.lost.size() == 2; }));
    CHECK(a.lost[1] == std::pair{at_b.id, LossReason::refused});
}

TEST_CASE("seeds believe each other both ways; a peer believes the seed it dialled") {
    boost::asio::io_context io;
    const Listener at_s, at_t, at_p;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s), t(io, Role::seed, seeds, at_t), p(io, Role::peer, seeds, at_p);
    s.transport.send(t.id, order(1));
    REQUIRE(run_until(io, [&] { return t.heard.size() == 1; }));
    CHECK(t.heard[0].from == s.id);
    CHECK(t.heard[0].trust == Trust::seed);
    t.transport.send(s.id, order(2));
    p.transport.send(s.id, ping(3));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 2; }));
    for (const Heard& h : s.heard) CHECK(h.trust == (h.from == t.id ? Trust::seed : Trust::proven));
    s.transport.send(p.id, order(4));
    REQUIRE(run_until(io, [&] { return p.heard.size() == 1; }));
    CHECK(p.heard[0].trust == Trust::seed);
    // A seed this peer never dialled speaks first: the peer learns its key by dialling it.
    t.transport.send(p.id, order(5));
    REQUIRE(run_until(io, [&] { return p.heard.size() == 2; }));
    CHECK(p.heard[1].from == t.id);
    CHECK(p.heard[1].trust == Trust::seed);
}

TEST_CASE("a seed's next life, with another key, is believed again") {
    boost::asio::io_context io;
    const Listener at_s, at_t;
    const int kept = ::dup(at_t.fd);
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s);
    auto t = std::make_unique<Node>(io, Role::seed, seeds, at_t);
    t->transport.send(s.id, order(1));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    t.reset();
    REQUIRE(run_until(io, [&] { return s.lost.size() == 1; }));
    Listener again = at_t;
    again.fd = kept;
    Node reborn(io, Role::seed, seeds, again);
    reborn.transport.send(s.id, order(2));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 2; }));
    CHECK(s.heard[1].trust == Trust::seed);
}

TEST_CASE("whoever merely claims to be a seed is not heard") {
    boost::asio::io_context io;
    const Listener at_s, at_t, at_liar;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s), t(io, Role::seed, seeds, at_t);
    // The liar runs the seed's code with the seed's name, on another port.
    Ed25519Crypto key;
    Transport liar(io, options(Role::seed, seeds, at_t.id, 1), key, {});
    for (std::uint64_t i = 0; i < 3; ++i) liar.send(s.id, order(i));
    REQUIRE(run_until(io, [&] { return !s.offences.empty(); }));
    CHECK(s.offences[0].find("and has another key") != std::string::npos);
    CHECK(s.heard.empty());
    t.transport.send(s.id, order(9));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    CHECK(number(s.heard[0]) == 9);
}

TEST_CASE("a seed with another seed list is refused with a line that says so") {
    boost::asio::io_context io;
    const Listener at_s, at_t;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s, 1), t(io, Role::seed, seeds, at_t, 2);
    t.transport.send(s.id, ping(1));
    REQUIRE(run_until(io, [&] { return !s.offences.empty() && !t.offences.empty(); }));
    CHECK(s.offences[0].find("another list of seeds") != std::string::npos);
    CHECK(t.offences[0].find("another list of seeds") != std::string::npos);
    CHECK(s.heard.empty());
}

TEST_CASE("a slow reader costs itself: its queue is bounded and it is cut") {
    boost::asio::io_context io;
    const Listener at_s, at_slow;
    Node s(io, Role::peer, {}, at_s);
    // Accepted by the kernel, read by nobody.
    msg::Error big;
    big.text = std::string(3000, 'x');
    for (int i = 0; i < 20'000 && s.lost.empty(); ++i) {
        s.transport.send(at_slow.id, big);
        io.poll();
    }
    REQUIRE(run_until(io, [&] { return !s.lost.empty(); }));
    CHECK(s.lost[0] == std::pair{at_slow.id, LossReason::slow});
    ::close(at_slow.fd);
}

TEST_CASE("shutdown flushes what is queued and then ends") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    a.transport.send(b.id, ping(0));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 1; }));
    for (std::uint64_t i = 1; i <= 100; ++i) a.transport.send(b.id, ping(i));
    bool done = false;
    a.transport.shutdown(std::chrono::seconds(2), [&] { done = true; });
    REQUIRE(run_until(io, [&] { return done; }));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 101; }));
}

namespace {

// Both have dialled before either hears of it.
void dial_at_once(boost::asio::io_context& io, Node& a, Node& b, std::uint64_t messages) {
    for (std::uint64_t i = 0; i < messages; ++i) {
        a.transport.send(b.id, ping(i));
        b.transport.send(a.id, ping(i));
        if (i % 3 == 0) io.poll();
    }
}

bool in_order(const Node& n) {
    for (std::uint64_t i = 0; i < n.heard.size(); ++i) {
        if (sequence(n.heard[i]) != i) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("of two connections of one pair one stays, whoever they are, and order is kept across the change") {
    for (const auto& [role_a, role_b] : {std::pair{Role::peer, Role::peer}, std::pair{Role::seed, Role::seed},
                                         std::pair{Role::peer, Role::seed}, std::pair{Role::seed, Role::peer}}) {
        boost::asio::io_context io;
        const Listener at_a, at_b;
        std::vector<NodeId> seeds;
        if (role_a == Role::seed) seeds.push_back(at_a.id);
        if (role_b == Role::seed) seeds.push_back(at_b.id);
        Node a(io, role_a, seeds, at_a), b(io, role_b, seeds, at_b);
        dial_at_once(io, a, b, 300);
        REQUIRE(run_until(io, [&] { return a.heard.size() == 300 && b.heard.size() == 300; }));
        CHECK(in_order(a));
        CHECK(in_order(b));
        REQUIRE(run_until(
            io, [&] { return a.transport.counters().connections == 1 && b.transport.counters().connections == 1; }));
        CHECK(a.lost.empty());
        CHECK(b.lost.empty());
        // The one that stays carries both directions.
        a.transport.send(b.id, ping(300));
        b.transport.send(a.id, ping(300));
        REQUIRE(run_until(io, [&] { return a.heard.size() == 301 && b.heard.size() == 301; }));
        CHECK(a.transport.counters().connections == 1);
        CHECK(a.offences.empty());
        CHECK(b.offences.empty());
    }
}

TEST_CASE("the end of a settled pair is one loss on the side that remains") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a);
    auto b = std::make_unique<Node>(io, Role::peer, std::vector<NodeId>{}, at_b);
    dial_at_once(io, a, *b, 10);
    REQUIRE(run_until(
        io, [&] { return a.heard.size() == 10 && b->heard.size() == 10 && a.transport.counters().connections == 1; }));
    b.reset();
    REQUIRE(run_until(io, [&] { return !a.lost.empty() && a.transport.counters().connections == 0; }));
    CHECK(a.lost == std::vector{std::pair{at_b.id, LossReason::closed}});
}

TEST_CASE("a node's next life is no continuation: the old one is lost, the new one is heard") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    const int kept = ::dup(at_b.fd);
    Node a(io, Role::peer, {}, at_a);
    auto b = std::make_unique<Node>(io, Role::peer, std::vector<NodeId>{}, at_b);
    a.transport.send(at_b.id, ping(0));
    REQUIRE(run_until(io, [&] { return b->heard.size() == 1; }));
    b.reset();
    Listener again = at_b;
    again.fd = kept;
    Node reborn(io, Role::peer, {}, again);
    reborn.transport.send(a.id, ping(1));
    REQUIRE(run_until(io, [&] { return a.heard.size() == 1 && a.lost.size() == 1; }));
    CHECK(a.lost[0].second == LossReason::closed);
    a.transport.send(at_b.id, ping(2));
    REQUIRE(run_until(io, [&] { return reborn.heard.size() == 1; }));
    CHECK(a.lost.size() == 1);
}

TEST_CASE("a disconnect lets out what was queued, and only the other side hears of it") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    for (std::uint64_t i = 0; i < 20; ++i) a.transport.send(b.id, ping(i));
    a.transport.disconnect(b.id);  // not even connected yet
    REQUIRE(run_until(io, [&] { return b.heard.size() == 20 && b.lost.size() == 1; }));
    CHECK(b.lost[0] == std::pair{a.id, LossReason::closed});
    REQUIRE(run_until(io, [&] { return a.transport.counters().connections == 0; }));
    CHECK(a.lost.empty());
    a.transport.send(b.id, ping(20));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 21; }));
}

TEST_CASE("a seed's probe is answered at once, its orders wait until it is known to be the seed") {
    boost::asio::io_context io;
    const Listener at_s, at_p;
    const std::vector<NodeId> seeds{at_s.id};
    Node s(io, Role::seed, seeds, at_s), p(io, Role::peer, seeds, at_p);
    s.transport.send(p.id, ping(1));
    msg::LeaseAck order;
    order.peer = p.id;
    s.transport.send(p.id, order);
    REQUIRE(run_until(io, [&] { return p.heard.size() == 2; }));
    CHECK(sequence(p.heard[0]) == 1);
    CHECK(is_anonymous(p.heard[0].from));
    CHECK(std::holds_alternative<msg::LeaseAck>(p.heard[1].message));
    CHECK(p.heard[1].trust == Trust::seed);
    p.transport.send(s.id, ping(3));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    REQUIRE(run_until(io, [&] { return s.transport.counters().connections == 1; }));
}

TEST_CASE("seeds may exchange lines that peers may not send") {
    boost::asio::io_context io;
    const Listener at_s, at_t, at_p;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s), t(io, Role::seed, seeds, at_t), p(io, Role::peer, seeds, at_p);
    msg::SnapshotPart part;
    part.snapshot.members.resize(5000);
    for (std::size_t i = 0; i < part.snapshot.members.size(); ++i) {
        part.snapshot.members[i].id = node_id({loopback, static_cast<std::uint16_t>(1 + i)});
    }
    s.transport.send(t.id, part);
    REQUIRE(run_until(io, [&] { return t.heard.size() == 1; }));
    CHECK(std::get<msg::SnapshotPart>(t.heard[0].message).snapshot.members.size() == 5000);
    CHECK(t.heard[0].trust == Trust::seed);
    p.transport.send(t.id, part);  // refused by the sender itself: the link stays
    p.transport.send(t.id, ping(7));
    REQUIRE(run_until(io, [&] { return t.heard.size() == 2; }));
    CHECK(sequence(t.heard[1]) == 7);
    REQUIRE(p.offences.size() == 1);
    CHECK(p.offences[0].find("SNAPSHOT of") != std::string::npos);
    CHECK(p.offences[0].find("was not sent") != std::string::npos);
}

TEST_CASE("a taken port is said in words; a killed node's port is free again") {
    const Listener first;
    const auto second = listen_on(first.id);
    REQUIRE(std::holds_alternative<std::string>(second));
    CHECK(std::get<std::string>(second) ==
          node_name(first.id) + ": address already in use (is another node running there? choose another --listen)");
    // An established connection that this side closed first leaves TIME_WAIT behind.
    boost::asio::io_context io;
    {
        Node a(io, Role::peer, {}, first);
        Raw client(first.id);
        client.write("{\"type\":\"PING\",\"payload\":{\"sender\":\"127.0.0.1:7009\",\"timestamp\":1}}\n");
        REQUIRE(run_until(io, [&] { return a.heard.size() == 1; }));
    }
    io.poll();
    CHECK(std::holds_alternative<FileDescriptor>(listen_on(first.id)));
}

TEST_CASE("no socket is inherited by a child process") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    a.transport.send(b.id, ping(0));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 1; }));
    int sockets = 0;
    for (int fd = 3; fd < 256; ++fd) {
        int type = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) continue;
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
        if (address.ss_family != AF_INET) continue;
        ++sockets;
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(sockets >= 4);
}

TEST_CASE("ten thousand messages both ways over one connection") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    auto o = options(Role::peer, {}, at_a.id);
    o.queue_bytes_limit = 64 * 1024 * 1024;
    Node a(io, o, at_a);
    o.self = at_b.id;
    Node b(io, o, at_b);
    a.transport.send(b.id, ping(0));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 1; }));
    b.transport.send(a.id, ping(0));
    for (std::uint64_t i = 1; i < 10'000; ++i) {
        a.transport.send(b.id, ping(i));
        b.transport.send(a.id, ping(i));
    }
    REQUIRE(run_until(io, [&] { return a.heard.size() == 10'000 && b.heard.size() == 10'000; }));
    CHECK(in_order(a));
    CHECK(in_order(b));
    CHECK(a.transport.counters().connections == 1);
    CHECK(a.transport.counters().messages_sent == 10'000);
    CHECK(b.transport.counters().messages_received == 10'000);
}
