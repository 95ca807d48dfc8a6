#include "manager/view/selector.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

constexpr NodeId at(std::uint16_t port) { return node_id({0x7f000001, port}); }

using Ids = std::vector<NodeId>;

ClusterView sample() {
    ClusterView view;
    view.configure(3);
    for (std::uint16_t port = 6000; port < 6003; ++port) view.node_started(at(port), Role::seed);
    for (std::uint16_t port = 7000; port < 7005; ++port) view.node_started(at(port), Role::peer);
    for (const auto& [id, node] : std::map(view.nodes())) view.node_state(id, NodeState::alive);
    view.node_state(at(7003), NodeState::killed);
    view.node_state(at(7004), NodeState::paused);
    for (const NodeId other : {at(7000), at(7002)}) {
        NodeEvent event;
        event.node = at(7001);
        event.notice.kind = NoticeKind::link_up;
        event.notice.other = other;
        view.apply(event);
    }
    return view;
}

std::variant<Ids, std::string> pick(std::string_view text, Among among = Among::running) {
    const ClusterView view = sample();
    Rng rng{7};
    auto parsed = parse_selector(text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return "parse: " + *problem;
    return select(std::get<Selector>(parsed), view, among, rng);
}

Ids ids(std::string_view text, Among among = Among::running) {
    auto picked = pick(text, among);
    REQUIRE_MESSAGE(std::holds_alternative<Ids>(picked), text);
    return std::get<Ids>(picked);
}

std::string problem(std::string_view text) {
    auto picked = pick(text);
    REQUIRE_MESSAGE(std::holds_alternative<std::string>(picked), text);
    return std::get<std::string>(picked);
}

}  // namespace

TEST_CASE("host=IP means the nodes on that address") {
    ClusterView view;
    const NodeId here = node_id({0x7f000001, 7000});
    const NodeId there = node_id({0x0a000002, 7000});
    for (const NodeId id : {here, there}) {
        view.node_started(id, Role::peer);
        view.node_state(id, NodeState::alive);
    }
    Rng rng{1};
    const auto chosen = [&](const std::string& text) {
        return select(std::get<Selector>(parse_selector(text)), view, Among::running, rng);
    };
    CHECK(std::get<std::vector<NodeId>>(chosen("host=10.0.0.2")) == std::vector<NodeId>{there});
    CHECK(std::get<std::string>(chosen("host=10.0.0.3")) == "no node on 10.0.0.3");
    CHECK(std::holds_alternative<std::string>(parse_selector("host=")));
}

TEST_CASE("host=NAME means the nodes of a [[host]]") {
    ClusterView view;
    const NodeId here = node_id({0x7f000001, 7000});
    const NodeId there = node_id({0x7f000002, 7001});
    view.set_hosts({"h1", "bigbox"});
    view.node_started(here, Role::peer);
    view.node_started(there, Role::peer, "h1");
    Rng rng{1};
    const auto chosen = [&](const std::string& text) {
        return select(std::get<Selector>(parse_selector(text)), view, Among::running, rng);
    };
    CHECK(std::get<std::vector<NodeId>>(chosen("host=h1")) == std::vector<NodeId>{there});
    CHECK(std::get<std::vector<NodeId>>(chosen("host=127.0.0.2")) == std::vector<NodeId>{there});
    CHECK(std::get<std::vector<NodeId>>(chosen("host=127.0.0.1")) == std::vector<NodeId>{here});
    CHECK(std::get<std::string>(chosen("host=bigbox")) == "no node on bigbox");
    CHECK(std::get<std::string>(chosen("host=bigbx")) == "no host \"bigbx\" is configured; did you mean bigbox?");
    CHECK(std::get<std::string>(chosen("host=elsewhere")) ==
          "no host \"elsewhere\" is configured; there is h1, bigbox");
    view.set_hosts({});
    CHECK(std::get<std::string>(chosen("host=h7")) ==
          "no host \"h7\": none is configured; see [[host]] in config.toml");
    CHECK(std::holds_alternative<std::string>(parse_selector("host=../h1")));
}

TEST_CASE("nodes by port and by address, in any state") {
    CHECK(ids("7003") == Ids{at(7003)});
    CHECK(ids("127.0.0.1:7001") == Ids{at(7001)});
    CHECK(problem("7099") == "no such node: 7099");
    CHECK(problem("10.0.0.1:7001") == "no such node: 10.0.0.1:7001");
}

TEST_CASE("groups are filtered by who runs") {
    CHECK(ids("peers") == Ids{at(7000), at(7001), at(7002), at(7004)});
    CHECK(ids("peers", Among::known).size() == 5);
    CHECK(ids("seeds") == Ids{at(6000), at(6001), at(6002)});
    CHECK(ids("all").size() == 7);
    CHECK(ids("7002-7004") == Ids{at(7002), at(7004)});
    CHECK(problem("7100-7200") == "no node in 7100-7200");
}

TEST_CASE("lists keep their order and name nobody twice") {
    CHECK(ids("7002,7000,7001-7002") == Ids{at(7002), at(7000), at(7001)});
    CHECK(problem("7000,7099") == "no such node: 7099");
}

TEST_CASE("the hub has the most links; random ones are alive and distinct") {
    CHECK(ids("@hub") == Ids{at(7001)});
    const Ids two = ids("@random:2");
    CHECK(two.size() == 2);
    CHECK(two[0] != two[1]);
    CHECK(ids("@random:50").size() == 3);
    CHECK(ids("@random").size() == 1);
}

TEST_CASE("what is no selector says what would be one") {
    for (const char* bad : {"", "x", "7000,", ",", "0", "65536", "7005-7001", "@random:0", "@random:x", "@spoke",
                            "-7000", "127.0.0.1:0", "300.0.0.1:7000"}) {
        CHECK_MESSAGE(problem(bad).find("names no node; use 7003") != std::string::npos, bad);
    }
}

TEST_CASE("nodes elsewhere are shown, never chosen by a group") {
    ClusterView view = sample();
    NodeEvent added;
    added.node = at(6000);
    added.notice.kind = NoticeKind::member_added;
    added.notice.subject = at(7900);
    view.apply(added);
    Rng rng{7};
    const Selector all = std::get<Selector>(parse_selector("all"));
    CHECK(std::get<Ids>(select(all, view, Among::known, rng)).size() == 8);
    CHECK(std::get<Ids>(select(all, view, Among::seen, rng)).size() == 9);
}
