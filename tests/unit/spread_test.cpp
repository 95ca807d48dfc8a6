// The rows of protocol/spread/table.cpp.

#include "protocol/spread.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

using namespace gossip;

TEST_CASE("every way to spread says what it is, under a name of its own; the first is the default") {
    std::set<std::string_view> names;
    for (const SpreadMode* mode : spread_modes()) {
        CAPTURE(mode->name());
        CHECK(names.insert(mode->name()).second);
        CHECK(find_spread(mode->name()) == mode);
        CHECK_FALSE(mode->facts().source.empty());
        CHECK_FALSE(mode->facts().rule.empty());
        CHECK_FALSE(mode->facts().options.empty());
        CHECK((mode->facts().number != nullptr) == !mode->facts().number_key.empty());
    }
    CHECK(GossipConfig{}.mode == find_spread("flood"));
    CHECK(find_spread("shout") == nullptr);
}

TEST_CASE("only a tree prunes, and auto above its rate") {
    GossipConfig config;
    config.tree_above = 100;
    const auto prunes = [&config](const char* mode, std::uint64_t rate) {
        return find_spread(mode)->prunes(config, rate);
    };
    CHECK(prunes("tree", 0));
    CHECK_FALSE(prunes("flood", 1'000'000));
    CHECK_FALSE(prunes("push", 1'000'000));
    CHECK_FALSE(prunes("auto", 99));
    CHECK(prunes("auto", 100));
    for (const SpreadMode* mode : spread_modes()) {
        CHECK(mode->weighs() == (mode->name() == "auto"));
        CHECK(mode->floods() == (mode->name() == "flood"));
    }
}

TEST_CASE("push takes as many links as its fan-out, each as likely, and all where there are fewer") {
    const GossipConfig config{.mode = find_spread("push"), .fanout = 3};
    Rng rng(5);
    std::map<NodeId, int> taken;
    for (int i = 0; i < 4'000; ++i) {
        std::vector<NodeId> links{NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}};
        REQUIRE(config.mode->choose({config, 1}, links, rng) == 3);
        for (std::size_t k = 0; k < 3; ++k) ++taken[links[k]];
        std::sort(links.begin(), links.end());
        REQUIRE(links == std::vector{NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}});
    }
    for (const auto& [id, count] : taken) CHECK(count == doctest::Approx(3'000).epsilon(0.05));
    std::vector<NodeId> two{NodeId{1}, NodeId{2}};
    CHECK(config.mode->choose({config, 1}, two, rng) == 2);
    CHECK(config.mode->choose({config, 1}, {}, rng) == 0);
}
