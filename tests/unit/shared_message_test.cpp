#include "protocol/shared_message.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace gossip;

TEST_CASE("a shared message says what it is") {
    const SharedMessage ping = msg::Ping{.sender = NodeId{7}, .sequence = 9};
    REQUIRE(ping.get_if<msg::Ping>() != nullptr);
    CHECK(ping.get_if<msg::Ping>()->sequence == 9);
    CHECK(ping.get_if<msg::Pong>() == nullptr);
    CHECK(ping.visit([]<class T>(const T&) { return std::is_same_v<T, msg::Ping>; }));
    CHECK(ping.index() == Message(msg::Ping{}).index());
    CHECK(std::get<msg::Ping>(*ping).sender == NodeId{7});  // as a variant
}

TEST_CASE("a shared message of a variant, or of nothing, is one like any") {
    const SharedMessage fetched = Message(msg::GetDelta{12});
    CHECK(fetched.get_if<msg::GetDelta>()->since == 12);
    const SharedMessage nothing;
    CHECK(nothing.index() == 0);
    CHECK(nothing.get_if<msg::RegisterRequest>() != nullptr);
    CHECK(std::holds_alternative<msg::RegisterRequest>(*nothing));
}

TEST_CASE("what a shared message holds lives as long as one of its holders, detached or not") {
    const auto rumor = make_rumor();
    SharedMessage first = msg::Gossip{rumor, NodeId{1}, 1, 0, false};
    SharedMessage second = first;
    CHECK(rumor.use_count() == 2);  // one object for both
    const std::uint64_t detached = std::move(second).detach();
    CHECK(SharedMessage::look(detached, [](const SharedMessage& m) { return m.get_if<msg::Gossip>()->hop; }) == 1);
    first = {};
    CHECK(rumor.use_count() == 2);
    {
        const SharedMessage adopted = SharedMessage::adopt(detached);
        CHECK(adopted.get_if<msg::Gossip>()->rumor == rumor);
        CHECK(std::get<msg::Gossip>(*adopted).rumor == rumor);  // the variant is a copy
        CHECK(rumor.use_count() == 3);
    }
    CHECK(rumor.use_count() == 1);
}

TEST_CASE("blocks of ended messages serve for new ones without mixing them up") {
    std::vector<SharedMessage> kept;
    for (std::uint32_t round = 0; round < 3; ++round) {
        for (std::uint32_t i = 0; i < 200; ++i) {
            kept.emplace_back(msg::Error{std::to_string(i), std::string(i, 'x')});
            kept.emplace_back(msg::GetPeerList{i});
        }
        for (std::uint32_t i = 0; i < 200; ++i) {
            CHECK(kept[2 * i].get_if<msg::Error>()->text.size() == i);
            CHECK(kept[2 * i + 1].get_if<msg::GetPeerList>()->page == i);
        }
        kept.clear();
    }
}
