#include "manager/base/host_clock.hpp"
#include "manager/hosts/agent_protocol.hpp"
#include "manager/hosts/log_tail.hpp"
#include "protocol/names.hpp"
#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace gossip;

namespace {

constexpr NodeId there = node_id({0x0a00000b, 7000});

std::string bad_request(std::string_view line) {
    const auto decoded = agent::decode_request(line);
    REQUIRE_MESSAGE(std::holds_alternative<std::string>(decoded), line);
    return std::get<std::string>(decoded);
}

// Through text and back.
template <class T>
T again(const T& value) {
    std::string line = agent::encode(agent::Request{value});
    line.pop_back();
    const auto decoded = agent::decode_request(line);
    REQUIRE_MESSAGE(std::holds_alternative<agent::Request>(decoded), line);
    return std::get<T>(std::get<agent::Request>(decoded));
}

template <class T>
T reported(const T& value) {
    std::string line = agent::encode(agent::Report{value});
    line.pop_back();
    const auto decoded = agent::decode_report(line);
    REQUIRE_MESSAGE(std::holds_alternative<agent::Report>(decoded), line);
    return std::get<T>(std::get<agent::Report>(decoded));
}

}  // namespace

TEST_CASE("agent: requests come back as they were sent") {
    const auto setup = again(agent::Setup{"h1", "/var/tmp/h1", "[log]\nlevel = \"info\"\n", node_name(there) + "\n"});
    CHECK(setup.config == "[log]\nlevel = \"info\"\n");
    CHECK(setup.seeds == node_name(there) + "\n");
    const auto listen = again(agent::Listen{7, 2, {there, NodeId{static_cast<std::uint64_t>(there) + 1}}});
    CHECK(listen.count == 2);
    CHECK(listen.candidates.size() == 2);
    CHECK(again(agent::Start{3, there, Incarnation{9}}).last_life == Incarnation{9});
    for (const int number : {SIGKILL, SIGTERM, SIGSTOP, SIGCONT}) {
        CHECK(again(agent::Signal{3, number}).signal == number);
    }
    CHECK(again(agent::AskClock{-5}).sent == -5);
    CHECK(again(agent::AskLogs{5}).seq == 5);
}

TEST_CASE("agent: reports come back as they were sent") {
    CHECK(reported(agent::Hello{1, "0.1.0"}).version == "0.1.0");
    CHECK(reported(agent::Ready{"/d", "clock"}).clock == "clock");
    const auto bound = reported(agent::Heard{4, {{there}, {there}, {}, {}}});
    CHECK(bound.listening.bound == std::vector{there});
    CHECK(bound.listening.problem.empty());
    const auto refused = reported(agent::Heard{4, {{}, {}, there, "Cannot assign requested address"}});
    CHECK(refused.listening.at == there);
    CHECK(refused.listening.problem == "Cannot assign requested address");
    const auto exited = reported(agent::Exited{3, {true, 9}, "what it\nsaid \"last\"\n"});
    CHECK(exited.status.signalled);
    CHECK(exited.errors == "what it\nsaid \"last\"\n");
    CHECK(reported(agent::Clock{1, 2}).mono_ns == 2);
    CHECK(reported(agent::LogText{there, "a — b\n"}).text == "a — b\n");
    CHECK(reported(agent::Trouble{"why"}).text == "why");
}

TEST_CASE("agent: a node's line stands in it unchanged") {
    const std::string line = agent::encode(agent::Report{agent::NodeLine{12, R"({"event":"reply","text":"}"})"}});
    CHECK(line == "{\"n\":12,\"l\":{\"event\":\"reply\",\"text\":\"}\"}}\n");
    const auto decoded = agent::decode_report(std::string_view(line).substr(0, line.size() - 1));
    const auto& back = std::get<agent::NodeLine>(std::get<agent::Report>(decoded));
    CHECK(back.number == 12);
    CHECK(back.json == R"({"event":"reply","text":"}"})");
}

TEST_CASE("agent: bad input is named") {
    CHECK(bad_request("") == "not a JSON object");
    CHECK(bad_request("[1]") == "not a JSON object");
    CHECK(bad_request("{\"op\":\"clock\"") == "not a JSON object");
    CHECK(bad_request("{}") == "\"op\" must be a text");
    CHECK(bad_request(R"({"op":5})") == "\"op\" must be a text");
    CHECK(bad_request(R"({"op":"dance"})") == "unknown op \"dance\"");
    CHECK(bad_request(R"({"op":"clock"})") == "clock: \"t\" must be a number");
    CHECK(bad_request(R"({"op":"clock","t":"now"})") == "clock: \"t\" must be a number");
    CHECK(bad_request(R"({"op":"clock","t":1e99})") == "clock: \"t\" must be a number");
    CHECK(bad_request(R"({"op":"listen","seq":1,"count":-1,"candidates":[]})") == "listen: \"count\" must be a number");
    CHECK(bad_request(R"({"op":"listen","seq":1,"count":1,"candidates":"7000"})") ==
          "listen: \"candidates\" must be a list of addresses");
    CHECK(bad_request(R"({"op":"start","n":1,"id":"localhost:7000","last_life":0})") ==
          "start: \"id\" must be an address such as 10.0.0.11:7000");
    CHECK(bad_request(R"({"op":"signal","n":1,"signal":"HUP"})") ==
          "signal: \"signal\" must be KILL, TERM, STOP or CONT");
    CHECK(bad_request(R"({"op":"setup","host":"h","dir":"","config":7,"seeds":[]})") ==
          "setup: \"config\" must be a text");
    // What looks like a node's line and is none.
    for (const char* line : {"{\"n\":x,\"l\":{}}", "{\"n\":-1,\"l\":{}}", "{\"n\":1,\"m\":{}}", "{\"n\":1,\"l\":{",
                             "{\"n\":99999999999999999999,\"l\":{}}"}) {
        CHECK_MESSAGE(std::holds_alternative<std::string>(agent::decode_request(line)), line);
        CHECK_MESSAGE(std::holds_alternative<std::string>(agent::decode_report(line)), line);
    }
    CHECK(!agent::is_hello("Welcome to h1"));
    CHECK(!agent::is_hello(R"({"agent":"ready","dir":"","clock":""})"));
    CHECK(agent::is_hello(R"({"agent":"hello","protocol":2,"version":"9.9"})"));
}

TEST_CASE("agent: a clock is as far off as its best answer says") {
    constexpr std::int64_t ms = 1'000'000;
    HostClock clock;
    CHECK(!clock.known());
    // Ours is 1000 ms ahead; the answers are given in the middle, late, and early.
    clock.add(2000 * ms, 1010 * ms, 2020 * ms);
    CHECK(clock.here(1500 * ms) == 2500 * ms);
    CHECK(clock.error_ns() == 10 * ms);
    clock.add(2100 * ms, 1101 * ms, 2102 * ms);
    clock.add(2200 * ms, 1290 * ms, 2300 * ms);  // worse than the one before
    CHECK(clock.here(1500 * ms) == 2500 * ms);
    CHECK(clock.error_ns() >= ms);
    CHECK(clock.error_ns() < 2 * ms);
    clock.add(2400 * ms, 0, 2300 * ms);  // not of this world
    CHECK(clock.here(1500 * ms) == 2500 * ms);
    // A good answer that is an hour old says less than a fair one of now: the clocks have drifted.
    const std::int64_t hour = 3'600'000 * ms;
    clock.add(hour, hour - 900 * ms + 5 * ms, hour + 10 * ms);
    CHECK(clock.here(0) == 900 * ms);
}

TEST_CASE("agent: what is logged is read on, across a rotation") {
    const TempFolder folder;
    const std::string path = folder.file("peer.log");
    LogTail tail(path);
    CHECK(tail.fresh(1000).empty());
    std::ofstream(path) << "one\ntwo";
    CHECK(tail.fresh(1000) == "one\n");
    CHECK(tail.fresh(1000).empty());
    std::ofstream(path, std::ios::app) << " and a half\nthree\n";
    std::filesystem::rename(path, folder.file("peer.1.log"));
    std::ofstream(path) << "four\n";
    CHECK(tail.fresh(1000) == "two and a half\nthree\n");
    CHECK(tail.fresh(1000) == "four\n");
    CHECK(tail.fresh(1000).empty());
    std::ofstream(path, std::ios::app) << std::string(50, 'x');
    CHECK(tail.fresh(20) == std::string(20, 'x'));  // a line without end goes on in pieces
}

TEST_CASE("agent: the end of a file is whole lines") {
    const TempFolder folder;
    const std::string path = folder.file("peer.err");
    CHECK(end_of_file(path, 10).empty());
    std::ofstream(path) << "first\nsecond\nthird\n";
    CHECK(end_of_file(path, 100) == "first\nsecond\nthird\n");
    CHECK(end_of_file(path, 10) == "third\n");
    CHECK(harmless_lines("a\x1b[31m\nb\xff\n") == "a\\x1b[31m\nb\\xff\n");
}
