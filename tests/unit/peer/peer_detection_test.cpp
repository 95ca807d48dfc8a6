#include "peer_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <variant>
#include <vector>

using namespace gossip;
using namespace gossip::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A settled network of `count` peers that generate nothing.
void grow(Network& net, unsigned count) {
    net.config.gossip.max_messages = 0;
    for (unsigned i = 0; i < count; ++i) {
        net.add(i);
        net.run(milliseconds(20));
    }
    REQUIRE(net.until([&] { return net.all_active() && net.connected(); }, seconds(10)));
    net.run(seconds(5));
}

std::size_t total(const Network& net, NoticeKind kind) {
    std::size_t n = 0;
    for (const auto& [id, p] : net.peers) {
        n += static_cast<std::size_t>(
            std::count_if(p.notices.begin(), p.notices.end(), [kind](const Notice& x) { return x.kind == kind; }));
    }
    return n;
}

}  // namespace

TEST_CASE("a witness that does not know the suspect probes it, and never speaks from ignorance") {
    Network net;
    grow(net, 12);
    // A peer that is no neighbour of the suspect, asked by a node outside.
    const auto links = net.machine(0).status().links;
    unsigned stranger = 0;
    for (unsigned i = 1; i < 12; ++i) {
        if (!std::binary_search(links.begin(), links.end(), peer_id(i))) stranger = i;
    }
    REQUIRE(stranger != 0);
    std::vector<Statement> statements;
    net.watch = [&](const Letter& s) {
        if (const auto* r = std::get_if<msg::SuspectResponse>(&s.message)) statements.push_back(r->statement);
    };
    const Incarnation life = net.machine(0).status().incarnation;
    net.inject(peer_id(99), Trust::proven, peer_id(stranger), msg::SuspectQuery{peer_id(99), peer_id(0), life, {}});
    net.run(seconds(1));
    REQUIRE(statements.size() == 1);
    CHECK(statements[0].verdict == Verdict::reachable);
    CHECK(statements[0].witness == peer_id(stranger));

    net.kill(0);
    net.run(seconds(3));
    statements.clear();
    net.inject(peer_id(99), Trust::proven, peer_id(stranger), msg::SuspectQuery{peer_id(99), peer_id(0), life, {}});
    net.run(seconds(1));
    REQUIRE(statements.size() == 1);
    CHECK(statements[0].verdict == Verdict::refused);
}

TEST_CASE("a killed peer is reported and removed in under two seconds") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Network net(3, seed);
        grow(net, 8);
        const NodeId victim = peer_id(3);
        net.kill(3);
        CHECK(net.until([&] { return !net.members.contains(victim); }, seconds(2)));
        CHECK(net.until([&] { return net.connected(); }, seconds(5)));
        net.run(seconds(60));
        CHECK(net.members.size() == 7);
        for (const NodeId id : net.alive()) {
            const auto links = net.peers.at(id).machine->status().links;
            CHECK_FALSE(std::binary_search(links.begin(), links.end(), victim));
            CHECK(net.peers.at(id).machine->status().suspects == 0);
        }
    }
}

TEST_CASE("even in a network of two or three a killed peer is removed") {
    for (unsigned count = 2; count <= 3; ++count) {
        Network net;
        grow(net, count);
        net.kill(0);
        CHECK(net.until([&] { return net.members.size() == count - 1; }, seconds(3)));
    }
}

TEST_CASE("a stall shorter than the windows harms nobody, a longer one is removed") {
    Network net;
    grow(net, 10);
    net.stall(4, seconds(30));
    net.run(seconds(80));
    CHECK(net.members.size() == 10);
    CHECK(total(net, NoticeKind::dead_reported) == 0);

    net.stall(4, seconds(300));
    const Time start = net.now();
    CHECK(net.until([&] { return net.members.size() == 9; }, seconds(70)));
    CHECK(net.now() - start > seconds(39));
    CHECK(net.until([&] { return net.members.size() == 10; }, seconds(320)));  // it comes back by itself
    net.run(seconds(10));
    CHECK(net.connected());
    CHECK(net.count(4, NoticeKind::removed_self) == 1);
    CHECK(net.count(4, NoticeKind::suspected) == 0);  // its own lag accuses nobody
}

TEST_CASE("a suspect that is heard of in the window is not reported") {
    Network net;
    net.config.liveness.refute = seconds(5);
    grow(net, 8);
    // Deaf to pings for three cycles, then it hears again in the middle of the window.
    const NodeId deaf = peer_id(2);
    bool cut = true;
    net.cut = [&](NodeId a, NodeId b) {
        return cut && (a == deaf || b == deaf) && endpoint(a).port >= 7000 && endpoint(b).port >= 7000;
    };
    REQUIRE(net.until([&] { return total(net, NoticeKind::suspected) > 0; }, seconds(60)));
    net.run(seconds(1));
    cut = false;
    net.run(seconds(60));
    CHECK(net.members.size() == 8);
    CHECK(net.reports.empty());
    CHECK(total(net, NoticeKind::suspicion_cancelled) > 0);
}

TEST_CASE("a peer that is cut off accuses nobody") {
    Network net;
    grow(net, 8);
    const NodeId alone = peer_id(5);
    net.cut = [&](NodeId a, NodeId b) { return a == alone || b == alone; };
    net.run(seconds(120));
    CHECK(net.count(5, NoticeKind::isolated) == 1);
    CHECK(net.count(5, NoticeKind::dead_reported) == 0);
    CHECK(net.count(5, NoticeKind::suspected) <= 3);
    CHECK(net.members.size() == 7);  // it was removed: nobody could reach it, the seeds included
    net.cut = nullptr;
    CHECK(net.until([&] { return net.members.size() == 8 && net.connected(); }, seconds(120)));
}

TEST_CASE("half of the peers die at once: all are removed and the rest stays connected") {
    Network net;
    grow(net, 40);
    for (unsigned i = 0; i < 40; i += 3) net.kill(i);
    CHECK(net.until([&] { return net.connected(); }, seconds(15)));
    net.run(seconds(60));
    // What has too few living witnesses is left to the seeds' leases, which this authority has not.
    CHECK(net.members.size() <= 28);
    for (const NodeId id : net.alive()) CHECK(net.members.contains(id));
}

TEST_CASE("a leaving peer is not suspected, and is gone from the list") {
    Network net;
    grow(net, 6);
    net.feed(peer_id(1), LeaveRequested{});
    CHECK(net.until([&] { return net.peer(1).finished; }, seconds(3)));
    net.run(seconds(60));
    CHECK(net.members.size() == 5);
    CHECK(net.reports.empty());
    CHECK(total(net, NoticeKind::suspected) == 0);
    CHECK(net.connected());
}

TEST_CASE("leaving ends even when no seed answers") {
    Network net;
    grow(net, 3);
    net.seed_silent = [](NodeId, NodeId) { return true; };
    net.feed(peer_id(1), LeaveRequested{});
    CHECK(net.until([&] { return net.peer(1).finished; }, milliseconds(2100)));
}

TEST_CASE("a restarted peer is a new life with the same name and gets its links again") {
    Network net;
    grow(net, 8);
    const Incarnation before = net.machine(3).status().incarnation;
    net.kill(3);
    net.run(milliseconds(300));
    net.add(3);
    CHECK(net.until([&] { return net.machine(3).status().active; }, seconds(5)));
    net.run(seconds(60));
    CHECK(net.machine(3).status().incarnation > before);
    CHECK(net.members.at(peer_id(3)).first == net.machine(3).status().incarnation);
    CHECK(net.connected());
    CHECK(net.machine(3).status().links.size() >= 3);
}

TEST_CASE("forged evidence and forged refutations") {
    Network net;
    grow(net, 8);
    const Incarnation life = net.machine(3).status().incarnation;
    SUBCASE("statements of nodes that were not asked change nothing") {
        for (unsigned i = 0; i < 8; ++i) {
            const Statement s{peer_id(3), life, 1, Verdict::refused, peer_id(i), {}};
            net.inject(peer_id(i), Trust::proven, peer_id(0), msg::SuspectResponse{peer_id(i), true, s});
            net.inject(peer_id(77), Trust::proven, peer_id(0), msg::SuspectResponse{peer_id(i), true, s});
        }
        net.run(seconds(60));
        CHECK(net.reports.empty());
        CHECK(net.members.size() == 8);
    }
    SUBCASE("a false accusation is refuted by the accused and by its witnesses") {
        const auto links = net.machine(3).status().links;
        net.inject(links.front(), Trust::proven, peer_id(3), msg::Suspect{peer_id(3), life, links.front()});
        CHECK(net.count(3, NoticeKind::refuted) == 1);
    }
    SUBCASE("an ALIVE that somebody else made up does not save the dead") {
        net.kill(3);
        for (int i = 0; i < 20; ++i) {
            for (const NodeId id : net.alive()) {
                net.inject(peer_id(50), Trust::proven, id,
                           msg::Alive{peer_id(3), life, 1'000U + static_cast<unsigned>(i), {}});
            }
            net.run(milliseconds(50));
        }
        CHECK(net.until([&] { return net.members.size() == 7; }, seconds(3)));
    }
}

TEST_CASE("messages of a removed life are not delivered any more") {
    Network net;
    grow(net, 6);
    const Incarnation life = net.machine(3).status().incarnation;
    net.kill(3);
    REQUIRE(net.until([&] { return net.members.size() == 5; }, seconds(3)));
    net.run(seconds(1));
    auto ghost = make_rumor();
    ghost->id = make_rumor_id(Network::wall0, peer_id(3), 1);
    ghost->incarnation = life;
    net.inject(peer_id(0), Trust::proven, peer_id(1), msg::Gossip{ghost, peer_id(0), 2, 0, false});
    CHECK(net.reach(ghost->id) == 0);
    CHECK(net.last(1, NoticeKind::refused_message)->text == "message of a removed peer");
}

TEST_CASE("a removed live peer learns it and is back as a new life") {
    Network net;
    grow(net, 6);
    const Incarnation life = net.machine(2).status().incarnation;
    net.decide({{.kind = ChangeKind::remove, .peer = peer_id(2), .incarnation = life}});
    CHECK(net.until(
        [&] { return net.machine(2).status().active && net.machine(2).status().incarnation > life && net.connected(); },
        seconds(10)));
    CHECK(net.members.at(peer_id(2)).first == net.machine(2).status().incarnation);
    net.run(seconds(30));
    CHECK(net.count(2, NoticeKind::removed_self) == 1);
    const std::string said = net.say(2, "back again");
    net.run(seconds(1));
    CHECK(net.reach(said) == 5);
}

TEST_CASE("a peer that missed epochs asks a seed for them") {
    Network net;
    grow(net, 6);
    const NodeId deaf = peer_id(2);
    net.cut = [&](NodeId, NodeId b) { return b == deaf; };
    net.decide({{.kind = ChangeKind::add, .peer = peer_id(60), .incarnation = Incarnation{5}}});
    net.decide({{.kind = ChangeKind::leave, .peer = peer_id(60), .incarnation = Incarnation{5}}});
    net.run(seconds(1));
    net.cut = nullptr;
    CHECK(net.machine(2).status().epoch < net.history.size());
    CHECK(net.until([&] { return net.machine(2).status().epoch == net.history.size(); }, seconds(25)));
}

TEST_CASE("a neighbour that closes every connection is neither dialled in a loop nor suspected") {
    Network net;
    grow(net, 4);
    std::size_t pings = 0;
    net.watch = [&](const Letter& s) {
        const bool one = s.from == peer_id(0) && s.to == peer_id(1);
        pings += one && std::holds_alternative<msg::Ping>(s.message) ? 1 : 0;
    };
    for (int i = 0; i < 1000; ++i) {
        net.feed(peer_id(0), LinkLost{peer_id(1), LossReason::closed});
        net.run(milliseconds(5));
    }
    CHECK(pings >= 4);
    CHECK(pings <= 10);
    CHECK(total(net, NoticeKind::suspected) == 0);
}
