// What a run came to, from lines written by hand.

#include "manager/runs/run_export.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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

bool has_figure(const std::vector<RunFigure>& figures, const std::string& name) {
    return std::any_of(figures.begin(), figures.end(), [&](const RunFigure& f) { return f.name == name; });
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
    CHECK_FALSE(has_figure(figures, "to_all_ms"));
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
    story.state(7002, NodeState::killed);
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

TEST_CASE("run analysis: a peer was dead when it was suspected, though its end was heard of later") {
    for (const bool told_first : {true, false}) {
        CAPTURE(told_first);
        Story story(3);
        story.now += 1000 * ms;
        if (told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.state(7002, NodeState::killed);
        if (!told_first) story.on(7000, NoticeKind::suspected, 7002, -3 * ms);
        story.on(6000, NoticeKind::member_removed, 7002, 50 * ms, 5);
        story.run.finish();
        const auto figures = figures_of(story.run);
        CHECK(figure(figures, "suspected_after_ms").samples == std::vector<double>{0});
        CHECK(figure(figures, "removed_after_ms").samples == std::vector<double>{53});
    }
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

TEST_CASE("run figures: nearest-rank quantiles") {
    std::vector<double> samples;
    for (int i = 100; i >= 1; --i) samples.push_back(i);
    const Summary s = summarize(samples);
    CHECK(s.n == 100);
    CHECK(s.p50 == 50);
    CHECK(s.p95 == 95);
    CHECK(s.p99 == 99);
    CHECK(s.max == 100);
    CHECK(s.mean == doctest::Approx(50.5));
    CHECK(summarize({}).n == 0);
}

TEST_CASE("run figures: the Kolmogorov-Smirnov test tells samples apart, and not a sample from itself") {
    std::vector<double> a;
    std::vector<double> shifted;
    for (int i = 0; i < 40; ++i) {
        a.push_back(i);
        shifted.push_back(i + 20);
    }
    CHECK(ks_p_value(a, a) == doctest::Approx(1));
    CHECK(ks_p_value(a, shifted) < 0.001);
    CHECK(ks_p_value({1, 2, 3}, {7, 8, 9}) == 1);  // too few to say
    // A known value: D = 0.5 of 10 and 10 has an asymptotic p of 0.111 with Stephens' correction.
    std::vector<double> low{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    std::vector<double> high{6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    CHECK(ks_p_value(low, high) == doctest::Approx(0.1108).epsilon(0.02));
}

TEST_CASE("run figures: compare flags what differs and says what only one run has") {
    const std::vector<RunFigure> a{
        {"messages", {100}, true}, {"latency_ms", {1, 1, 1, 1, 1, 1, 1, 1}}, {"gone", {1}, true}};
    const std::vector<RunFigure> b{
        {"messages", {103}, true}, {"latency_ms", {9, 9, 9, 9, 9, 9, 9, 9}}, {"new", {2}, true}};
    const std::string text = compare_table(a, b).render(TableFormat::tsv, false);
    CHECK(text.find("messages\t100\t103\t3.0\t\n") != std::string::npos);
    CHECK(text.find("latency_ms mean\t1\t9\t800.0\tdiffers") != std::string::npos);
    CHECK(text.find("only in the first") != std::string::npos);
    CHECK(text.find("only in the second") != std::string::npos);
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
    const auto files = export_csv(story.run);
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
