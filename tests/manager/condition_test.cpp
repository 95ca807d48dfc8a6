#include "manager/view/condition.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

constexpr NodeId at(std::uint16_t port) { return node_id({0x7f000001, port}); }

// Three seeds and four peers in a line 7000 - 7001 - 7002 - 7003, all listed.
class Cluster {
public:
    Cluster() {
        view.configure(3);
        for (std::uint16_t port = 6000; port < 6003; ++port) start(port, Role::seed);
        for (std::uint16_t port = 7000; port < 7004; ++port) start(port, Role::peer);
        for (std::uint16_t port = 6000; port < 6003; ++port) list(port, 1, {7000, 7001, 7002, 7003});
        for (std::uint16_t port = 7000; port < 7003; ++port) {
            link(port, port + 1);
            link(port + 1, port);
        }
    }

    void start(std::uint16_t port, Role role) {
        view.node_started(at(port), role);
        view.node_state(at(port), NodeState::alive);
    }

    void list(std::uint16_t seed, Epoch epoch, const std::vector<std::uint16_t>& ports) {
        Notice n = notice(NoticeKind::epoch_applied);
        n.epoch = epoch;
        n.digest.bytes[0] = static_cast<std::uint8_t>(epoch);
        for (const std::uint16_t port : ports) n.ids.push_back(at(port));
        tell(seed, n);
    }

    void link(int a, int b) {
        Notice n = notice(NoticeKind::link_up);
        n.other = at(static_cast<std::uint16_t>(b));
        tell(static_cast<std::uint16_t>(a), n);
    }

    void unlink(std::uint16_t a, std::uint16_t b) {
        Notice n = notice(NoticeKind::link_down);
        n.other = at(b);
        tell(a, n);
    }

    void rumor(std::uint16_t node, NoticeKind kind, std::uint16_t from = 0) {
        Rumor rumor;
        rumor.id = "1.000:127.0.0.1:7000:1";
        rumor.origin = at(7000);
        Notice n = notice(kind);
        n.rumor = make_rumor(rumor);
        n.other = at(from);
        n.hop = kind == NoticeKind::said ? 0 : 1;
        tell(node, n);
    }

    static Notice notice(NoticeKind kind) {
        Notice n;
        n.kind = kind;
        return n;
    }

    void tell(std::uint16_t node, const Notice& n) { view.apply({++clock, 0, at(node), n}); }

    std::variant<Outcome, std::string> ask(std::string_view text) {
        auto parsed = parse_condition(text);
        if (auto* problem = std::get_if<std::string>(&parsed)) return "parse: " + *problem;
        return evaluate(std::get<Condition>(parsed), view, [](NodeId node, const std::string& wanted) {
            return node == at(7000) && wanted == "DEAD NODE";
        });
    }

    Outcome outcome(std::string_view text) {
        auto answer = ask(text);
        REQUIRE_MESSAGE(std::holds_alternative<Outcome>(answer), text);
        return std::get<Outcome>(answer);
    }
    bool holds(std::string_view text) { return outcome(text).holds; }
    std::string problem(std::string_view text) {
        auto answer = ask(text);
        REQUIRE_MESSAGE(std::holds_alternative<std::string>(answer), text);
        return std::get<std::string>(answer);
    }

    ClusterView view;
    std::int64_t clock{0};
};

}  // namespace

TEST_CASE("conditions on latency and on the degrees' law are read") {
    for (const std::string good : {"p95(latency) < 200ms", "p50(latency last) <= 1s", "p99 (latency) < 1.5s",
                                   "alpha in 2..3.5", "alpha >= 2", "not alpha in 2..3"}) {
        CAPTURE(good);
        CHECK(std::holds_alternative<Condition>(parse_condition(good)));
    }
    for (const std::string bad : {"p95 < 200ms", "p95(latency) < 200", "p95(latency last", "alpha in 3..2",
                                  "alpha in 2", "p95(latency)", "alpha"}) {
        CAPTURE(bad);
        CHECK(std::holds_alternative<std::string>(parse_condition(bad)));
    }
}

TEST_CASE("p95(latency): nearest rank over the deliveries, of one message or of all") {
    ClusterView view;
    Rumor rumor;
    rumor.id = "1.0:127.0.0.1:7000:1";
    const auto id = [](std::uint16_t port) { return node_id({0x7f000001, port}); };
    Notice said{NoticeKind::said};
    said.rumor = make_rumor(rumor);
    view.apply({1'000'000, 0, id(7000), said});
    const LogSearch no_log = [](NodeId, const std::string&) { return false; };
    const auto holds = [&](const std::string& text) {
        const auto outcome = evaluate(std::get<Condition>(parse_condition(text)), view, no_log);
        return std::holds_alternative<Outcome>(outcome) && std::get<Outcome>(outcome).holds;
    };
    CHECK_FALSE(holds("p95(latency) < 1000s"));  // nothing was delivered yet
    for (std::uint16_t i = 1; i <= 20; ++i) {
        Notice got = said;
        got.kind = NoticeKind::delivered;
        got.hop = 1;
        view.apply({1'000'000 + i * 1'000'000, 0, id(static_cast<std::uint16_t>(7000 + i)), got});
    }
    CHECK(holds("p95(latency) <= 19ms"));
    CHECK_FALSE(holds("p95(latency) < 19ms"));
    CHECK(holds("p50(latency last) == 10ms"));
    CHECK(std::holds_alternative<std::string>(
        evaluate(std::get<Condition>(parse_condition("p50(latency 7000:9) < 1s")), view, no_log)));
}

TEST_CASE("comparisons compare, with every operator and both short forms") {
    Cluster c;
    CHECK(c.holds("registered == 4"));
    CHECK(c.holds("registered==4"));
    CHECK(c.holds("registered 4"));
    CHECK(c.holds("members 4"));
    CHECK_FALSE(c.holds("registered 5"));
    CHECK(c.holds("registered != 5"));
    CHECK(c.holds("registered < 5"));
    CHECK_FALSE(c.holds("registered < 4"));
    CHECK(c.holds("registered <= 4"));
    CHECK(c.holds("registered > 3"));
    CHECK_FALSE(c.holds("registered > 4"));
    CHECK(c.holds("registered >= 4"));
    CHECK(c.holds("registered == all"));
    CHECK(c.holds("registered > quorum"));
    CHECK(c.holds("registered > seeds"));
}

TEST_CASE("registered wants a quorum of seeds with one list") {
    Cluster c;
    c.list(6000, 2, {7000, 7001, 7002});
    CHECK(c.holds("registered == 4"));
    c.list(6001, 2, {7000, 7001, 7002});
    CHECK(c.holds("registered == 3"));
    c.list(6002, 3, {7000, 7001});
    CHECK(c.holds("registered == 3"));
    c.list(6001, 4, {7000});
    const Outcome o = c.outcome("registered == 1");
    CHECK_FALSE(o.holds);
    CHECK(o.differ.find("1 of 3 seeds hold that list, 2 needed") != std::string::npos);
    CHECK(c.outcome("registered == 4").differ.find("7003") != std::string::npos);
}

TEST_CASE("a paused or dead seed's list does not count") {
    Cluster c;
    c.view.node_state(at(6000), NodeState::paused);
    CHECK(c.holds("registered == 4"));
    c.view.node_state(at(6001), NodeState::killed);
    CHECK_FALSE(c.holds("registered == 4"));
}

TEST_CASE("removed: no live seed lists it any more") {
    Cluster c;
    CHECK_FALSE(c.holds("removed 7003"));
    c.list(6000, 2, {7000, 7001, 7002});
    c.list(6001, 2, {7000, 7001, 7002});
    const Outcome half = c.outcome("removed 7003");
    CHECK_FALSE(half.holds);
    CHECK(half.differ == "6002 still lists 7003; last: 7003: Link with 127.0.0.1:7002 is up (preferential)");
    c.list(6002, 2, {7000, 7001, 7002});
    CHECK(c.holds("removed 7003"));
    CHECK_FALSE(c.holds("removed 7002,7003"));
    CHECK(c.holds("not removed 7002"));
    CHECK(c.problem("removed 7999") == "no such node: 7999");
    c.start(7004, Role::peer);
    CHECK(c.outcome("removed 7004").differ == "7004 was never registered");
}

TEST_CASE("agree: all live seeds, whatever the quorum says") {
    Cluster c;
    CHECK(c.holds("agree"));
    c.list(6002, 2, {7000});
    const Outcome o = c.outcome("agree");
    CHECK_FALSE(o.holds);
    CHECK(o.left == "2 lists");
    CHECK(o.differ == "6000, 6001 at epoch 1 digest 01000000; 6002 at epoch 2 digest 02000000");
    c.view.node_state(at(6002), NodeState::killed);
    CHECK(c.holds("agree"));
    c.start(6002, Role::seed);
    CHECK(c.outcome("agree").differ.find("6002 not heard of yet") != std::string::npos);
}

TEST_CASE("connected counts links that both ends hold") {
    Cluster c;
    CHECK(c.holds("connected"));
    c.unlink(7002, 7001);
    const Outcome o = c.outcome("connected");
    CHECK_FALSE(o.holds);
    CHECK(o.left == "2 components");
    c.link(7003, 7000);
    CHECK_FALSE(c.holds("connected"));
    c.link(7000, 7003);
    CHECK(c.holds("connected"));
    c.view.node_state(at(7003), NodeState::killed);
    CHECK_FALSE(c.holds("connected"));
}

TEST_CASE("reached and coverage count live registered peers") {
    Cluster c;
    CHECK(c.problem("reached last == all").find("nothing was said yet") == 0);
    c.rumor(7000, NoticeKind::said);
    c.rumor(7001, NoticeKind::delivered, 7000);
    c.rumor(7002, NoticeKind::delivered, 7001);
    const Outcome o = c.outcome("reached last == all");
    CHECK_FALSE(o.holds);
    CHECK(o.left == "3");
    CHECK(o.right == "== all (4)");
    CHECK(o.differ == "missing 7003 (on its way from 7002)");
    CHECK(c.holds("coverage(last) >= 0.75"));
    CHECK(c.holds("coverage(last) == 75%"));
    CHECK_FALSE(c.holds("coverage(last) > 75%"));
    c.view.node_state(at(7003), NodeState::killed);
    CHECK(c.holds("reached last == all"));
    CHECK(c.holds("reached 1.000:127.0.0.1:7000:1 == 3"));
    CHECK(c.holds("reached(7000:1) == 3"));
    CHECK(c.problem("reached 7000:2 == 3") == "no such message: 7000:2");
}

TEST_CASE("degrees of live registered peers") {
    Cluster c;
    CHECK(c.holds("degree.max == 2"));
    CHECK(c.holds("degree.min == 1"));
    CHECK(c.holds("degree.mean == 1.5"));
    CHECK(c.outcome("degree.min >= 2").differ == "7000 has 1");
}

TEST_CASE("alive, log, suspects") {
    Cluster c;
    CHECK(c.holds("alive(7003)"));
    CHECK(c.holds("alive 7003"));
    c.view.node_state(at(7003), NodeState::paused);
    CHECK(c.outcome("alive(7003)").differ == "7003 is paused");
    CHECK(c.holds("! alive(7003)"));
    CHECK(c.holds("log 7000 ~ \"DEAD NODE\""));
    CHECK_FALSE(c.holds("log 7001 ~ \"DEAD NODE\""));
    Notice n = Cluster::notice(NoticeKind::suspected);
    n.subject = at(7003);
    c.tell(7002, n);
    CHECK(c.holds("suspects == 1"));
    n.kind = NoticeKind::suspicion_cancelled;
    c.tell(7002, n);
    CHECK(c.holds("suspects == 0"));
}

TEST_CASE("votes count one a seed, of the latest proposal") {
    Cluster c;
    CHECK(c.outcome("votes(remove 7003).yes >= quorum").differ == "nobody proposed that");
    Notice n = Cluster::notice(NoticeKind::proposal_opened);
    n.subject = at(7003);
    n.proposal = 9;
    c.tell(6000, n);
    n.kind = NoticeKind::vote_cast;
    n.yes = true;
    c.tell(6001, n);
    n.kind = NoticeKind::vote_received;
    n.other = at(6001);
    c.tell(6000, n);
    c.tell(6000, n);
    CHECK(c.holds("votes(remove 7003).yes == 2"));
    CHECK(c.holds("votes(remove 7003).yes >= quorum"));
    CHECK(c.holds("votes(remove 7003).no == 0"));
    n.other = at(6002);
    n.yes = false;
    c.tell(6000, n);
    CHECK(c.outcome("votes(remove 7003).no == 0").differ == "no: 6002");
    CHECK(c.holds("votes(add 7003).yes == 0"));
}

TEST_CASE("what is no condition says what is wrong") {
    struct Case {
        const char* text;
        const char* says;
    };
    for (const Case& bad : std::initializer_list<Case>{
             {"", "a condition is missing"},
             {"registerd == 5", "did you mean registered?"},
             {"frobnicate", "unknown condition"},
             {"registered ==", "the value is missing"},
             {"registered == five", "\"five\" is not a number"},
             {"registered == 5 6", "\"6\" is too much"},
             {"degree.max 5", "is missing, as in: degree.max >= 5"},
             {"removed", "a node is missing"},
             {"removed x", "names no node"},
             {"alive(7003", ") is missing"},
             {"agree now", "\"now\" is too much"},
             {"reached == 5", "a message is missing"},
             {"reached last 5", "one of == != < <= > >= is missing"},
             {"log 7003 \"x\"", "~ is missing"},
             {"log 7003 ~", "the text is missing"},
             {"log 7003 ~ \"x", "is not closed"},
             {"votes 7003 >= 1", "( is missing"},
             {"votes(drop 7003).yes == 1", "add or remove is missing"},
             {"votes(add 7003) == 1", ".yes or .no is missing"},
         }) {
        const auto parsed = parse_condition(bad.text);
        REQUIRE_MESSAGE(std::holds_alternative<std::string>(parsed), bad.text);
        CHECK_MESSAGE(std::get<std::string>(parsed).find(bad.says) != std::string::npos, std::get<std::string>(parsed));
    }
}
