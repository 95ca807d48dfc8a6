// Everything a stranger on the network can do to a node's listening socket.

#include "node/transport/transport_options.hpp"
#include "node/wire/wire.hpp"
#include "protocol/rng.hpp"
#include "transport_net.hpp"

#include <algorithm>

#include <sys/resource.h>

using namespace gossip;
using namespace gossip::net;

namespace {

using Millis = std::chrono::milliseconds;

std::string ping_line(std::uint64_t sequence) {
    return "{\"type\":\"PING\",\"timestamp\":1.0,\"payload\":{\"sender\":\"127.0.0.1:7009\",\"timestamp\":1.0,"
           "\"seq\":" +
           std::to_string(sequence) + "}}\n";
}

std::string hello_line(Role role, NodeId id, const PublicKey& key = {}, std::uint64_t cluster = 1) {
    return encode(Hello{.role = role, .id = id, .cluster = cluster, .key = key}, 0);
}

// The connection is answered with ERROR{code}, closed, and the offence counted.
void check_cut(boost::asio::io_context& io, Node& node, Raw& offender, const std::string& code) {
    CHECK_MESSAGE(run_until(io, [&] { return offender.hung_up(); }), code);
    CHECK_MESSAGE(offender.says("\"ERROR\""), code);
    CHECK_MESSAGE(offender.says("\"code\":\"" + code + "\""), offender.read());
    CHECK(node.heard.empty());
    offender.end_writing();
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections == 0; }));
}

}  // namespace

TEST_CASE("a bad line is answered, counted, said once and costs the connection") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    const std::vector<std::pair<std::string, std::string>> lines{
        {"GET / HTTP/1.1\r\n", "bad_json"},
        {"\n", "bad_json"},
        {std::string("\0\xff\xfe\n", 4), "bad_json"},
        {std::string(5000, '[') + "\n", "bad_json"},
        {"[]\n", "bad_envelope"},
        {"{\"type\":17}\n", "bad_envelope"},
        {"{\"type\":\"PING\",\"payload\":{\"sender\":1,\"timestamp\":1}}\n", "bad_field"},
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Raw offender(node.id);
        // What follows a bad line on the same connection counts for nothing.
        offender.write(lines[i].first + ping_line(1));
        check_cut(io, node, offender, lines[i].second);
        CHECK(node.transport.counters().offences == i + 1);
    }
    CHECK(node.offences.size() == 3);  // one a kind, however often
    CHECK(node.offences[0].find("127.0.0.1:") == 0);
}

TEST_CASE("every message type refuses fields of the wrong type") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    for (const char* type :
         {"REGISTER_REQUEST", "DEAD_NODE_REPORT", "REGISTER_ACK", "PEER_LIST", "PROPOSE", "VOTE", "COMMIT", "GOSSIP",
          "PONG", "SUSPECT_QUERY", "SUSPECT_RESPONSE", "LINK_REQUEST", "HELLO", "HELLO_ACK", "HELLO_PROOF"}) {
        Raw offender(node.id);
        offender.write("{\"type\":\"" + std::string(type) +
                       "\",\"payload\":{\"host\":[],\"dead_peer_id\":{},\"peer_id\":7,\"peers\":1,\"epoch\":\"x\","
                       "\"msg_id\":null,\"sender\":[[]],\"kind\":3,\"v\":\"v\",\"proof\":0}}\n");
        check_cut(io, node, offender, "bad_field");
    }
}

TEST_CASE("an over-long line is cut at the limit, not stored") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Raw endless(node.id);
    const std::string block(16 * 1024, 'x');
    REQUIRE(run_until(io, [&] {
        endless.write(block);
        return endless.hung_up();
    }));
    CHECK(endless.says("line_too_long"));
    CHECK(node.transport.counters().offences == 1);
    Raw just_right(node.id);
    std::string line = ping_line(1);
    line.insert(line.size() - 1, std::string(64 * 1024 - line.size() + 1, ' '));
    just_right.write(line);
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
    Raw one_more(node.id);
    line.insert(line.size() - 1, " ");
    one_more.write(line);
    REQUIRE(run_until(io, [&] { return one_more.says("line_too_long"); }));
}

TEST_CASE("silence and trickling end at their deadlines, which more bytes do not extend") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Raw silent(node.id);
    Raw trickling(node.id);
    const auto start = std::chrono::steady_clock::now();
    int trickled = 0;
    REQUIRE(run_until(io, [&] {
        if (trickled++ < 10'000) trickling.write("{");
        return silent.hung_up() && trickling.hung_up();
    }));
    CHECK(std::chrono::steady_clock::now() - start >= Millis(600));
    CHECK(silent.says("\"silent\""));
    CHECK(trickling.says("\"too_slow\""));
    CHECK(node.transport.counters().offences == 2);
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections == 0; }));
}

TEST_CASE("who is always in the middle of a line, but never for long, may stay") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Raw slow(node.id);
    const auto start = std::chrono::steady_clock::now();
    const std::string line = ping_line(1);
    slow.write(line.substr(0, 10));
    std::uint64_t sent = 0;
    REQUIRE(run_until(io, [&] {
        if (node.heard.size() == sent) {
            slow.write(line.substr(10) + line.substr(0, 10));
            ++sent;
        }
        return std::chrono::steady_clock::now() - start > Millis(1200) || slow.hung_up();
    }));
    CHECK(!slow.hung_up());
    CHECK(node.heard.size() > 2);
}

TEST_CASE("an unnamed connection may idle for a while and no longer") {
    boost::asio::io_context io;
    const Listener at;
    TransportOptions o = options(Role::peer, {}, at.id);
    o.idle_deadline = Millis(700);
    Node node(io, o, at);
    Raw idle(node.id);
    idle.write(ping_line(1));
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(run_until(io, [&] { return idle.hung_up(); }));
    CHECK(std::chrono::steady_clock::now() - start >= Millis(650));
    CHECK(node.transport.counters().offences == 0);
}

TEST_CASE("ten thousand unknown types are counted, said once and ignored") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Raw newer(node.id);
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "{\"type\":\"DANCE" + std::to_string(i) + "\",\"payload\":{}}\n";
    for (std::uint64_t sent = 0; sent < 10'000; sent += 100) {
        REQUIRE(newer.write(lines));
        REQUIRE(run_until(io, [&] { return node.transport.counters().unknown_types == sent + 100; }));
    }
    CHECK(node.offences.size() == 1);
    CHECK(node.transport.counters().offences == 0);
    newer.write(ping_line(5));
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
}

TEST_CASE("a flood of connections displaces strangers, never those who are known") {
    boost::asio::io_context io;
    const Listener at, at_friend, at_late;
    TransportOptions o = options(Role::peer, {}, at.id);
    o.connection_limit = 20;
    Node node(io, o, at), old_friend(io, Role::peer, {}, at_friend), late(io, Role::peer, {}, at_late);
    old_friend.transport.send(node.id, ping(1));
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
    std::vector<Raw> flood;
    for (int i = 0; i < 200; ++i) {
        flood.emplace_back(node.id);
        if (i % 2 == 0) flood.back().write(ping_line(100));
        io.poll();
        CHECK(node.transport.counters().connections <= o.connection_limit + 1);
    }
    late.transport.send(node.id, ping(2));
    old_friend.transport.send(node.id, ping(3));
    const auto heard_from = [&](NodeId id) {
        return std::count_if(node.heard.begin(), node.heard.end(), [&](const Heard& h) { return h.from == id; });
    };
    REQUIRE(run_until(io, [&] { return heard_from(late.id) == 1 && heard_from(old_friend.id) == 2; }));
    CHECK(old_friend.lost.empty());
    CHECK(late.lost.empty());
}

TEST_CASE("without descriptors a node neither spins nor dies, and recovers") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    const int highest = ::dup(0);
    ::close(highest);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    std::vector<Raw> waiting;
    for (int i = 0; i < 6; ++i) waiting.emplace_back(node.id);
    // The clients have theirs; nothing is left for the node.
    const rlimit none{static_cast<rlim_t>(highest + 6), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    std::size_t turns = 0;
    const auto until = std::chrono::steady_clock::now() + Millis(350);
    while (std::chrono::steady_clock::now() < until) turns += io.run_one_for(Millis(20));
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(turns < 60);
    CHECK(node.transport.counters().connections == 0);
    for (Raw& client : waiting) client.write(ping_line(1));
    REQUIRE(run_until(io, [&] { return node.heard.size() == waiting.size(); }));
}

TEST_CASE("handshake lines out of place, or naming the wrong node, are refused") {
    boost::asio::io_context io;
    const Listener at, at_seed;
    Node node(io, Role::peer, {at_seed.id}, at);
    const NodeId stranger = *parse_node("127.0.0.1:7009");
    const Ed25519Crypto key;
    const std::string hello = hello_line(Role::peer, stranger, key.public_key());
    const std::string proof = encode(HelloProof{key.sign("x")}, 0);
    const std::string ack = encode(HelloAck{{.id = stranger, .cluster = 1}, key.sign("x")}, 0);
    const std::vector<std::pair<std::string, std::string>> cases{
        {hello + hello, "bad_hello"},
        {proof, "bad_hello"},
        {ack, "bad_hello"},
        {hello + proof, "no_proof"},  // signs something else
        {hello_line(Role::peer, node.id), "refused"},
        {hello_line(Role::peer, at_seed.id), "refused"},
        {hello_line(Role::seed, stranger), "refused"},
        {hello_line(Role::seed, at_seed.id, {}, 2), "refused"},
    };
    for (const auto& [lines, code] : cases) {
        Raw offender(node.id);
        offender.write(lines + ping_line(1));
        check_cut(io, node, offender, code);
    }
}

TEST_CASE("claims to be a seed are bounded in number and in bytes") {
    boost::asio::io_context io;
    const Listener at, at_seed;
    Node node(io, Role::seed, {at.id, at_seed.id}, at);
    std::vector<Raw> claims;
    for (int i = 0; i < 150; ++i) {
        claims.emplace_back(node.id);
        claims.back().write(hello_line(Role::seed, at_seed.id));
        io.poll();
    }
    REQUIRE(run_until(io, [&] { return claims.back().says("HELLO_ACK"); }));
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections <= 64; }));
    claims.clear();
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections == 0; }));
    Raw flood(node.id);
    flood.write(hello_line(Role::seed, at_seed.id));
    const std::string order_line = encode(order(1), node.crypto, 0);
    REQUIRE(run_until(io, [&] {
        flood.write(order_line);
        return flood.hung_up();
    }));
    CHECK(flood.says("no_proof"));
    CHECK(node.heard.empty());
}

TEST_CASE("a claim to be a seed without a proof ends in time") {
    boost::asio::io_context io;
    const Listener at, at_seed;
    Node node(io, Role::peer, {at_seed.id}, at);
    Raw liar(node.id);
    liar.write(hello_line(Role::seed, at_seed.id) + encode(order(1), node.crypto, 0));
    REQUIRE(run_until(io, [&] { return liar.hung_up(); }));
    CHECK(liar.says("did not prove in time who it is"));
    CHECK(node.heard.empty());
    ::close(at_seed.fd);
}

TEST_CASE("one connection that never stops talking does not keep others waiting") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Raw talker(node.id);
    Raw modest(node.id);
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections == 2; }));
    std::string lines;
    for (int i = 0; i < 400; ++i) lines += ping_line(1);
    std::size_t written = 0;
    while (written < 40 && talker.write(lines)) ++written;
    modest.write(ping_line(2));
    REQUIRE(run_until(io, [&] {
        return std::any_of(node.heard.begin(), node.heard.end(), [](const Heard& h) { return sequence(h) == 2; });
    }));
    // At most a few turns of 256 KiB went to the talker before.
    CHECK(node.heard.size() < 4 * 256 * 1024 / ping_line(1).size());
}

TEST_CASE("random bytes do no harm") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Rng rng(7);
    for (int round = 0; round < 200; ++round) {
        Raw noise(node.id);
        std::string bytes(rng.below(3000), '\0');
        for (char& c : bytes) c = static_cast<char>(rng.below(round % 2 == 0 ? 256 : 128));
        if (round % 3 == 0) bytes += "\n{\"type\":\"" + bytes.substr(0, 20) + "\"}\n";
        noise.write(bytes);
        io.poll();
    }
    REQUIRE(run_until(io, [&] { return node.transport.counters().connections == 0; }));
    CHECK(node.heard.empty());
    Raw honest(node.id);
    honest.write(ping_line(9));
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
}

// ---------------------------------------------------------------- document 000's programs: odd, not hostile

TEST_CASE("document 000's one-shot connections are answered where they asked") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::seed, {at.id}, at);
    Raw client(node.id);
    client.write(
        "{\"type\": \"REGISTER_REQUEST\", \"timestamp\": 1.5, \"payload\": {\"host\": \"127.0.0.1\", \"port\": "
        "7009}}\n");
    client.end_writing();  // it only waits for the answer now
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
    CHECK(node.heard[0].trust == Trust::anonymous);
    CHECK(is_anonymous(node.heard[0].from));
    io.run_for(Millis(50));  // the decision takes its time
    msg::RegisterAck ack;
    ack.peer = *parse_node("127.0.0.1:7009");
    ack.text = "Registration approved (3 votes)";
    node.transport.send(node.heard[0].from, ack);
    REQUIRE(run_until(io, [&] { return client.hung_up(); }));
    CHECK(client.says("\"REGISTER_ACK\""));
    CHECK(client.says("Registration approved (3 votes)"));
    CHECK(node.lost.empty());
    CHECK(node.offences.empty());
}

TEST_CASE("a message and a closed connection at once: the message is heard") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    for (std::uint64_t i = 0; i < 50; ++i) Raw(node.id).write(ping_line(i));
    REQUIRE(run_until(
        io, [&] { return node.heard.size() == 50 && node.transport.counters().connections == 0; },
        std::chrono::seconds(60)));
    node.transport.send(node.heard[0].from, ping(1));  // nobody is there any more: no harm
    io.poll();
    CHECK(node.lost.empty());
}

TEST_CASE("a node that knows no HELLO is spoken to all the same, and answers on that connection are its own") {
    boost::asio::io_context io;
    const Listener at, at_old;
    Node node(io, Role::peer, {}, at);
    node.transport.send(at_old.id, ping(1));
    int fd = -1;
    REQUIRE(run_until(io, [&] { return (fd = ::accept(at_old.fd, nullptr, nullptr)) >= 0; }));
    std::string got;
    REQUIRE(run_until(io, [&] {
        char block[4096];
        const ssize_t size = ::recv(fd, block, sizeof block, MSG_DONTWAIT);
        if (size > 0) got.append(block, static_cast<std::size_t>(size));
        return got.find("\"PING\"") != std::string::npos;
    }));
    CHECK(got.find("\"HELLO\"") < got.find("\"PING\""));
    const std::string answer = ping_line(3);
    REQUIRE(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size()));
    REQUIRE(run_until(io, [&] { return node.heard.size() == 1; }));
    CHECK(node.heard[0].from == at_old.id);
    CHECK(node.heard[0].trust == Trust::address);
    ::close(fd);
    REQUIRE(run_until(io, [&] { return node.lost.size() == 1; }));
    CHECK(node.lost[0] == std::pair{at_old.id, LossReason::closed});
    ::close(at_old.fd);
}
