// Who may say what in whose name: keys on disk, proofs on connections (PROTOCOL.md section 6).

#include "node/identity.hpp"

#include "node/openssl_crypto.hpp"
#include "node/transport/handshake.hpp"
#include "tests/node/temp_folder.hpp"
#include "transport_net.hpp"

#include <fstream>

#include <sys/stat.h>

using namespace gossip;
using namespace gossip::net;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    return facts.st_mode & 0777U;
}

std::string problem_of(const std::string& path) {
    const auto opened = open_identity(path);
    const auto* why = std::get_if<std::string>(&opened);
    return why != nullptr ? *why : "";
}

// A process that speaks the handshake with a key of its own, as whom it likes.
struct Stranger {
    Stranger(const Node& victim, NodeId name, Role role = Role::peer)
        : connection(victim.id), hello{.role = role, .id = name, .cluster = 1, .key = key.public_key(), .nonce = {7}} {}

    // Says HELLO, and what its proof signs once the HELLO_ACK is here.
    void greet(boost::asio::io_context& io, const Crypto& reader) {
        connection.write(encode(hello, 0));
        REQUIRE(run_until(io, [&] { return connection.says("HELLO_ACK"); }));
        const std::string& got = connection.read();
        const Line line = decode(std::string_view(got).substr(0, got.find('\n')), reader);
        ack = std::get<HelloAck>(line);
        connection.write(encode(HelloProof{key.sign(proof_text(Side::dialler, hello, ack.hello))}, 0));
    }
    void say(const Message& message) { connection.write(encode(message, key, 0)); }

    Ed25519Crypto key;
    Raw connection;
    Hello hello;
    HelloAck ack;
};

}  // namespace

// ---------------------------------------------------------------- keys on disk

TEST_CASE("a node's key is made once, for its owner alone, and is the same at the next start") {
    const TempFolder folder;
    const std::string path = folder.file("peer.key");
    const auto first = open_identity(path);
    REQUIRE(std::holds_alternative<Identity>(first));
    CHECK(mode_of(path) == 0600);
    const Ed25519Crypto crypto(std::get<Identity>(first));
    CHECK(crypto.public_key() == std::get<Identity>(first).key);
    const auto again = open_identity(path);
    REQUIRE(std::holds_alternative<Identity>(again));
    CHECK(std::get<Identity>(again).key == crypto.public_key());
    CHECK(Ed25519Crypto().verify(crypto.public_key(), "x", Ed25519Crypto(std::get<Identity>(again)).sign("x")));
}

TEST_CASE("a key file that others may read, or that is none, is an error that names it") {
    const TempFolder folder;
    const std::string path = folder.file("peer.key");
    REQUIRE(problem_of(path).empty());
    ::chmod(path.c_str(), 0640);
    CHECK(problem_of(path).find("others may read it: run  chmod 600 " + path) != std::string::npos);
    std::ofstream(path) << "no key";
    ::chmod(path.c_str(), 0600);
    CHECK(problem_of(path).find(path + ": holds no Ed25519 private key") != std::string::npos);
    const std::string pipe = folder.file("pipe.key");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(problem_of(pipe).find("is no regular file") != std::string::npos);
    REQUIRE(::symlink(path.c_str(), folder.file("link.key").c_str()) == 0);
    CHECK(problem_of(folder.file("link.key")).find("cannot open it") != std::string::npos);
    CHECK(problem_of(folder.file("no/such.key")).find("cannot write it") != std::string::npos);
}

// ---------------------------------------------------------------- proofs on connections

TEST_CASE("nothing is heard of a peer before it proved that it holds its key") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    Stranger liar(node, *parse_node("127.0.0.1:7009"));
    liar.connection.write(encode(liar.hello, 0));
    liar.say(ping(1));
    REQUIRE(run_until(io, [&] { return liar.connection.hung_up(); }));  // the time is up
    CHECK(liar.connection.says("no_proof"));
    CHECK(node.heard.empty());
}

TEST_CASE("a proof is good for one side of one connection") {
    boost::asio::io_context io;
    const Listener at;
    Node node(io, Role::peer, {}, at);
    const NodeId name = *parse_node("127.0.0.1:7009");
    for (int variant = 0; variant < 4; ++variant) {
        Stranger liar(node, name);
        liar.connection.write(encode(liar.hello, 0));
        REQUIRE(run_until(io, [&] { return liar.connection.says("HELLO_ACK"); }));
        const std::string& got = liar.connection.read();
        const Line line = decode(std::string_view(got).substr(0, got.find('\n')), liar.key);
        Hello ours = liar.hello;
        Hello theirs = std::get<HelloAck>(line).hello;
        Side side = Side::dialler;
        if (variant == 0) side = Side::acceptor;
        if (variant == 1) theirs.nonce[0] ^= 1;
        if (variant == 2) ours.id = *parse_node("127.0.0.1:7010");
        if (variant == 3) theirs.cluster = 2;
        liar.connection.write(encode(HelloProof{liar.key.sign(proof_text(side, ours, theirs))}, 0));
        REQUIRE(run_until(io, [&] { return liar.connection.hung_up(); }));
        CHECK(liar.connection.says("did not prove that it holds its key"));
    }
    CHECK(node.heard.empty());
}

TEST_CASE("who holds another key than the member of that name is a stranger, answered where it asked") {
    boost::asio::io_context io;
    const Listener at_seed, at_member;
    Node seed(io, Role::seed, {at_seed.id}, at_seed), member(io, Role::peer, {at_seed.id}, at_member);
    seed.vouches = [&](NodeId node, const PublicKey& key, const Credential&) {
        return node == member.id && key == member.crypto.public_key();
    };
    member.transport.send(seed.id, ping(1));
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 1; }));
    CHECK(seed.heard[0].from == member.id);
    CHECK(seed.heard[0].trust == Trust::proven);

    Stranger stranger(seed, member.id);
    stranger.greet(io, seed.crypto);
    stranger.say(ping(2));
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 2; }));
    CHECK(is_anonymous(seed.heard[1].from));
    CHECK(seed.heard[1].trust == Trust::anonymous);
    seed.transport.send(seed.heard[1].from, order(22));  // the answer
    seed.transport.send(member.id, order(11));
    REQUIRE(run_until(io, [&] { return stranger.connection.says("\"epoch\":22") && member.heard.size() == 1; }));
    CHECK(number(member.heard[0]) == 11);
    CHECK_FALSE(stranger.connection.says("\"epoch\":11"));

    // Whatever it asks for fills its own queue and nobody else's.
    const Message list = msg::PeerList{.seed = seed.id, .peers = std::vector<Member>(500, Member{.id = member.id})};
    for (int i = 0; i < 200; ++i) seed.transport.send(seed.heard[1].from, list);
    REQUIRE(run_until(io, [&] { return stranger.connection.hung_up(); }));
    seed.transport.send(member.id, order(12));
    REQUIRE(run_until(io, [&] { return member.heard.size() == 2; }));
    CHECK(seed.lost.empty());
}

TEST_CASE("a stranger becomes a member when the seed's list says so, or when it shows its credential") {
    boost::asio::io_context io;
    const Listener at_seed, at_peer, at_new;
    Node seed(io, Role::seed, {at_seed.id}, at_seed), peer(io, Role::peer, {at_seed.id}, at_peer);
    Node newcomer(io, Role::peer, {at_seed.id}, at_new);
    newcomer.credential = {};
    bool listed = false;
    seed.vouches = [&](NodeId, const PublicKey&, const Credential&) { return listed; };
    peer.vouches = [](NodeId, const PublicKey&, const Credential& shown) { return !shown.signatures.empty(); };
    newcomer.transport.send(seed.id, ping(1));
    newcomer.transport.send(peer.id, ping(1));
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 1 && peer.heard.size() == 1; }));
    CHECK(is_anonymous(seed.heard[0].from));
    CHECK(is_anonymous(peer.heard[0].from));

    listed = true;
    newcomer.credential = {Incarnation{1}, {{0, {}}}};
    newcomer.transport.show_credential();
    newcomer.transport.send(seed.id, ping(2));
    newcomer.transport.send(peer.id, ping(2));
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 2 && peer.heard.size() == 2; }));
    for (const Node* node : {&seed, &peer}) {
        CHECK(node->heard[1].from == newcomer.id);
        CHECK(node->heard[1].trust == Trust::proven);
    }
    seed.transport.send(newcomer.id, order(3));  // by the connection that is there
    REQUIRE(run_until(io, [&] { return newcomer.heard.size() == 1; }));
    CHECK(seed.transport.counters().connections == 1);
}

TEST_CASE("a peer that a seed dialled before it was listed is known once it is") {
    boost::asio::io_context io;
    const Listener at_seed, at_peer;
    Node seed(io, Role::seed, {at_seed.id}, at_seed), peer(io, Role::peer, {at_seed.id}, at_peer);
    bool listed = false;
    seed.vouches = [&](NodeId, const PublicKey&, const Credential&) { return listed; };
    seed.transport.send(peer.id, order(1));  // as before a vote: is it there?
    REQUIRE(run_until(io, [&] { return peer.heard.size() == 1; }));
    peer.transport.send(seed.id, ping(1));  // by the connection that is there
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 1; }));
    CHECK(seed.heard[0].trust == Trust::address);
    listed = true;
    peer.transport.send(seed.id, ping(2));
    REQUIRE(run_until(io, [&] { return seed.heard.size() == 2; }));
    CHECK(seed.heard[1].from == peer.id);
    CHECK(seed.heard[1].trust == Trust::proven);
    CHECK(seed.transport.counters().connections == 1);
}

TEST_CASE("a member that came before us is known once we know the seeds' keys ourselves") {
    boost::asio::io_context io;
    const Listener at_member, at_peer;
    Node member(io, Role::peer, {}, at_member), peer(io, Role::peer, {}, at_peer);
    bool knows_keys = false;
    peer.vouches = [&](NodeId, const PublicKey&, const Credential&) { return knows_keys; };
    member.transport.send(peer.id, ping(1));
    REQUIRE(run_until(io, [&] { return peer.heard.size() == 1; }));
    CHECK(is_anonymous(peer.heard[0].from));
    knows_keys = true;
    peer.transport.show_credential();
    member.transport.send(peer.id, ping(2));
    REQUIRE(run_until(io, [&] { return peer.heard.size() == 2; }));
    CHECK(peer.heard[1].from == member.id);
    CHECK(peer.heard[1].trust == Trust::proven);
}

TEST_CASE("another key at a peer's address means that the peer listens there no more") {
    boost::asio::io_context io;
    const Listener at_a, at_b;
    const int kept = ::dup(at_b.fd);
    Node a(io, Role::peer, {}, at_a);
    auto b = std::make_unique<Node>(io, Role::peer, std::vector<NodeId>{}, at_b);
    const PublicKey key = b->crypto.public_key();
    a.vouches = [key](NodeId, const PublicKey& shown, const Credential&) { return shown == key; };
    a.transport.send(at_b.id, ping(1));
    REQUIRE(run_until(io, [&] { return b->heard.size() == 1; }));
    b.reset();
    REQUIRE(run_until(io, [&] { return a.lost.size() == 1; }));
    Listener again = at_b;
    again.fd = kept;
    const Node usurper(io, Role::peer, {}, again);
    a.transport.send(at_b.id, ping(2));
    REQUIRE(run_until(io, [&] { return a.lost.size() == 2; }));
    CHECK(a.lost[1] == std::pair{at_b.id, LossReason::refused});
    CHECK(usurper.heard.empty());
}

TEST_CASE("at the address of a seed whose key is configured nobody else is that seed") {
    boost::asio::io_context io;
    const Listener at_s, at_t;
    const std::vector<NodeId> seeds{at_s.id, at_t.id};
    TransportOptions o = options(Role::seed, seeds, at_s.id);
    const Ed25519Crypto of_t;
    o.seed_keys = {PublicKey{}, of_t.public_key()};
    Node s(io, o, at_s);
    Node usurper(io, Role::seed, seeds, at_t);  // it took the port of the seed that is down
    s.transport.send(usurper.id, order(1));
    REQUIRE(run_until(io, [&] { return !s.offences.empty(); }));
    CHECK(s.offences[0].find("did not prove that it is this seed") != std::string::npos);
    usurper.transport.send(s.id, order(2));
    REQUIRE(run_until(io, [&] { return s.offences.size() == 2; }));
    CHECK(s.offences[1].find("and has another key") != std::string::npos);
    CHECK(s.heard.empty());
    CHECK(usurper.heard.empty());
}

TEST_CASE("keys of small order verify nothing") {
    const Ed25519Crypto crypto;
    // R = B and S = 1 fit each key A whose multiple h A vanishes: for a key of order 1 always.
    for (const int low : {0x00, 0x01, 0xec, 0xed, 0xee}) {
        PublicKey key;
        if (low > 1) key.bytes.fill(0xff);
        key.bytes.front() = static_cast<std::uint8_t>(low);
        key.bytes.back() = low > 1 ? 0x7f : 0;
        Signature signature;
        signature.bytes[0] = 0x58;
        std::fill(signature.bytes.begin() + 1, signature.bytes.begin() + 32, 0x66);
        signature.bytes[32] = 1;
        for (const int sign : {0x00, 0x80}) {
            key.bytes.back() = static_cast<std::uint8_t>((key.bytes.back() & 0x7f) | sign);
            for (int text = 0; text < 16; ++text) CHECK_FALSE(crypto.verify(key, std::to_string(text), signature));
        }
    }
}
