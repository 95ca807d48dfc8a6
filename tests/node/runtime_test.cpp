#include "node/runtime.hpp"
#include "node/base/clock.hpp"
#include "node/config/seed_list_file.hpp"
#include "node/transport/transport_options.hpp"
#include "tests/node/loopback_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace gossip;

namespace {

using Node = LoopbackNetwork::Node;

std::vector<Node*> start_all(LoopbackNetwork& network, std::size_t peers) {
    for (std::size_t seat = 0; seat < network.config().seeds.size(); ++seat) network.start_seed(seat);
    std::vector<Node*> started;
    for (std::size_t i = 0; i < peers; ++i) started.push_back(&network.start_peer());
    return started;
}

// Every peer has links, and each is one at its other end as well.
bool all_linked(const std::vector<Node*>& peers) {
    std::set<std::pair<NodeId, NodeId>> links;
    for (const Node* p : peers) {
        const PeerStatus status = p->peer->status();
        if (!status.registered || status.links.empty()) return false;
        for (const NodeId other : status.links) links.emplace(p->id, other);
    }
    return std::all_of(links.begin(), links.end(), [&](const auto& l) {
        return links.count({l.second, l.first}) == 1;
    });
}

// Follows a script and records what it is told.
class ScriptedMachine final : public Machine {
public:
    using Step = std::function<void(Time, const Event&, Effects&)>;
    explicit ScriptedMachine(Step step) : step_(std::move(step)) {}
    void step(Time now, const Event& event, Effects& out) override { step_(now, event, out); }

private:
    Step step_;
};

struct Bench {
    boost::asio::io_context io{1};
    Ed25519Crypto crypto;
    TempFolder folder;
    std::vector<std::string> failures;
    std::vector<NoticeKind> notices;

    std::unique_ptr<Runtime> runtime(ScriptedMachine::Step step, bool with_journal = false) {
        TransportOptions options;
        options.self = node_id({0x7f000001, 1});
        options.role = Role::seed;
        RuntimeHandlers handlers;
        handlers.failed = [this](const std::string& text) { failures.push_back(text); };
        handlers.notice = [this](Time, const Notice& n) { notices.push_back(n.kind); };
        std::unique_ptr<Journal> journal;
        if (with_journal) {
            auto opened = Journal::open(io, folder.file("journal"), true);
            journal = std::move(std::get<Journal::Opened>(opened).journal);
        }
        return std::make_unique<Runtime>(io, options, crypto, std::make_unique<ScriptedMachine>(std::move(step)),
                                         std::move(journal), std::move(handlers));
    }
    bool run_until(const std::function<bool()>& done) {
        const Time end = machine_now() + std::chrono::seconds(60);
        while (!done() && machine_now() < end) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(20));
        }
        return done();
    }
};

}  // namespace

TEST_CASE("events are queued: a machine is never re-entered and sees them in order") {
    Bench bench;
    std::vector<std::string> seen;
    bool inside = false;
    Runtime* self = nullptr;
    const auto runtime = bench.runtime([&](Time, const Event& event, Effects&) {
        REQUIRE_FALSE(inside);
        inside = true;
        if (const auto* publish = std::get_if<Publish>(&event)) {
            seen.push_back(publish->text);
            if (publish->text == "a") self->feed(Publish{"fed by a"});
        }
        inside = false;
    });
    self = runtime.get();
    runtime->feed(Publish{"a"});
    runtime->feed(Publish{"b"});
    CHECK(seen.empty());
    CHECK(bench.run_until([&] { return seen.size() == 3; }));
    CHECK(seen == std::vector<std::string>{"a", "b", "fed by a"});
}

TEST_CASE("timers fire by due time, then in the order they were set, and never early") {
    Bench bench;
    std::vector<std::uint64_t> fired;
    Time previous{};
    const Time begin = machine_now();
    const auto at = [&](int ms) { return begin + std::chrono::milliseconds(ms); };
    const std::map<std::uint64_t, Time> due{{1, at(40)}, {2, at(20)}, {3, at(20)}, {4, at(0)}, {5, at(30)}};
    const auto runtime = bench.runtime([&](Time now, const Event& event, Effects& out) {
        REQUIRE(now >= previous);
        previous = now;
        if (std::holds_alternative<Publish>(event)) {
            for (const std::uint64_t key : {1, 2, 3, 4}) out.timer(due.at(key), {TimerKind::sync, 0, key});
        }
        if (const auto* timer = std::get_if<TimerFired>(&event)) {
            REQUIRE(now >= due.at(timer->tag.key));
            fired.push_back(timer->tag.key);
            if (timer->tag.key == 2) out.timer(due.at(5), {TimerKind::sync, 0, 5});
        }
    });
    runtime->feed(Publish{});
    CHECK(bench.run_until([&] { return fired.size() == 5; }));
    CHECK(fired == std::vector<std::uint64_t>{4, 2, 3, 5, 1});
}

TEST_CASE("a send waits for the disk, and what follows it to the same node waits behind it") {
    const NodeId nobody = node_id({0x7f000001, 1});  // refuses: each send comes back as LinkLost
    Bench bench;
    std::vector<std::string> seen;
    const auto runtime = bench.runtime(
        [&](Time, const Event& event, Effects& out) {
            if (std::holds_alternative<Publish>(event)) {
                out.appends.push_back({1, RecordType::ceiling, "promise", false});
                out.send(nobody, msg::GetPeerList{}, 1);
                seen.push_back("asked");
            }
            if (std::holds_alternative<Persisted>(event)) seen.push_back("persisted");
            if (std::holds_alternative<LinkLost>(event)) seen.push_back("sent");
        },
        true);
    runtime->feed(Publish{});
    CHECK(bench.run_until([&] { return seen.size() == 3; }));
    CHECK(seen == std::vector<std::string>{"asked", "persisted", "sent"});
}

TEST_CASE("a machine that is broken says so once, sends nothing more, and steps no more") {
    Bench bench;
    int steps = 0;
    const auto runtime = bench.runtime([&](Time, const Event&, Effects& out) {
        ++steps;
        out.notice({.kind = NoticeKind::digest_alarm, .epoch = 7});
        out.fatal = true;
    });
    runtime->feed(Publish{});
    runtime->feed(Publish{});
    CHECK(bench.run_until([&] { return !bench.failures.empty(); }));
    bench.io.restart();
    bench.io.poll();
    CHECK(steps == 1);
    REQUIRE(bench.failures.size() == 1);
    CHECK(bench.failures[0].find("at epoch 7") != std::string::npos);
    CHECK(bench.notices == std::vector<NoticeKind>{NoticeKind::digest_alarm});
}

TEST_CASE("a runtime can go while its events are still in the loop") {
    Bench bench;
    auto runtime = bench.runtime([&](Time now, const Event&, Effects& out) { out.timer(now, {}); });
    runtime->feed(Publish{});
    bench.io.run_one();
    runtime->feed(Publish{});
    runtime.reset();
    bench.io.restart();
    bench.io.poll();
    CHECK(bench.failures.empty());
}

TEST_CASE("three seeds and three peers over real sockets: registered, linked, every message once everywhere") {
    LoopbackNetwork network(quick_config(), 3);
    const std::vector<Node*> peers = start_all(network, 3);
    REQUIRE(network.run_until([&] { return network.agreed(3) && all_linked(peers); }));

    peers[0]->runtime->feed(Publish{"hello"});
    const auto complete = [&](const Node* p) {
        return std::count(p->delivered.begin(), p->delivered.end(), "hello") == (p == peers[0] ? 0 : 1) &&
               std::set<std::string>(p->delivered.begin(), p->delivered.end()).size() >= 6;
    };
    CHECK(network.run_until([&] { return std::all_of(peers.begin(), peers.end(), complete); }));
    network.run_for(std::chrono::milliseconds(300));
    for (const Node* p : peers) {
        CHECK(std::set<std::string>(p->delivered.begin(), p->delivered.end()).size() == p->delivered.size());
    }
    for (const auto& node : network.nodes) {
        CHECK(node->offences.empty());
        CHECK(node->failure.empty());
    }
}

TEST_CASE("a killed peer is removed at all seeds; one that leaves ends by itself") {
    LoopbackNetwork network(quick_config(), 3);
    const std::vector<Node*> peers = start_all(network, 5);
    REQUIRE(network.run_until([&] { return network.agreed(5) && all_linked(peers); }));
    network.kill(*peers[1]);
    CHECK(network.run_until([&] { return network.agreed(4); }));
    for (std::size_t seat = 0; seat < 3; ++seat) CHECK(network.nodes[seat]->count(NoticeKind::member_removed) == 1);

    peers[2]->runtime->feed(LeaveRequested{});
    CHECK(network.run_until([&] { return peers[2]->ended && network.agreed(3); }));
}

TEST_CASE("all seeds killed and started again hold the whole list") {
    LoopbackNetwork network(quick_config(), 3);
    const std::vector<Node*> peers = start_all(network, 3);
    REQUIRE(network.run_until([&] { return network.agreed(3); }));
    const auto before = network.nodes[0]->seed->members();
    for (std::size_t seat = 0; seat < 3; ++seat) network.kill(*network.nodes[seat]);
    std::vector<Node*> seeds;
    for (std::size_t seat = 0; seat < 3; ++seat) seeds.push_back(&network.start_seed(seat, false));
    CHECK(network.run_until([&] { return network.agreed(3); }));
    for (const Node* seed : seeds) CHECK(seed->seed->members() == before);

    network.start_peer();
    CHECK(network.run_until([&] { return network.agreed(4); }));
}
