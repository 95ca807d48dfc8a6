#include "node/wire/wire.hpp"

#include "message_samples.hpp"
#include "node/openssl_crypto.hpp"
#include "node/wire/wire_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace gossip;

namespace {

constexpr WallMs line_time = 1'708'776'008'250;
const Ed25519Crypto crypto;

std::string without_newline(std::string line) {
    REQUIRE(!line.empty());
    REQUIRE(line.back() == '\n');
    line.pop_back();
    REQUIRE(line.find('\n') == std::string::npos);
    return line;
}

const std::filesystem::path golden_folder = std::filesystem::path(GOSSIP_SOURCE_DIR) / "tests/node/golden";

std::filesystem::path golden_file(const Message& m) {
    std::string name(message_name(m));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return golden_folder / (name + ".json");
}

std::string golden_line(const Message& m, const std::string& written) {
    if (std::getenv("GOSSIP_REWRITE_GOLDEN") != nullptr) std::ofstream(golden_file(m)) << written;
    std::ifstream in(golden_file(m));
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

const DecodeError& refused(const Line& line) {
    REQUIRE(std::holds_alternative<DecodeError>(line));
    return std::get<DecodeError>(line);
}

template <class M>
M accepted(std::string_view line) {
    const Line read = decode(line, crypto);
    if (const auto* error = std::get_if<DecodeError>(&read)) FAIL(error->code << ": " << error->text);
    REQUIRE(std::holds_alternative<Message>(read));
    REQUIRE(std::holds_alternative<M>(std::get<Message>(read)));
    return std::get<M>(std::get<Message>(read));
}

const NodeId peer = *parse_node("127.0.0.1:7000");
const NodeId other = *parse_node("127.0.0.1:7001");

}  // namespace

TEST_CASE("every message has the form in its golden file, and reads back from it") {
    for (std::size_t i = 0; i < std::variant_size_v<MessageBody>; ++i) {
        const Message m = samples::Filler(crypto, 100 + i, true).message(i);
        CAPTURE(message_name(m));
        const std::string line = encode(m, crypto, line_time);
        CHECK(line == golden_line(m, line));
        const Line read = decode(without_newline(line), crypto);
        if (const auto* error = std::get_if<DecodeError>(&read)) FAIL(error->text);
        REQUIRE(std::holds_alternative<Message>(read));
        CHECK(samples::same(std::get<Message>(read), m));
    }
}

TEST_CASE("no golden file is left over from a message that is gone") {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(golden_folder)) ++files;
    CHECK(files == std::variant_size_v<MessageBody>);
}

TEST_CASE("what is written reads back the same, whatever the values") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        for (std::size_t i = 0; i < std::variant_size_v<MessageBody>; ++i) {
            const Message m = samples::Filler(crypto, seed << 8 | i, false).message(i);
            const std::string line = without_newline(encode(m, crypto, line_time));
            const Line read = decode(line, crypto);
            const bool same = std::holds_alternative<Message>(read) && samples::same(std::get<Message>(read), m);
            if (const auto* error = std::get_if<DecodeError>(&read)) CAPTURE(error->text);
            REQUIRE_MESSAGE(same, "seed " << seed << ": " << line);
        }
    }
}

TEST_CASE("the handshake's lines read back the same") {
    const Credential credential{Incarnation{9}, {{2, crypto.sign("y")}}};
    Hello hello{1, Role::seed, peer, 0xfedcba9876543210ULL, crypto.public_key(), {1, 2, 3}, credential, true};
    const Line read = decode(without_newline(encode(hello, line_time)), crypto);
    REQUIRE(std::holds_alternative<Hello>(read));
    CHECK(std::get<Hello>(read).id == peer);
    CHECK(std::get<Hello>(read).role == Role::seed);
    CHECK(std::get<Hello>(read).cluster == hello.cluster);
    CHECK(std::get<Hello>(read).key == hello.key);
    CHECK(std::get<Hello>(read).nonce == hello.nonce);
    REQUIRE(std::get<Hello>(read).credential.signatures.size() == 1);
    CHECK(std::get<Hello>(read).credential.incarnation == credential.incarnation);
    CHECK(std::get<Hello>(read).credential.signatures[0].seat == 2);
    CHECK(std::get<Hello>(read).credential.signatures[0].signature == credential.signatures[0].signature);
    const Line changed = decode(without_newline(encode(CredentialChanged{credential}, line_time)), crypto);
    REQUIRE(std::holds_alternative<CredentialChanged>(changed));
    CHECK(std::get<CredentialChanged>(changed).credential.signatures[0].signature == crypto.sign("y"));
    CHECK(std::get<Hello>(read).key_only);
    const HelloAck ack{hello, crypto.sign("x")};
    const Line read_ack = decode(without_newline(encode(ack, line_time)), crypto);
    REQUIRE(std::holds_alternative<HelloAck>(read_ack));
    CHECK(std::get<HelloAck>(read_ack).proof == ack.proof);
    CHECK(std::get<HelloAck>(read_ack).hello.nonce == hello.nonce);
    const Line proof = decode(without_newline(encode(HelloProof{ack.proof}, line_time)), crypto);
    REQUIRE(std::holds_alternative<HelloProof>(proof));
    CHECK(std::get<HelloProof>(proof).proof == ack.proof);
}

TEST_CASE("lines as document 000's programs write them are understood") {
    const auto request = accepted<msg::RegisterRequest>(
        R"({"type": "REGISTER_REQUEST", "timestamp": 1708776008.5, "payload": {"host": "127.0.0.1", "port": 7000}})");
    CHECK(request.peer == peer);
    CHECK(request.protocol == 0);
    CHECK(request.incarnation == Incarnation::none);
    CHECK(accepted<msg::GetPeerList>(R"({"type": "GET_PEER_LIST", "timestamp": 1.5, "payload": {}})").page == 0);
    const auto gossip = accepted<msg::Gossip>(
        R"({"type": "GOSSIP", "timestamp": 1708776008.5, "payload": {"msg_id": "1708776008.123:127.0.0.1:7001:3",)"
        R"( "msg_hash": "00", "sender": "127.0.0.1:7000"}})");
    CHECK(gossip.sender == peer);
    CHECK(gossip.rumor->origin == other);
    CHECK(gossip.rumor->number == 3);
    CHECK(gossip.rumor->key == rumor_key(crypto, "1708776008.123:127.0.0.1:7001:3"));
    const auto ping = accepted<msg::Ping>(
        R"({"type": "PING", "timestamp": 1.0, "payload": {"sender": "127.0.0.1:7000", "timestamp": 1708776008.4567}})");
    CHECK(ping.sender == peer);
    CHECK(ping.sent == 1'708'776'008'457);
    CHECK(accepted<msg::Pong>(
              R"({"type": "PONG", "payload": {"sender": "127.0.0.1:7000", "timestamp": 1708776008}, "timestamp": 1})")
              .sent == 1'708'776'008'000);
    const auto response = accepted<msg::SuspectResponse>(
        R"({"type": "SUSPECT_RESPONSE", "timestamp": 1, "payload":)"
        R"( {"sender": "127.0.0.1:7000", "suspect": "127.0.0.1:7001", "confirmed": true}})");
    CHECK(response.statement.suspect == other);
    CHECK(response.statement.witness == peer);
    CHECK(response.statement.verdict == Verdict::unreachable);
    const auto report = accepted<msg::DeadNodeReport>(
        R"({"type": "DEAD_NODE_REPORT", "timestamp": 1, "payload": {"dead_peer_id": "127.0.0.1:7001",)"
        R"( "reporter_id": "127.0.0.1:7000", "peer_votes": 2, "timestamp": 1708776008.5,)"
        R"( "report_string": "Dead Node:127.0.0.1:7001:1708776008.5:127.0.0.1"}})");
    CHECK(report.suspect == other);
    CHECK(report.peer_votes == 2);
    CHECK(report.certificate.statements.empty());
    const auto list = accepted<msg::PeerList>(
        R"({"type": "PEER_LIST", "timestamp": 1, "payload": {"peers": {"127.0.0.1:7000": {"host": "127.0.0.1",)"
        R"( "port": 7000, "joined": 1708776008.5}}, "seed_id": "127.0.0.1:6000"}})");
    REQUIRE(list.peers.size() == 1);
    CHECK(list.peers[0] == Member{.id = peer, .protocol = 0});
    CHECK(list.pages == 1);
}

TEST_CASE("a bad line is refused with one reason that names the field") {
    const auto ping = [](const std::string& payload) {
        return decode(R"({"type":"PING","timestamp":1,"payload":{)" + payload + "}}", crypto);
    };
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"("timestamp":1)", R"(PING: field "sender" is missing)"},
        {R"("sender":"","timestamp":1)", R"(PING: field "sender" is not IP:PORT)"},
        {R"("sender":7000,"timestamp":1)", R"(PING: field "sender" is not IP:PORT)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1e99999)", R"(PING: field "timestamp" is out of range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":-1)", R"(PING: field "timestamp" is out of range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":"1")", R"(PING: field "timestamp" is not a time in seconds)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"seq":1.5)", R"(PING: field "seq" is not a whole number in range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"seq":-1)", R"(PING: field "seq" is not a whole number in range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"seq":"1x")",
         R"(PING: field "seq" is not a whole number in range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"seq":"")", R"(PING: field "seq" is not a whole number in range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"degree":4294967296)", R"(PING: field "degree" is out of range)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"linked":1)", R"(PING: field "linked" is not true or false)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"record":{})", R"(PING: field "record" is not an array)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"record":[1])", R"(PING: field "record" is not an object)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"record":[{},{}])", R"(PING: field "record" has too many items)"},
        {R"("sender":"127.0.0.1:7000","timestamp":1,"record":[{"peer":"127.0.0.1:7000","sig":"AA=="}])",
         R"(PING: field "sig" is not base64 of the right length)"},
    };
    for (const auto& [payload, text] : cases) {
        const Line line = ping(payload);
        CHECK(refused(line).code == "bad_field");
        CHECK(refused(line).text == text);
    }
    const std::string extra = R"("sender":"127.0.0.1:7000","timestamp":1,"seq":"18446744073709551615","new":[{"x":1}])";
    CHECK(std::holds_alternative<Message>(ping(extra)));
}

TEST_CASE("what is no envelope is refused as such") {
    const auto code = [](std::string_view line) { return refused(decode(line, crypto)).code; };
    for (const char* line : {"", "hello", "{", "{}x", "{\"type\":\"PING\"", "\xff\xfe", "{\"type\":\"\xff\"}",
                             "{\"type\":\"\\ud800\"}", "nan", "[1,]", "{'type':'PING'}", "{\"a\":01}"}) {
        CHECK_MESSAGE(code(line) == "bad_json", line);
    }
    for (const char* line :
         {"1", "null", "[]", "\"PING\"", "{}", "{\"type\":1}", "{\"type\":null}", R"({"type":"PING","payload":[]})",
          R"({"type":"PING","payload":null})", R"({"type":"PING","timestamp":"now","payload":{}})",
          R"({"type":"PING","timestamp":1e400,"payload":{}})"}) {
        CHECK_MESSAGE(code(line) == "bad_envelope", line);
    }
    CHECK(code(std::string(100'000, '[')) == "bad_json");
    CHECK(code("{\"type\":\"PING\",\"payload\":" + std::string(20, '[') + std::string(20, ']') + "}") == "bad_json");
}

TEST_CASE("an unknown type is told apart, its name made printable") {
    const Line line = decode("{\"type\":\"FANCY\\u001b[2J\",\"payload\":17}", crypto);
    REQUIRE(std::holds_alternative<UnknownType>(line));
    CHECK(std::get<UnknownType>(line).type == "FANCY?[2J");
    const Line longer = decode("{\"type\":\"" + std::string(5000, 'A') + "\"}", crypto);
    REQUIRE(std::holds_alternative<UnknownType>(longer));
    CHECK(std::get<UnknownType>(longer).type == std::string(40, 'A') + "...");
}

TEST_CASE("fields of one kind each refuse another kind's values") {
    const auto text = [](const std::string& type, const std::string& payload) {
        return refused(decode("{\"type\":\"" + type + "\",\"payload\":{" + payload + "}}", crypto)).text;
    };
    CHECK(text("REGISTER_REQUEST", R"("host":"localhost","port":7000)") ==
          R"(REGISTER_REQUEST: field "host" and "port" are no IPv4 endpoint)");
    CHECK(text("REGISTER_REQUEST", R"("host":"127.0.0.1","port":0)") ==
          R"(REGISTER_REQUEST: field "host" and "port" are no IPv4 endpoint)");
    CHECK(text("REGISTER_REQUEST", R"("host":"127.0.0.1","port":70000)") ==
          R"(REGISTER_REQUEST: field "host" and "port" are no IPv4 endpoint)");
    CHECK(text("REGISTER_REQUEST", R"("host":"127.0.0.1","port":"x")") ==
          R"(REGISTER_REQUEST: field "port" is not a whole number in range)");
    CHECK(text("GOSSIP", R"("msg_id":"","sender":"127.0.0.1:7000")") ==
          R"(GOSSIP: field "msg_id" is not <timestamp>:<IP>:<Port>:<Msg#>)");
    CHECK(text("GOSSIP", "\"msg_id\":\"1:127.0.0.1:7000:1\",\"sender\":\"127.0.0.1:7000\",\"text\":\"" +
                             std::string(4097, 'x') + "\"") == R"(GOSSIP: field "text" is too long)");
    CHECK(text("PULL", R"("keys":["00"])") == R"(PULL: field "keys" is not hexadecimal of the right length)");
    CHECK(text(
              "REPAIR_DIGEST", R"("root":1,"buckets":[)" + [] {
                  std::string many;
                  for (int i = 0; i < 65; ++i) many += i == 0 ? "1" : ",1";
                  return many;
              }() + "]") == R"(REPAIR_DIGEST: field "buckets" has too many items)");
    CHECK(text("LEASE_ACK", R"("peer":"127.0.0.1:7000","status":"king")") ==
          R"(LEASE_ACK: field "status" is not one of the known words)");
    CHECK(text("ACK", R"("epoch":1,"ballot":[1],"life":1)") == R"(ACK: field "ballot" is not [round, seat])");
    CHECK(text("ACK", R"("epoch":1,"ballot":[1,32],"life":1)") == R"(ACK: field "ballot" is out of range)");
    CHECK(text("PEER_LIST", R"("seed_id":"127.0.0.1:6000","peers":{"x":{}})") ==
          R"(PEER_LIST: field "peers" has an entry that is no peer)");
    CHECK(text("PEER_LIST", R"("seed_id":"127.0.0.1:6000","peers":[])") ==
          R"(PEER_LIST: field "peers" is not an object)");
    CHECK(text("HELLO", R"("v":1)") == R"(HELLO: field "role" is missing)");
}

TEST_CASE("bytes that are no UTF-8 leave as replacement characters, so that the line stays valid") {
    std::string line;
    wire::append_string(line, "a\xff\xc3z\xed\xa0\x80\xf0\x9f\x98\x80\xc0\xaf");
    const std::string bad = "\xef\xbf\xbd";
    CHECK(line == "\"a" + bad + bad + "z" + bad + bad + bad + "\xf0\x9f\x98\x80" + bad + bad + "\"");
    const Message m = msg::Error{"c", "cut \xe2\x82"};
    CHECK(accepted<msg::Error>(without_newline(encode(m, crypto, 0))).text == "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("base64 and hexadecimal have one accepted form") {
    std::array<std::uint8_t, 4> bytes{0xde, 0xad, 0xbe, 0xef};
    std::string text;
    wire::append_base64(text, bytes);
    CHECK(text == "3q2+7w==");
    std::array<std::uint8_t, 4> read{};
    CHECK(wire::parse_base64(text, read));
    CHECK(read == bytes);
    for (const char* bad : {"", "3q2+7w=", "3q2+7w", "3q2+7x==", "3q2-7w==", "3q2+7w==\n", "=q2+7w==", "3q2+7w=A"}) {
        CHECK_MESSAGE(!wire::parse_base64(bad, read), bad);
    }
    CHECK(wire::parse_hex("DEadbeef", read));
    CHECK(read == bytes);
    for (const char* bad : {"", "deadbee", "deadbeef0", "deadbeeg", "0xdeadbe"}) CHECK(!wire::parse_hex(bad, read));
}
