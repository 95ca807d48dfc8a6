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

const NodeId foreigner = peer_id(500);

// A network of four and a node that speaks document 000's dialect: it answers PING, and keeps the rest.
struct Mixed {
    Network net;
    std::vector<Message> heard;
    bool mute{false};

    Mixed() {
        net.config.gossip.max_messages = 0;
        for (unsigned i = 0; i < 4; ++i) {
            net.add(i);
            net.run(milliseconds(20));
        }
        REQUIRE(net.until([&] { return net.all_active() && net.connected(); }, seconds(10)));
        net.run(seconds(5));
        net.foreigners[foreigner] = [this](NodeId from, const Message& m) {
            heard.push_back(m);
            if (mute || !std::holds_alternative<msg::Ping>(m)) return;
            // Answered on the connection that our peer dialled: under the name it dialled.
            net.feed(from, Received{foreigner, Trust::anonymous, msg::Pong{.sender = foreigner}});
        };
    }
    [[nodiscard]] bool linked(unsigned index) {
        const auto links = net.machine(index).status().links;
        return std::binary_search(links.begin(), links.end(), foreigner);
    }
    template <class M>
    [[nodiscard]] std::vector<M> all() const {
        std::vector<M> result;
        for (const Message& m : heard) {
            if (const auto* match = std::get_if<M>(&m)) result.push_back(*match);
        }
        return result;
    }
    [[nodiscard]] msg::Gossip gossip(std::uint64_t number) const {
        auto rumor = make_rumor();
        rumor->id = "1708776008.5:127.0.0.1:7500:" + std::to_string(number);
        return {rumor, foreigner, 0, 0, false};
    }
};

}  // namespace

TEST_CASE("a ping of protocol 0 is answered on its connection and makes a link") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = foreigner});
    m.net.run(seconds(1));
    REQUIRE(m.all<msg::Pong>().size() == 1);
    CHECK(m.all<msg::Pong>()[0].sender == peer_id(0));
    CHECK(m.all<msg::Pong>()[0].record.empty());
    CHECK(m.linked(0));
    CHECK(m.net.last(0, NoticeKind::link_up)->link == LinkKind::implied);
}

TEST_CASE("gossip of protocol 0 is delivered once everywhere, and ours is pushed to it") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), m.gossip(1));
    m.net.foreign(foreigner, peer_id(1), m.gossip(1));
    m.net.foreign(foreigner, peer_id(0), m.gossip(1));
    m.net.run(seconds(1));
    CHECK(m.net.reach("1708776008.5:127.0.0.1:7500:1") == 4);
    for (const auto& [id, p] : m.net.peers) CHECK(p.delivered.at("1708776008.5:127.0.0.1:7500:1") == 1);
    const std::string said = m.net.say(3, "hello");
    m.net.run(seconds(1));
    const auto got = m.all<msg::Gossip>();
    CHECK(std::any_of(got.begin(), got.end(), [&](const msg::Gossip& g) { return g.rumor->id == said; }));
}

TEST_CASE("what was said before its link came up reaches a peer of protocol 0, in order") {
    Mixed m;
    std::vector<std::string> said;
    for (const char* text : {"one", "two", "three"}) {
        said.push_back(m.net.say(3, text));
        m.net.run(milliseconds(50));
    }
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = foreigner});
    m.net.run(seconds(1));
    std::vector<std::string> got;
    for (const msg::Gossip& g : m.all<msg::Gossip>()) got.push_back(g.rumor->id);
    CHECK(got == said);
}

TEST_CASE("our message that comes back without its incarnation is still the same message") {
    Mixed m;
    const std::string said = m.net.say(3, "hello");
    m.net.run(seconds(1));
    auto stripped = make_rumor();
    stripped->id = said;
    m.net.foreign(foreigner, peer_id(0), msg::Gossip{stripped, foreigner, 0, 0, false});
    m.net.run(seconds(1));
    CHECK(m.net.peer(0).delivered.at(said) == 1);
}

TEST_CASE("nobody without a key speaks in the name of a peer that has one") {
    Mixed m;
    const auto forged = [](const char* id, Incarnation life) {
        auto rumor = make_rumor();
        rumor->id = id;
        rumor->text = "not mine";
        rumor->typed = true;
        rumor->incarnation = life;
        return rumor;
    };
    const Incarnation life = m.net.machine(3).status().incarnation;
    m.net.foreign(foreigner, peer_id(0), msg::Gossip{forged("1:127.0.0.1:7003:1", life), foreigner, 1, 0, false});
    m.net.foreign(foreigner, peer_id(0), msg::Gossip{forged("1:127.0.0.1:7003:2", {}), foreigner, 1, 0, false});
    m.net.foreign(foreigner, peer_id(0), msg::Gossip{forged("1:127.0.0.1:7000:3", {}), foreigner, 1, 0, false});
    m.net.run(seconds(2));
    for (const auto& [id, p] : m.net.peers) CHECK(p.delivered.empty());
    CHECK(m.net.count(0, NoticeKind::refused_message) == 3);
    const std::string said = m.net.say(3, "mine");  // and its own numbers are unused
    m.net.run(seconds(1));
    CHECK(m.net.reach(said) == 3);
}

TEST_CASE("a candidate of protocol 0 is dialled by a ping, and its answer is the link") {
    Mixed m;
    m.net.add(9);
    m.net.inject(seed_id(0), Trust::seed, peer_id(9), msg::Candidates{1, {}, {{foreigner, 50, 0}}});
    CHECK(m.net.until([&] { return m.linked(9); }, seconds(10)));
    CHECK(m.all<msg::LinkRequest>().empty());
    CHECK(m.all<msg::RepairDigest>().empty());
}

TEST_CASE("protocol 0 gets testimony in its own words") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), msg::SuspectQuery{.sender = foreigner, .suspect = peer_id(1)});
    m.net.foreign(foreigner, peer_id(0), msg::SuspectQuery{.sender = foreigner, .suspect = peer_id(77)});
    m.net.run(seconds(2));
    const auto answers = m.all<msg::SuspectResponse>();
    REQUIRE(answers.size() == 2);
    CHECK_FALSE(answers[0].confirmed);
    CHECK(answers[1].confirmed);
}

TEST_CASE("a silent neighbour of protocol 0 is dropped and reported without incarnation") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = foreigner});
    m.net.run(seconds(1));
    REQUIRE(m.linked(0));
    m.mute = true;
    CHECK(m.net.until([&] { return !m.linked(0); }, seconds(80)));
    m.net.run(seconds(1));
    REQUIRE_FALSE(m.net.reports.empty());
    CHECK(m.net.reports[0].suspect == foreigner);
    CHECK(m.net.reports[0].incarnation == Incarnation::none);
    CHECK(m.net.members.size() == 4);
}

TEST_CASE("a name in a payload proves nothing about a peer that can say HELLO") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = peer_id(1)});
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = peer_id(0)});
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = seed_id(0)});
    m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = NodeId::none});
    CHECK(m.net.machine(0).status().links == std::vector<NodeId>{peer_id(1), peer_id(2), peer_id(3)});
    // Nor does it keep a dead one alive.
    m.net.kill(1);
    for (int i = 0; i < 40; ++i) {
        m.net.foreign(foreigner, peer_id(0), msg::Ping{.sender = peer_id(1)});
        m.net.run(milliseconds(50));
    }
    CHECK(m.net.members.size() == 3);
}

TEST_CASE("what only seeds and peers may ask is refused politely") {
    Mixed m;
    m.net.foreign(foreigner, peer_id(0), msg::GetPeerList{});
    m.net.run(seconds(1));
    REQUIRE(m.all<msg::Error>().size() == 1);
    CHECK(m.all<msg::Error>()[0].code == "not_a_seed");
    const auto links = m.net.machine(0).status().links;
    const auto refused = m.net.count(0, NoticeKind::refused_message);
    m.net.foreign(foreigner, peer_id(0), msg::LinkRequest{});
    m.net.foreign(foreigner, peer_id(0), msg::Commit{});
    m.net.foreign(foreigner, peer_id(0), msg::RepairDigest{});
    m.net.foreign(foreigner, peer_id(0), msg::Pull{});
    m.net.foreign(foreigner, peer_id(0), msg::Unlink{"leaving"});
    CHECK(m.net.count(0, NoticeKind::refused_message) == refused + 3);
    m.net.run(seconds(1));
    REQUIRE(m.all<msg::LinkReject>().size() == 1);
    CHECK(m.all<msg::LinkReject>()[0].reason == "no member's credential");
    CHECK(m.net.machine(0).status().links == links);
}
