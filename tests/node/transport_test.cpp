// The transport over real loopback sockets, several nodes on one loop.

#include "node/transport.hpp"

#include "node/openssl_crypto.hpp"
#include "protocol/names.hpp"

#include <boost/asio/steady_timer.hpp>
#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gossip;
namespace asio = boost::asio;

namespace {

// A port of the kernel's choosing, already listening.
struct Listener {
    Listener() : fd(std::get<int>(listen_on(node_id({0x7f000001, 0})))) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        id = node_id({0x7f000001, ntohs(address.sin_port)});
    }
    int fd;
    NodeId id{};
};

struct Heard {
    NodeId from{};
    Trust trust{};
    Message message;
};

struct Node {
    Node(asio::io_context& io, Role role, std::vector<NodeId> seeds, const Listener& at, std::uint64_t cluster = 1)
        : id(at.id), transport(io, options(role, std::move(seeds), at.id, cluster), crypto, handlers()) {
        transport.serve(at.fd);
    }
    static TransportOptions options(Role role, std::vector<NodeId> seeds, NodeId self, std::uint64_t cluster) {
        TransportOptions o;
        o.self = self;
        o.role = role;
        o.cluster = cluster;
        o.seeds = std::move(seeds);
        o.hello_deadline = std::chrono::milliseconds(600);
        o.line_deadline = std::chrono::milliseconds(600);
        o.dial_deadline = std::chrono::seconds(2);
        return o;
    }
    TransportHandlers handlers() {
        return {.received =
                    [this](NodeId from, Trust trust, Message m) {
                        heard.push_back({from, trust, std::move(m)});
                    },
                .lost = [this](NodeId node, LossReason reason) { lost.emplace_back(node, reason); },
                .offence = [this](const std::string& text) { offences.push_back(text); }};
    }
    NodeId id;
    Ed25519Crypto crypto;
    std::vector<Heard> heard;
    std::vector<std::pair<NodeId, LossReason>> lost;
    std::vector<std::string> offences;
    Transport transport;
};

Message ping(std::uint64_t sequence) {
    msg::Ping m;
    m.sender = *parse_node("127.0.0.1:7000");
    m.sequence = sequence;
    return m;
}

std::uint64_t sequence(const Heard& h) { return std::get<msg::Ping>(h.message).sequence; }

// Runs the loop until `done` or a generous deadline; says which.
template <class Done>
bool run_until(asio::io_context& io, Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(50));
    return done();
}

int raw_connection(NodeId to) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(endpoint(to).ip);
    address.sin_port = htons(endpoint(to).port);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

void write_raw(int fd, std::string_view text) {
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

bool hung_up(int fd) {
    char byte = 0;
    const ssize_t size = ::recv(fd, &byte, 1, MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN);
}

}  // namespace

TEST_CASE("messages between two peers arrive in order, named and claimed") {
    asio::io_context io;
    const Listener at_a, at_b;
    Node a(io, Role::peer, {}, at_a), b(io, Role::peer, {}, at_b);
    for (std::uint64_t i = 0; i < 500; ++i) a.transport.send(b.id, ping(i));
    REQUIRE(run_until(io, [&] { return b.heard.size() == 500; }));
    for (std::uint64_t i = 0; i < 500; ++i) {
        CHECK(sequence(b.heard[i]) == i);
        CHECK(b.heard[i].from == a.id);
        CHECK(b.heard[i].trust == Trust::claimed);
    }
    b.transport.send(a.id, ping(7));
    REQUIRE(run_until(io, [&] { return a.heard.size() == 1; }));
    CHECK(a.heard[0].from == b.id);
    CHECK(a.transport.counters().connections == 1);  // the answer used the same connection
}

TEST_CASE("two peers that dial each other at once lose nothing and report no loss") {
    asio::io_context io;
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
    asio::io_context io;
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
    asio::io_context io;
    const Listener at_s, at_t, at_p;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s), t(io, Role::seed, seeds, at_t), p(io, Role::peer, seeds, at_p);
    s.transport.send(t.id, ping(1));
    REQUIRE(run_until(io, [&] { return t.heard.size() == 1; }));
    CHECK(t.heard[0].from == s.id);
    CHECK(t.heard[0].trust == Trust::seed);
    t.transport.send(s.id, ping(2));
    p.transport.send(s.id, ping(3));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 2; }));
    for (const Heard& h : s.heard) CHECK(h.trust == (h.from == t.id ? Trust::seed : Trust::claimed));
    s.transport.send(p.id, ping(4));
    REQUIRE(run_until(io, [&] { return p.heard.size() == 1; }));
    CHECK(p.heard[0].trust == Trust::seed);
    // A seed this peer never dialled speaks first: the peer learns its key by dialling it.
    t.transport.send(p.id, ping(5));
    REQUIRE(run_until(io, [&] { return p.heard.size() == 2; }));
    CHECK(p.heard[1].from == t.id);
    CHECK(p.heard[1].trust == Trust::seed);
}

TEST_CASE("a seed's next life, with another key, is believed again") {
    asio::io_context io;
    const Listener at_s, at_t;
    const int kept = ::dup(at_t.fd);
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s);
    auto t = std::make_unique<Node>(io, Role::seed, seeds, at_t);
    t->transport.send(s.id, ping(1));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    t.reset();
    REQUIRE(run_until(io, [&] { return s.lost.size() == 1; }));
    Listener again = at_t;
    again.fd = kept;
    Node reborn(io, Role::seed, seeds, again);
    reborn.transport.send(s.id, ping(2));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 2; }));
    CHECK(s.heard[1].trust == Trust::seed);
}

TEST_CASE("whoever merely claims to be a seed is not heard") {
    asio::io_context io;
    const Listener at_s, at_t, at_liar;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s), t(io, Role::seed, seeds, at_t);
    // The liar runs the seed's code with the seed's name, on another port.
    Ed25519Crypto key;
    Transport liar(io, Node::options(Role::seed, seeds, at_t.id, 1), key, {});
    for (std::uint64_t i = 0; i < 3; ++i) liar.send(s.id, ping(i));
    REQUIRE(run_until(io, [&] { return !s.offences.empty(); }));
    CHECK(s.offences[0].find("cannot prove it") != std::string::npos);
    CHECK(s.heard.empty());
    t.transport.send(s.id, ping(9));
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    CHECK(sequence(s.heard[0]) == 9);
}

TEST_CASE("a seed with another seed list is refused with a line that says so") {
    asio::io_context io;
    const Listener at_s, at_t;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    Node s(io, Role::seed, seeds, at_s, 1), t(io, Role::seed, seeds, at_t, 2);
    t.transport.send(s.id, ping(1));
    REQUIRE(run_until(io, [&] { return !s.offences.empty() && !t.offences.empty(); }));
    CHECK(s.offences[0].find("another seed list") != std::string::npos);
    CHECK(t.offences[0].find("another seed list") != std::string::npos);
    CHECK(s.heard.empty());
}

TEST_CASE("a connection that says nothing, or never ends its line, is closed in time") {
    asio::io_context io;
    const Listener at_s;
    Node s(io, Role::peer, {}, at_s);
    const int silent = raw_connection(s.id);
    const int trickling = raw_connection(s.id);
    const auto start = std::chrono::steady_clock::now();
    std::size_t bytes = 0;
    REQUIRE(run_until(io, [&] {
        if (bytes < 2000 && !hung_up(trickling))
            bytes += static_cast<std::size_t>(::send(trickling, "x", 1, MSG_NOSIGNAL));
        return hung_up(silent) && hung_up(trickling);
    }));
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(600));
    CHECK(s.transport.counters().offences == 1);
    ::close(silent);
    ::close(trickling);
}

TEST_CASE("garbage and over-long lines cost the connection, unknown types only a count") {
    asio::io_context io;
    const Listener at_s;
    Node s(io, Role::peer, {}, at_s);
    const int garbage = raw_connection(s.id);
    write_raw(garbage, "GET / HTTP/1.1\r\n\r\n");
    REQUIRE(run_until(io, [&] { return s.offences.size() == 1; }));
    const int unknown = raw_connection(s.id);
    for (int i = 0; i < 1000; ++i) write_raw(unknown, "{\"type\":\"DANCE\",\"timestamp\":1.0,\"payload\":{}}\n");
    REQUIRE(run_until(io, [&] { return s.transport.counters().unknown_types == 1000; }));
    CHECK(s.offences.size() == 2);  // said once
    CHECK(!hung_up(unknown));
    const int endless = raw_connection(s.id);
    const std::string block(64 * 1024, 'x');
    write_raw(endless, block);
    REQUIRE(run_until(io, [&] {
        (void)::send(endless, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        return s.offences.size() == 3;
    }));
    CHECK(s.heard.empty());
    for (const int fd : {garbage, unknown, endless}) ::close(fd);
}

TEST_CASE("document 000's one-shot connections are answered where they asked") {
    asio::io_context io;
    const Listener at_s;
    Node s(io, Role::peer, {}, at_s);
    const int fd = raw_connection(s.id);
    write_raw(fd,
              "{\"type\":\"PING\",\"timestamp\":1.5,\"payload\":{\"sender\":\"127.0.0.1:7009\",\"timestamp\":1.5}}\n");
    REQUIRE(run_until(io, [&] { return s.heard.size() == 1; }));
    CHECK(s.heard[0].trust == Trust::anonymous);
    CHECK(is_anonymous(s.heard[0].from));
    msg::Pong pong;
    pong.sender = s.id;
    s.transport.send(s.heard[0].from, pong);
    std::string answer(4096, '\0');
    REQUIRE(run_until(io, [&] { return ::recv(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_PEEK) > 0; }));
    CHECK(answer.find("\"PONG\"") != std::string::npos);
    ::close(fd);
}

TEST_CASE("a slow reader costs itself: its queue is bounded and it is cut") {
    asio::io_context io;
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
    asio::io_context io;
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
