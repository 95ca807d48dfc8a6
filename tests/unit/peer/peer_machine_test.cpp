#include "peer_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <variant>
#include <vector>

using namespace gossip;
using namespace gossip::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Generated messages off, so that a test sees only what it says itself.
Network quiet(std::uint64_t seed = 1) {
    Network net(3, seed);
    net.config.gossip.max_messages = 0;
    return net;
}

void start(Network& net, unsigned count, Duration apart = milliseconds(20)) {
    for (unsigned i = 0; i < count; ++i) {
        net.add(i);
        net.run(apart);
    }
}

bool settled(Network& net) { return net.all_active() && net.connected(); }

}  // namespace

TEST_CASE("a join storm leaves no peer without links") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Network net = quiet(seed);
        start(net, 60, Duration{});
        CHECK(net.until([&] { return settled(net); }, seconds(10)));
        net.run(seconds(5));
        for (const NodeId id : net.alive()) CHECK(net.peers.at(id).machine->status().links.size() >= 3);
    }
}

TEST_CASE("links have two sides and none is doubled, to itself or over the cap") {
    Network net = quiet();
    net.config.overlay.cap = 10;
    start(net, 80);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    net.run(seconds(30));
    for (const NodeId id : net.alive()) {
        const auto links = net.peers.at(id).machine->status().links;
        CHECK(links.size() <= 10);
        CHECK(std::set<NodeId>(links.begin(), links.end()).size() == links.size());
        for (const NodeId other : links) {
            CHECK(other != id);
            CHECK(net.mutual(id, other));
        }
    }
}

TEST_CASE("decisions of nodes that are no seeds are not believed") {
    Network net = quiet();
    start(net, 5);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    const PeerStatus before = net.machine(0).status();
    const NodeId liar = peer_id(1);
    const Decision evil{
        before.epoch + 1,
        {{.kind = ChangeKind::remove, .peer = peer_id(2), .incarnation = net.machine(2).status().incarnation}},
        {}};
    const Signature own = FakeCrypto(static_cast<std::uint64_t>(liar)).sign(canonical_bytes(evil));
    net.inject(liar, Trust::proven, peer_id(0), msg::Membership{evil, 0, own});
    net.inject(liar, Trust::proven, peer_id(0), msg::Membership{evil, 77, own});
    net.inject(seed_id(0), Trust::proven, peer_id(0), msg::Deltas{{msg::Membership{evil, 0, own}}, 99, false});
    net.inject(seed_id(0), Trust::proven, peer_id(0),
               msg::LeaseAck{peer_id(0), LeaseStatus::removed, before.incarnation, 99});
    CHECK(net.count(0, NoticeKind::refused_message) == 4);
    CHECK(net.machine(0).status().epoch == before.epoch);
    CHECK(net.machine(0).status().links == before.links);
    CHECK(net.machine(0).status().active);
}

TEST_CASE("who jumps to an epoch over decisions it missed says so") {
    Network net = quiet();
    start(net, 4);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    const auto learned = [&net] { return net.count(0, NoticeKind::epoch_learned); };
    const auto before = learned();
    const Epoch ahead = net.machine(0).status().epoch + 50;
    net.inject(seed_id(0), Trust::seed, peer_id(0), msg::Deltas{{}, ahead, true});
    CHECK(net.machine(0).status().epoch == ahead);
    REQUIRE(learned() == before + 1);
    const auto& notices = net.peer(0).notices;
    const auto last = std::find_if(notices.rbegin(), notices.rend(),
                                   [](const Notice& n) { return n.kind == NoticeKind::epoch_learned; });
    CHECK(last->epoch == ahead);
    CHECK(last->yes);
    net.inject(seed_id(0), Trust::seed, peer_id(0), msg::Deltas{{}, ahead, true});
    CHECK(learned() == before + 1);
}

TEST_CASE("every message reaches every peer exactly once, at exactly 2E-(n-1) sends") {
    Network net(3);
    net.config.gossip.first_after = seconds(20);
    start(net, 50, Duration{});
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    net.run(seconds(5));
    const std::size_t edges = net.edges();
    std::map<std::string, std::size_t> sends;
    net.watch = [&](const Letter& s) {
        if (const auto* g = std::get_if<msg::Gossip>(&s.message)) ++sends[g->rumor->id];
    };
    net.run(seconds(80));
    CHECK(net.edges() == edges);
    CHECK(sends.size() == 500);
    for (const auto& [id, count] : sends) {
        CHECK(count == 2 * edges - 49);
        CHECK(net.reach(id) == 49);
    }
    for (const auto& [id, p] : net.peers) {
        for (const auto& [rumor, times] : p.delivered) CHECK(times == 1);
    }
}

TEST_CASE("a late joiner gets what was said before, once, and without pushes being repeated") {
    Network net = quiet();
    start(net, 8);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    std::vector<std::string> said;
    for (unsigned i = 0; i < 8; ++i) said.push_back(net.say(i, "before"));
    net.run(seconds(3));
    net.add(20);
    CHECK(net.until([&] { return net.peer(20).delivered.size() == 8; }, seconds(5)));
    net.run(seconds(30));
    for (const std::string& id : said) {
        CHECK(net.peer(20).delivered[id] == 1);
        CHECK(net.reach(id) == 8);
    }
    CHECK(net.count(20, NoticeKind::duplicate) == 0);
}

TEST_CASE("a partition that heals closes every hole") {
    Network net = quiet();
    start(net, 20);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    const auto side = [](NodeId id) { return endpoint(id).port % 2; };
    net.cut = [&](NodeId a, NodeId b) {
        return endpoint(a).port >= 7000 && endpoint(b).port >= 7000 && side(a) != side(b);
    };
    const std::string even = net.say(0, "even");
    const std::string odd = net.say(1, "odd");
    net.run(seconds(3));
    CHECK(net.reach(even) < 19);
    net.cut = nullptr;
    CHECK(net.until([&] { return net.reach(even) == 19 && net.reach(odd) == 19; }, seconds(30)));
    for (const auto& [id, p] : net.peers) {
        for (const auto& [rumor, times] : p.delivered) CHECK(times == 1);
    }
}

TEST_CASE("registration: pending without a quorum, dead seeds replaced, an old life answered with a newer one") {
    SUBCASE("pending is asked again until it is decided") {
        Network net = quiet();
        net.registering = false;
        net.add(0);
        net.run(seconds(30));
        CHECK_FALSE(net.machine(0).status().active);
        net.registering = true;
        CHECK(net.until([&] { return net.machine(0).status().active; }, seconds(12)));
    }
    SUBCASE("a seed that does not answer is asked again") {
        Network net = quiet();
        net.seed_silent = [&](NodeId, NodeId seed) { return seed != seed_id(2) || net.now() < Time{} + seconds(5); };
        net.add(0);
        CHECK(net.until([&] { return net.machine(0).status().registered; }, seconds(60)));
    }
    SUBCASE("an unreachable seed is replaced by another") {
        Network net = quiet();
        net.cut = [](NodeId, NodeId to) { return to == seed_id(0); };
        for (unsigned i = 0; i < 6; ++i) net.add(i);
        net.run(seconds(30));
        for (unsigned i = 0; i < 6; ++i) CHECK(net.count(i, NoticeKind::registration_complete) == 1);
    }
    SUBCASE("a newer life is taken when the list knows a later one") {
        Network net = quiet();
        const Incarnation later{static_cast<std::uint64_t>(Network::wall0) + 1'000'000};
        net.members[peer_id(0)] = {later, {}};
        net.add(0);
        CHECK(net.until([&] { return net.machine(0).status().active; }, seconds(5)));
        CHECK(net.machine(0).status().incarnation > later);
    }
}

TEST_CASE("a peer says which epoch it registered with, in every life") {
    Network net = quiet();
    const auto said = [&](unsigned index) { return net.last(index, NoticeKind::registration_complete)->epoch; };
    const auto says_it_again = [&] { return net.count(2, NoticeKind::registration_complete) == 2; };
    start(net, 3);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    for (unsigned i = 0; i < 3; ++i) CHECK(said(i) == i + 1);  // each was admitted by a decision of its own
    const Epoch before = net.machine(2).status().epoch;
    SUBCASE("restarted") {
        net.kill(2);
        net.add(2);
        REQUIRE(net.until(says_it_again, seconds(10)));
        CHECK(said(2) > before);
        CHECK(said(2) == net.machine(2).status().epoch);
    }
    SUBCASE("removed while it lives") {
        const Incarnation life = net.machine(2).status().incarnation;
        net.decide({{.kind = ChangeKind::remove, .peer = peer_id(2), .incarnation = life}});
        REQUIRE(net.until(says_it_again, seconds(10)));
        CHECK(said(2) >= before);
    }
}

TEST_CASE("what the user may publish") {
    Network net = quiet();
    net.add(0);
    CHECK(net.say(0, "too early").empty());
    start(net, 3);
    REQUIRE(net.until([&] { return settled(net); }, seconds(10)));
    CHECK(net.say(0, std::string(4097, 'x')).empty());
    const auto refused = net.count(0, NoticeKind::publish_refused);
    for (int i = 0; i < 30; ++i) net.say(0, "burst");
    CHECK(net.count(0, NoticeKind::publish_refused) == refused + 10);
    net.run(milliseconds(1500));
    CHECK(net.count(0, NoticeKind::said) == 20);
    net.say(0, "a second later");
    CHECK(net.count(0, NoticeKind::said) == 21);
}

TEST_CASE("a peer names itself, counts to ten and stops") {
    Network net(3);
    start(net, 2);
    net.run(seconds(120));
    CHECK(net.count(0, NoticeKind::generated) == 10);
    const Notice* last = net.last(0, NoticeKind::generated);
    REQUIRE(last != nullptr);
    CHECK(last->count == 10);
    CHECK(parse_rumor_id(last->rumor->id)->origin == peer_id(0));
    CHECK(net.peer(1).delivered.size() == 10);
}
