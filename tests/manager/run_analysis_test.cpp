// What a run came to, from lines written by hand.

#include "manager/runs/run_comparison.hpp"
#include "manager/runs/run_export.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace gossip;

namespace {

constexpr std::int64_t ms = 1'000'000;
NodeId node(std::uint16_t port) { return node_id({0x7f000001, port}); }

// A run of one seed and peers 7000 …, told event by event.
struct Story {
    RunAnalysis run;
    std::int64_t now{1000 * ms};

    explicit Story(std::uint16_t peers) {
        run.apply(RunBegan{{now, 0}, 1, "v", 42, 1});
        state(6000, NodeState::starting, Role::seed);
        state(6000, NodeState::alive, Role::seed);
        for (std::uint16_t i = 0; i < peers; ++i) join(static_cast<std::uint16_t>(7000 + i));
    }
    void join(std::uint16_t port) {
        state(port, NodeState::starting);
        state(port, NodeState::alive);
        say(port, NoticeKind::registration_complete, {});
    }
    void state(std::uint16_t port, NodeState state, Role role = Role::peer) {
        run.apply(RunState{{now, 0}, node(port), role, state});
    }
    // By a signal that was sent `before` the manager heard of the end.
    void strike(std::uint16_t port, NodeState state, std::int64_t before = 0) {
        run.apply(RunState{{now, 0}, node(port), Role::peer, state, 0, now - before});
    }
    void say(std::uint16_t by, NoticeKind kind, Notice notice, std::int64_t after = 0) {
        notice.kind = kind;
        run.apply(NodeEvent{now + after, 0, node(by), notice});
    }
    void publish(std::uint16_t by, const std::string& id) {
        Notice n = about(id);
        const_cast<Rumor&>(*n.rumor).text = "hello, \"all\"";
        say(by, NoticeKind::said, n);
    }
    static Notice about(const std::string& id) {
        Notice n;
        Rumor rumor;
        rumor.id = id;
        n.rumor = make_rumor(rumor);
        return n;
    }
    void deliver(const std::string& id, std::uint16_t from, std::uint16_t to, std::uint32_t hop, std::int64_t after) {
        Notice n = about(id);
        n.other = node(from);
        n.hop = hop;
        say(to, NoticeKind::delivered, n, after);
    }
    void on(std::uint16_t by, NoticeKind kind, std::uint16_t subject, std::int64_t after, Epoch epoch = 0) {
        Notice n;
        n.subject = node(subject);
        n.epoch = epoch;
        say(by, kind, n, after);
    }
};

const RunFigure& figure(const std::vector<RunFigure>& figures, const std::string& name) {
    for (const RunFigure& f : figures) {
        if (f.name == name) return f;
    }
    FAIL("no figure " << name);
    return figures.front();
}

}  // namespace

TEST_CASE("run analysis: latency, hops, coverage and copies of a message") {
    Story story(4);
    story.deliver("a", 7000, 7001, 1, 2 * ms);  // its receipt comes before its origin's own event
    story.publish(7000, "a");
    story.deliver("a", 7001, 7002, 2, 5 * ms);
    Notice again = Story::about("a");
    again.other = node(7002);
    story.say(7001, NoticeKind::duplicate, again, 6 * ms);
    Notice sent = Story::about("a");
    sent.count = 3;
    story.say(7000, NoticeKind::forwarded, sent);
    story.run.apply(RunClosing{{story.now + 20'000 * ms, 0}});
    story.deliver("a", 7001, 7003, 3, 20'001 * ms);  // after the end: says nothing
    story.run.finish();
    const RunMessage& m = story.run.messages().at(0);
    CHECK(m.targets == 4);
    CHECK(m.reached == 3);
    CHECK(m.duplicates == 1);
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "latency_ms").samples == std::vector<double>{2, 5});
    CHECK(figure(figures, "hops").samples == std::vector<double>{1, 2});
    CHECK(figure(figures, "coverage").samples == std::vector<double>{0.75});
    CHECK(figure(figures, "sends_per_message").samples == std::vector<double>{3});
    CHECK(figure(figures, "to_all_ms").samples.empty());
    CHECK(!summarize(figure(figures, "to_all_ms")).spread.mean);
}

TEST_CASE("run analysis: who died soon after or came later is not held to have missed a message") {
    Story story(3);
    story.publish(7000, "a");
    story.deliver("a", 7000, 7001, 1, ms);
    story.now += 3000 * ms;
    story.state(7002, NodeState::killed);
    story.join(7003);
    story.run.apply(RunClosing{{story.now + 60'000 * ms, 0}});
    story.run.finish();
    CHECK(story.run.messages().at(0).targets == 2);
    CHECK(story.run.messages().at(0).coverage() == 1);
}

TEST_CASE("run analysis: every step from a death to the last who learns of it") {
    Story story(3);
    story.now += 1000 * ms;
    story.strike(7002, NodeState::killed);
    story.on(7000, NoticeKind::suspected, 7002, 10 * ms);
    story.on(7001, NoticeKind::suspected, 7002, 12 * ms);
    story.on(7000, NoticeKind::peer_consensus, 7002, 20 * ms);
    story.on(6000, NoticeKind::member_removed, 7002, 50 * ms, 5);
    Notice news;
    news.epoch = 5;
    story.say(7000, NoticeKind::epoch_learned, news, 60 * ms);
    news.epoch = 6;  // one that missed an epoch
    story.say(7001, NoticeKind::epoch_learned, news, 70 * ms);
    news.epoch = 7;  // no news of this removal any more
    story.say(7001, NoticeKind::epoch_learned, news, 900 * ms);
    story.run.finish();
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "suspected_after_ms").samples == std::vector<double>{10});
    CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{50});
    CHECK(figure(figures, "known_to_all_after_ms").samples == std::vector<double>{70});
    CHECK(figure(figures, "removed_alive").samples == std::vector<double>{0});
    CHECK(figure(figures, "dead_not_removed").samples == std::vector<double>{0});
}

TEST_CASE("run analysis: who registers with a list without the removed has nothing to learn of the removal") {
    Story story(4);
    story.now += 1000 * ms;
    story.state(7003, NodeState::killed);
    story.state(7001, NodeState::killed);
    story.on(6000, NoticeKind::member_removed, 7003, 50 * ms, 5);
    Notice list;
    list.epoch = 5;
    story.say(7000, NoticeKind::epoch_learned, list, 60 * ms);
    story.now += 1000 * ms;
    story.state(7001, NodeState::starting);
    list.epoch = 6;
    story.say(7001, NoticeKind::registration_complete, list);
    list.epoch = 7;  // of somebody else
    story.say(7001, NoticeKind::epoch_learned, list, 900 * ms);
    story.run.finish();
    CHECK(figure(figures_of(story.run), "known_to_all_after_ms").samples == std::vector<double>{60});
}

TEST_CASE("run analysis: an end that nobody here caused is as old as its first suspicion, which tells no delay") {
    for (const bool told_first : {true, false}) {
        CAPTURE(told_first);
        Story story(3);
        story.now += 1000 * ms;
        if (told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.state(7002, NodeState::died);
        if (!told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.on(6000, NoticeKind::member_removed, 7002, 50 * ms, 5);
        story.run.finish();
        const auto figures = figures_of(story.run);
        CHECK(figure(figures, "suspected_after_ms").samples.empty());
        CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{53});
    }
}

TEST_CASE("run analysis: suspicion and removal count from the signal, not from the first suspicion") {
    for (const bool told_first : {true, false}) {
        CAPTURE(told_first);
        Story story(3);
        story.now += 1000 * ms;
        if (told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.strike(7002, NodeState::killed, 7 * ms);
        if (!told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.on(6000, NoticeKind::member_removed, 7002, 50 * ms, 5);
        story.run.finish();
        const auto figures = figures_of(story.run);
        CHECK(figure(figures, "suspected_after_ms").samples == std::vector<double>{4});
        CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{57});
    }
}

TEST_CASE("run analysis: a paused peer's detection is a figure of its own, and every removal of a live one counts") {
    Story story(4);
    story.strike(7002, NodeState::paused);
    story.on(7000, NoticeKind::suspected, 7002, 900 * ms);
    story.on(6000, NoticeKind::member_removed, 7002, 2000 * ms, 5);
    for (const Epoch epoch : {6U, 8U}) {
        story.on(6000, NoticeKind::member_removed, 7001, 3000 * ms, epoch);
        story.say(7001, NoticeKind::registration_complete, {}, 4000 * ms);
    }
    story.run.finish();
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "paused_suspected_after_ms").samples == std::vector<double>{900});
    CHECK(figure(figures, "paused_removed_after_ms").samples == std::vector<double>{2000});
    CHECK(figure(figures, "removed_paused").samples == std::vector<double>{1});
    CHECK(figure(figures, "removed_alive").samples == std::vector<double>{2});
    CHECK(figure(figures, "removed_after_ms").samples.empty());
    CHECK(figure(figures, "removed_dead").samples == std::vector<double>{0});
}

TEST_CASE("run analysis: a peer that is killed while it is paused was not suspected before its death") {
    Story story(3);
    story.strike(7002, NodeState::paused);
    story.on(7000, NoticeKind::suspected, 7002, 900 * ms);
    story.now += 1000 * ms;
    story.strike(7002, NodeState::killed);
    story.on(6000, NoticeKind::member_removed, 7002, 50 * ms, 5);
    story.run.finish();
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "suspected_after_ms").samples.empty());
    CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{50});
    CHECK(figure(figures, "removed_paused").samples == std::vector<double>{0});
}

TEST_CASE("run analysis: what happens at time 0 has a time") {
    Story story(0);
    story.now = 0;
    story.run.apply(RunBegan{{0, 0}, 1, "v", 42, 1});
    story.join(7000);
    story.join(7001);
    story.strike(7001, NodeState::killed);
    story.on(7000, NoticeKind::suspected, 7001, 0);
    story.on(6000, NoticeKind::member_removed, 7001, 0, 3);
    story.now = 1000 * ms;
    story.run.apply(RunClosing{{story.now, 0}});
    story.run.finish();
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "suspected_after_ms").samples == std::vector<double>{0});
    CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{0});
    CHECK(figure(figures, "dead_not_removed").samples == std::vector<double>{0});
    const auto files = export_csv(story.run, "");
    const auto nodes = std::ranges::find(files, "nodes.csv", &ExportedFile::name);
    CHECK(nodes->text.find("127.0.0.1:7001,peer,killed,0.000000,0.000000,0.000000,") != std::string::npos);
}

TEST_CASE("run analysis: a live peer that is removed counts as one, a dead one that is not as well") {
    Story story(3);
    story.on(6000, NoticeKind::member_removed, 7001, 5 * ms, 3);
    story.now += 10 * ms;
    story.state(7002, NodeState::died);
    story.run.finish();
    const auto figures = figures_of(story.run);
    CHECK(figure(figures, "removed_alive").samples == std::vector<double>{1});
    CHECK(figure(figures, "dead_not_removed").samples == std::vector<double>{1});
}

TEST_CASE("run figures: nearest-rank quantiles of all values, mean and interval of the units") {
    RunFigure figure{"x", Unit::message, {}, {1, 2, 3}};
    for (int i = 100; i >= 1; --i) figure.samples.push_back(i);
    const Summary s = summarize(figure);
    CHECK(s.values == 100);
    CHECK(s.p50 == 50);
    CHECK(s.p95 == 95);
    CHECK(s.p99 == 99);
    CHECK(s.max == 100);
    CHECK(s.spread.n == 3);
    CHECK(s.spread.mean == 2);
    CHECK(*s.spread.half_width == doctest::Approx(4.30265 / std::sqrt(3)));
    CHECK(!summarize({"x", Unit::peer, {1, 2, 3}, {1, 2, 3}}).spread.half_width);
    const Summary none = summarize({"x", Unit::message, {}, {}});
    CHECK(none.spread.n == 0);
    CHECK(!none.spread.mean);
    CHECK(!none.p50);
}

TEST_CASE("run figures: the unit of latency is the message, however many deliveries it has") {
    Story story(4);
    for (const auto& [id, after] : {std::pair{"a", 2 * ms}, {"b", 6 * ms}}) {
        story.publish(7000, id);
        for (std::uint16_t to = 7001; to <= 7003; ++to) story.deliver(id, 7000, to, 1, after);
    }
    story.run.finish();
    const Summary s = summarize(figure(figures_of(story.run), "latency_ms"));
    CHECK(s.spread.n == 2);
    CHECK(s.values == 6);
    CHECK(s.spread.mean == 4);
    CHECK(*s.spread.half_width == doctest::Approx(12.7062 * 2));  // of 2 and 6, not of 2, 2, 2, 6, 6, 6
}

TEST_CASE("run figures: compare tests sets of runs by the run, all figures together, and two single runs not at all") {
    const auto run = [](double base) {
        return std::vector<RunFigure>{{"messages", Unit::run, {base}, {base}},
                                      {"latency_ms", Unit::message, {base}, {base, base + 1, base + 2, base + 3}},
                                      {"sends_per_message", Unit::message, {base}, {base, base, base, base}},
                                      {"sends_per_peer", Unit::peer, {base}, {base, base + 1, base + 2}},
                                      {"to_all_ms", Unit::message, {}, {}}};
    };
    const auto text = [](const RunSet& a, const RunSet& b) {
        return compare_table(a, b).render(TableFormat::tsv, false);
    };
    // Two single runs are shown by the message, and nothing is claimed.
    const std::string two = text({run(10)}, {run(90)});
    CHECK(two.find("messages\trun\t1\t10\t1\t90\t800.0\t\tnot tested\n") != std::string::npos);
    CHECK(two.find("latency_ms\tmessage\t4\t11.5\t4\t91.5\t695.7\t\tnot tested\n") != std::string::npos);
    CHECK(two.find("to_all_ms\tmessage\t0\t\t0\t\t\t\tnot tested\n") != std::string::npos);
    CHECK(two.find("differs") == std::string::npos);
    // Of several runs the unit is the run: the spread of the runs' means, not that of all messages.
    const std::string sets = text({run(10), run(30), run(20)}, {run(90), run(50), run(10)});
    CHECK(sets.find("latency_ms\trun\t3\t21.5\t3\t51.5\t") != std::string::npos);
    CHECK(sets.find("differs") == std::string::npos);
    const std::string far = text({run(10), run(11), run(12)}, {run(90), run(91), run(92)});
    CHECK(far.find("latency_ms\trun\t3\t12.5\t3\t92.5\t640.0\t") != std::string::npos);
    CHECK(far.find("\tdiffers\n") != std::string::npos);
}

TEST_CASE("run export: tables, graphs and traces hold what happened, quoted as their formats ask") {
    Story story(3);
    Notice link;
    link.other = node(7001);
    story.say(7000, NoticeKind::link_up, link);
    link.other = node(7000);
    story.say(7001, NoticeKind::link_up, link);
    link.other = node(7002);
    story.say(7001, NoticeKind::link_up, link);
    story.publish(7000, "a");
    story.deliver("a", 7000, 7001, 1, 2 * ms);
    story.run.finish();
    const auto files = export_csv(story.run, "");
    CHECK(files.front().text.find("a,127.0.0.1:7000,0,") != std::string::npos);
    CHECK(files.front().text.find("\"hello, \"\"all\"\"\"\r\n") != std::string::npos);
    CHECK(files.at(1).text.find("a,127.0.0.1:7001,127.0.0.1:7000,1,2.000000,push\r\n") != std::string::npos);
    const auto links = links_of(story.run);
    REQUIRE(links.size() == 2);
    CHECK(links[0].both);
    CHECK_FALSE(links[1].both);
    CHECK(export_dot(story.run).find("\"127.0.0.1:7000\" -- \"127.0.0.1:7001\";") != std::string::npos);
    CHECK(export_graphml(story.run).find("<edge source=\"127.0.0.1:7001\" target=\"127.0.0.1:7002\">") !=
          std::string::npos);
    const std::string trace = export_perfetto(story.run);
    CHECK(trace.find("\"ph\":\"s\",\"name\":\"push\"") != std::string::npos);
    CHECK(trace.find("\"ph\":\"f\",\"name\":\"push\"") != std::string::npos);
}
