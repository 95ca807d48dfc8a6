// The event log of a run: what is written is what is read, and damage stays where it is.

#include "manager/runs/run_reader.hpp"
#include "manager/runs/run_recorder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace gossip;

namespace {

namespace fs = std::filesystem;

struct Place {
    fs::path path = fs::temp_directory_path() / ("gossip-run-test-" + std::to_string(::getpid()));
    Place() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Place() { fs::remove_all(path); }
};

NodeId peer(std::uint16_t port) { return node_id({0x7f000001, port}); }

NodeEvent delivery(std::uint16_t port, const std::string& id) {
    NodeEvent event{5'000'000, 1'700'000'000'000, peer(port), {NoticeKind::delivered}};
    event.notice.other = peer(7000);
    event.notice.hop = 2;
    event.notice.yes = true;
    event.notice.latency_ms = 3;
    Rumor rumor;
    rumor.id = id;
    rumor.text = "not written with every receipt";
    event.notice.rumor = make_rumor(rumor);
    return event;
}

std::unique_ptr<RunRecorder> recorder_in(const Place& place, std::uint64_t limit) {
    RunPlan plan;
    plan.parent = (place.path / "runs").string();
    plan.seed = 42;
    auto folder = RunFolder::create(plan);
    REQUIRE(std::holds_alternative<RunFolder>(folder));
    auto opened = RunRecorder::open(std::get<RunFolder>(std::move(folder)), limit, [](const std::string&) {});
    REQUIRE(std::holds_alternative<std::unique_ptr<RunRecorder>>(opened));
    return std::get<std::unique_ptr<RunRecorder>>(std::move(opened));
}

std::vector<RunLine> lines_of(const std::string& folder, RunReading& reading) {
    std::vector<RunLine> lines;
    auto read = read_run(folder, [&](const RunLine& line) { lines.push_back(line); });
    REQUIRE(std::holds_alternative<RunReading>(read));
    reading = std::get<RunReading>(read);
    return lines;
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

template <class T>
T round_trip(const T& value) {
    const std::string text = encode(RunLine{value});
    REQUIRE(text.back() == '\n');
    const auto back = decode_run_line(std::string_view(text).substr(0, text.size() - 1));
    REQUIRE(back.has_value());
    REQUIRE(std::holds_alternative<T>(*back));
    return std::get<T>(*back);
}

}  // namespace

TEST_CASE("run log: every kind of line reads back as it was written") {
    CHECK(round_trip(RunBegan{{1, 2}, 1, "gossipctl 0.1", 0xffff'ffff'ffff'fff1, 3}).seed == 0xffff'ffff'ffff'fff1);
    const RunState state = round_trip(RunState{{7, 8}, peer(7003), Role::peer, NodeState::paused, 4711});
    CHECK(state.node == peer(7003));
    CHECK(state.state == NodeState::paused);
    CHECK(state.pid == 4711);
    CHECK(state.at.mono_ns == 7);
    const RunFault fault = round_trip(RunFault{{1, 2}, "link 7000 7001 \"cut\"\n", {peer(7000), peer(7001)}});
    CHECK(fault.text == "link 7000 7001 \"cut\"\n");
    CHECK(fault.nodes == std::set<NodeId>{peer(7000), peer(7001)});
    const std::map<NodeId, NodeFaults> in_force{{peer(7000), {"2 cut", {peer(7001), peer(7002)}, {}}},
                                                {peer(7001), {"1 impaired", {}, {peer(7000)}}}};
    const RunFault cut = round_trip(RunFault{{1, 2}, "partition 7000", {peer(7000)}, in_force});
    CHECK(cut.in_force.at(peer(7000)).words == "2 cut");
    CHECK(cut.in_force.at(peer(7000)).cut == std::set<NodeId>{peer(7001), peer(7002)});
    CHECK(cut.in_force.at(peer(7001)).impaired == std::set<NodeId>{peer(7000)});
    CHECK(round_trip(RunCommand{{1, 2}, "kill @hub"}).text == "kill @hub");
    CHECK(round_trip(RunFailure{{1, 2}, "E_WAIT", "ran out"}).word == "E_WAIT");
    CHECK(round_trip(RunLimit{{1, 2}, 99}).bytes == 99);
    CHECK(round_trip(RunClosing{{1, 2}}).at.wall == 2);
    CHECK(round_trip(RunEnded{{1, 2}, 143, 17}).exit_code == 143);
    CHECK(round_trip(RunEnded{{1, 2}, 0, 0, "0xab"}).trace_hash == "0xab");
    CHECK(round_trip(RunState{{7, 8}, peer(7003), Role::peer, NodeState::killed, 0, 5}).cause_ns == 5);
    CHECK(!round_trip(RunState{{7, 8}, peer(7003), Role::peer, NodeState::killed}).cause_ns);
    CHECK(round_trip(RunBegan{{0, 0}, 1, "0.1", 7, 3, "abc", "g++ 12"}).commit == "abc");
    NodeStatus status;
    status.id = peer(7003);
    status.transport.bytes_sent = 12345;
    const RunStatus told = round_trip(RunStatus{{3, 4}, status});
    CHECK(told.status.transport.bytes_sent == 12345);
    CHECK(told.at.mono_ns == 3);
}

TEST_CASE("run log: a receipt keeps all that matters in few bytes") {
    const NodeEvent event = delivery(7001, "1700000000.5:127.0.0.1:7000:1");
    const NodeEvent back = round_trip(event);
    CHECK(back.notice.kind == NoticeKind::delivered);
    CHECK(back.node == peer(7001));
    CHECK(back.notice.other == peer(7000));
    CHECK(back.notice.hop == 2);
    CHECK(back.notice.yes);
    CHECK(back.notice.latency_ms == 3);
    CHECK(back.notice.rumor->id == event.notice.rumor->id);
    CHECK(encode(RunLine{event}).find("not written") == std::string::npos);
}

TEST_CASE("run log: a registration keeps the epoch it is of") {
    NodeEvent event{5'000'000, 1'700'000'000'000, peer(7001), {NoticeKind::registration_complete}};
    event.notice.count = 2;
    event.notice.epoch = 4;
    const NodeEvent back = round_trip(event);
    CHECK(back.notice.kind == NoticeKind::registration_complete);
    CHECK(back.notice.count == 2);
    CHECK(back.notice.epoch == 4);
}

TEST_CASE("run log: what is not a line of it is refused") {
    for (const std::string text : {"", "{", "[]", "{\"event\":\"state\",\"node\":\"7000\"}", "{\"event\":\"later\"}",
                                   "{\"event\":\"run\",\"schema\":0}"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_run_line(text).has_value());
    }
}

TEST_CASE("run recorder: a torn last line and a damaged one do not hide the others") {
    const Place place;
    auto recorder = recorder_in(place, 1'000'000);
    const std::string folder = recorder->folder().path();
    recorder->write(RunBegan{{1, 2}, 1, "v", 42, 3});
    recorder->write(RunCommand{{2, 3}, "list"});
    recorder->close({4, 5}, 3, "0xab");
    RunReading reading;
    CHECK(lines_of(folder, reading).size() == 3);
    CHECK(reading.exit_code == 3);
    CHECK_FALSE(reading.torn);
    const std::string text = text_of(folder + "/events.jsonl");
    std::ofstream(folder + "/events.jsonl") << text.substr(0, text.find('\n') + 1) << "garbage\n"
                                            << text.substr(text.find('\n') + 1, text.size() - text.find('\n') - 10);
    CHECK(lines_of(folder, reading).size() == 2);
    CHECK(reading.unreadable == 1);
    CHECK(reading.torn);
    CHECK_FALSE(reading.exit_code.has_value());
}

TEST_CASE("run recorder: at its limit gossip goes, membership stays, and the log says so") {
    const Place place;
    auto recorder = recorder_in(place, 2000);
    const std::string folder = recorder->folder().path();
    recorder->write(RunBegan{{1, 2}, 1, "v", 42, 3});
    for (int i = 0; i < 100; ++i) recorder->write(delivery(7001, "1.0:127.0.0.1:7000:" + std::to_string(i)));
    recorder->write(RunState{{7, 8}, peer(7003), Role::peer, NodeState::killed});
    recorder->close({9, 9}, 0, "");
    RunReading reading;
    const auto lines = lines_of(folder, reading);
    std::size_t receipts = 0;
    bool limit = false;
    bool state = false;
    std::uint64_t dropped = 0;
    for (const RunLine& line : lines) {
        receipts += std::holds_alternative<NodeEvent>(line) ? 1 : 0;
        limit = limit || std::holds_alternative<RunLimit>(line);
        state = state || std::holds_alternative<RunState>(line);
        if (const auto* ended = std::get_if<RunEnded>(&line)) dropped = ended->dropped;
    }
    CHECK(limit);
    CHECK(state);
    CHECK(receipts > 0);
    CHECK(receipts + dropped == 100);
    CHECK(text_of(folder + "/manifest.json").find("\"events_dropped\":" + std::to_string(dropped)) !=
          std::string::npos);
}

TEST_CASE("run folder: found by path, by name, by the beginning of its name and as the latest") {
    const Place place;
    const std::string parent = (place.path / "runs").string();
    std::string first;
    {
        auto recorder = recorder_in(place, 1000);
        first = fs::path(recorder->folder().path()).filename().string();
    }
    const auto path_of = [&](const std::string& name) {
        const auto found = find_run(name, parent);
        return std::holds_alternative<FoundRun>(found) ? std::get<FoundRun>(found).path : std::string();
    };
    CHECK(fs::equivalent(path_of(parent + "/" + first), fs::path(parent) / first));
    CHECK(fs::equivalent(path_of(first), fs::path(parent) / first));
    CHECK(fs::equivalent(path_of(first.substr(0, 12)), fs::path(parent) / first));
    CHECK(fs::equivalent(path_of("latest"), fs::path(parent) / first));
    const auto missing = find_run("nonsense", parent);
    REQUIRE(std::holds_alternative<std::string>(missing));
    CHECK(std::get<std::string>(missing).find(first) != std::string::npos);
    auto again = recorder_in(place, 1000);
    CHECK(std::holds_alternative<std::string>(find_run(first.substr(0, 4), parent)));  // two of them
}

TEST_CASE("run folder: a folder that holds a run is not written over") {
    const Place place;
    RunPlan plan;
    plan.exact = (place.path / "mine").string();
    CHECK(std::holds_alternative<RunFolder>(RunFolder::create(plan)));
    const auto again = RunFolder::create(plan);
    REQUIRE(std::holds_alternative<std::string>(again));
    CHECK(std::get<std::string>(again).find("holds a run already") != std::string::npos);
}

TEST_CASE("run folder: files of somebody else are left, and named") {
    const Place place;
    RunPlan plan;
    plan.exact = place.path.string();
    std::ofstream(place.path / "config.toml") << "theirs";
    const auto refused = RunFolder::create(plan);
    REQUIRE(std::holds_alternative<std::string>(refused));
    CHECK(std::get<std::string>(refused).find("config.toml is in the way") != std::string::npos);
    CHECK(text_of(place.path / "config.toml") == "theirs");
    CHECK_FALSE(fs::exists(place.path / "manifest.json"));
}
