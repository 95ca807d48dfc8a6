#include "manager/view/cluster_view.hpp"
#include "manager/view/live_log.hpp"
#include "manager/view/removal_view.hpp"
#include "manager/view/trace_view.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

constexpr NodeId at(std::uint16_t port) { return node_id({0x7f000001, port}); }

Notice notice(NoticeKind kind, std::uint16_t subject = 0, Epoch epoch = 0) {
    Notice n;
    n.kind = kind;
    if (subject != 0) n.subject = at(subject);
    n.epoch = epoch;
    return n;
}

Notice gossip_notice(NoticeKind kind, const std::string& id, std::uint16_t from = 0, std::uint32_t hop = 0) {
    Notice n = notice(kind);
    Rumor rumor;
    rumor.id = id;
    rumor.origin = parse_rumor_id(id)->origin;
    rumor.typed = true;
    rumor.text = "hi";
    n.rumor = make_rumor(rumor);
    if (from != 0) n.other = at(from);
    n.hop = hop;
    return n;
}

class Watched {
public:
    Watched() {
        view.configure(3);
        for (std::uint16_t port = 6000; port < 6003; ++port) start(port, Role::seed);
        for (std::uint16_t port = 7000; port < 7004; ++port) start(port, Role::peer);
        for (std::uint16_t port = 6000; port < 6003; ++port) list(port, 1, {7000, 7001, 7002, 7003});
    }

    void start(std::uint16_t port, Role role) {
        view.node_started(at(port), role);
        view.node_state(at(port), NodeState::alive);
    }

    void list(std::uint16_t seed, Epoch epoch, std::initializer_list<std::uint16_t> ports) {
        Notice n = notice(NoticeKind::epoch_applied, 0, epoch);
        for (const std::uint16_t port : ports) n.ids.push_back(at(port));
        tell(seed, n);
    }

    std::vector<LiveLine> tell(std::uint16_t node, const Notice& n) { return tell_at(clock += 1'000'000, node, n); }
    std::vector<LiveLine> tell_at(std::int64_t ns, std::uint16_t node, const Notice& n) {
        const NodeEvent event{ns, 1000 + ns / 1'000'000, at(node), n};
        view.apply(event);
        return live.apply(event, view);
    }

    ClusterView view;
    LiveLog live;
    std::int64_t clock{0};
};

constexpr const char* first_id = "1.000:127.0.0.1:7000:1";

}  // namespace

TEST_CASE("a list never goes back to a lower epoch, whatever a late status says") {
    Watched w;
    w.list(6000, 5, {7000});
    NodeStatus late;
    late.id = at(6000);
    late.seed = SeedStatus{};
    late.seed->epoch = 4;
    late.members = {Member{.id = at(7000)}, Member{.id = at(7001)}};
    w.view.apply(late);
    CHECK(w.view.find(at(6000))->epoch == 5);
    CHECK(w.view.find(at(6000))->members.size() == 1);
}

TEST_CASE("a node that starts again is known by its last life and by nothing else") {
    Watched w;
    Notice added = notice(NoticeKind::member_added, 7000, 2);
    added.incarnation = Incarnation{77};
    w.tell(6000, added);
    Notice up = notice(NoticeKind::link_up);
    up.other = at(7001);
    w.tell(7000, up);
    w.start(7000, Role::peer);
    CHECK(w.view.find(at(7000))->incarnation == Incarnation{77});
    CHECK(w.view.find(at(7000))->links.empty());
}

TEST_CASE("a peer is at the epoch it registered with, and at none before it in the same life") {
    Watched w;
    const auto epoch = [&] { return w.view.find(at(7003))->epoch; };
    w.tell(7003, notice(NoticeKind::registration_complete, 0, 4));
    CHECK(epoch() == 4);
    w.tell(7003, notice(NoticeKind::epoch_learned, 0, 6));
    w.tell(7003, notice(NoticeKind::epoch_learned, 0, 5));
    CHECK(epoch() == 6);
    // Removed while it lives, it registers again and keeps the list it has until it has read what it missed.
    w.tell(7003, notice(NoticeKind::removed_self));
    w.tell(7003, notice(NoticeKind::registration_complete, 0, 6));
    CHECK(epoch() == 6);
    CHECK(w.view.find(at(7003))->registered);
    // Restarted, it knows nothing until it registers: also in a network that has begun anew meanwhile.
    w.start(7003, Role::peer);
    CHECK(epoch() == 0);
    w.tell(7003, notice(NoticeKind::registration_complete, 0, 2));
    CHECK(epoch() == 2);
}

TEST_CASE("a message counts once a node, and a receipt may come before the origin's own word") {
    Watched w;
    w.tell(7001, gossip_notice(NoticeKind::delivered, first_id, 7000, 1));
    w.tell(7001, gossip_notice(NoticeKind::delivered, first_id, 7002, 2));
    w.tell(7001, gossip_notice(NoticeKind::duplicate, first_id, 7002));
    w.tell(7000, gossip_notice(NoticeKind::said, first_id));
    REQUIRE(w.view.rumors().size() == 1);
    const RumorView* rumor = w.view.find_rumor("last");
    REQUIRE(rumor != nullptr);
    CHECK(rumor->receipts.size() == 2);
    CHECK(rumor->receipts.at(at(7001)).from == at(7000));
    CHECK(rumor->duplicates.at(at(7001)) == 1);
    CHECK(w.view.find_rumor(first_id) == rumor);
    CHECK(w.view.find_rumor("7000:1") == rumor);
    CHECK(w.view.find_rumor("7000:2") == nullptr);
    CHECK(w.view.find_rumor("000:1") == nullptr);
}

TEST_CASE("what is remembered is bounded; the newest messages stay") {
    Watched w;
    const std::size_t many = ClusterView::rumor_limit + 10;
    for (std::size_t i = 1; i <= many; ++i) {
        w.tell(7000, gossip_notice(NoticeKind::generated, "1.000:127.0.0.1:7000:" + std::to_string(i)));
    }
    CHECK(w.view.rumors().size() == ClusterView::rumor_limit);
    CHECK(w.view.find_rumor("7000:10") == nullptr);
    CHECK(w.view.find_rumor("7000:" + std::to_string(many)) != nullptr);
    for (std::size_t i = 0; i < ClusterView::life_limit + 10; ++i) w.tell(7000, notice(NoticeKind::isolated));
    CHECK(w.view.life(at(7000))->size() == ClusterView::life_limit);
}

TEST_CASE("what someone said is remembered longer than what peers say by themselves, and is bounded as well") {
    Watched w;
    w.tell(7000, gossip_notice(NoticeKind::said, first_id));
    const auto chatter = [&](std::uint16_t port, std::size_t many) {
        const std::string name = "1.000:127.0.0.1:" + std::to_string(port) + ":";
        for (std::size_t i = 1; i <= many; ++i)
            w.tell(port, gossip_notice(NoticeKind::generated, name + std::to_string(i)));
    };
    chatter(7001, ClusterView::rumor_limit + 10);
    CHECK(w.view.find_rumor(first_id) != nullptr);
    CHECK(w.view.find_rumor("last") != nullptr);
    CHECK(w.view.find_rumor("7001:1") == nullptr);
    for (std::size_t i = 2; i <= ClusterView::said_limit + 10; ++i) {
        w.tell(7000, gossip_notice(NoticeKind::said, "1.000:127.0.0.1:7000:" + std::to_string(i)));
    }
    chatter(7002, ClusterView::rumor_limit + 10);
    CHECK(w.view.find_rumor(first_id) == nullptr);
    CHECK(w.view.find_rumor("last") != nullptr);
    CHECK(w.view.rumors().size() <= ClusterView::rumor_limit + ClusterView::said_limit + 1);
    CHECK(w.view.find_rumor("7002:" + std::to_string(ClusterView::rumor_limit + 10)) != nullptr);
}

TEST_CASE("one vote a seat and proposal; the decision stays") {
    Watched w;
    Notice n = notice(NoticeKind::proposal_opened, 7003);
    n.proposal = 5;
    n.need = 2;
    w.tell(6000, n);
    n.kind = NoticeKind::vote_received;
    n.other = at(6001);
    n.yes = true;
    w.tell(6000, n);
    w.tell(6000, n);
    const ProposalView* proposal = w.view.latest_proposal(at(7003), false);
    REQUIRE(proposal != nullptr);
    CHECK(proposal->count(true) == 2);
    n.kind = NoticeKind::approved;
    n.epoch = 9;
    w.tell(6000, n);
    n.kind = NoticeKind::outcome_unknown;
    w.tell(6000, n);
    CHECK(proposal->outcome == ProposalOutcome::approved);
    CHECK(proposal->epoch == 9);
    CHECK(w.view.latest_proposal(at(7003), true) == nullptr);
}

TEST_CASE("of several proposals of one decided change the one that was voted on speaks") {
    Watched w;
    const auto propose = [&](std::uint16_t seed, std::uint32_t id) {
        Notice n = notice(NoticeKind::proposal_opened, 7003);
        n.proposal = id;
        w.tell(seed, n);
    };
    propose(6001, 6);
    propose(6000, 5);
    Notice vote = notice(NoticeKind::vote_received, 7003);
    vote.proposal = 6;
    vote.other = at(6002);
    vote.yes = true;
    w.tell(6001, vote);
    for (const auto& [seed, id] : {std::pair<std::uint16_t, std::uint32_t>(6001, 6), {6000, 5}}) {
        Notice n = notice(NoticeKind::approved, 7003, 9);
        n.proposal = id;
        w.tell(seed, n);
    }
    CHECK(w.view.latest_proposal(at(7003), false)->id == 6);
    propose(6002, 7);
    CHECK(w.view.latest_proposal(at(7003), false)->id == 7);
}

TEST_CASE("a life that was removed is suspected no more, in whatever order the nodes are heard") {
    Watched w;
    const auto about = [](NoticeKind kind, std::uint64_t life) {
        Notice n = notice(kind, 7003, 2);
        n.incarnation = Incarnation{life};
        return n;
    };
    const auto& suspects = w.view.find(at(7001))->suspects;
    w.tell(7001, about(NoticeKind::suspected, 5));
    CHECK(suspects.size() == 1);
    w.tell(6000, about(NoticeKind::member_removed, 5));
    CHECK(suspects.empty());
    w.tell(7001, about(NoticeKind::suspected, 5));  // said before it heard of that
    CHECK(suspects.empty());
    w.tell(7001, about(NoticeKind::suspected, 6));
    CHECK(suspects.size() == 1);
    w.tell(6001, about(NoticeKind::member_removed, 5));
    w.tell(7001, about(NoticeKind::suspected, 0));  // of protocol 0: no life to go by
    CHECK(suspects.size() == 1);
}

TEST_CASE("a node's life is in the order of time, across the nodes that speak of it") {
    Watched w;
    w.tell_at(30, 7001, notice(NoticeKind::suspected, 7003));
    w.tell_at(10, 7003, notice(NoticeKind::peer_started, 7003));
    w.tell_at(20, 6000, notice(NoticeKind::member_added, 7003, 1));
    w.tell_at(25, 7001, notice(NoticeKind::ping_missed, 7003));
    const auto* life = w.view.life(at(7003));
    REQUIRE(life != nullptr);
    REQUIRE(life->size() == 3);
    CHECK((*life)[0].mono_ns == 10);
    CHECK((*life)[1].mono_ns == 20);
    CHECK((*life)[2].mono_ns == 30);
    CHECK(w.view.life(at(7999)) == nullptr);
}

TEST_CASE("a message's tree: who had it from whom, how often again, and who never got it and why") {
    Watched w;
    w.tell_at(1'000'000, 7000, gossip_notice(NoticeKind::said, first_id));
    w.tell_at(2'000'000, 7001, gossip_notice(NoticeKind::delivered, first_id, 7000, 1));
    w.tell_at(3'500'000, 7002, gossip_notice(NoticeKind::delivered, first_id, 7001, 2));
    w.tell_at(4'000'000, 7002, gossip_notice(NoticeKind::duplicate, first_id, 7000));
    w.view.node_state(at(7003), NodeState::paused);
    CHECK(render_message_tree(*w.view.find_rumor("last"), w.view, false) ==
          "1.000:127.0.0.1:7000:1 \"hi\"  said by 7000\n"
          "7000\n"
          "└─ 7001  hop 1  +1.0 ms\n"
          "   └─ 7002  hop 2  +2.5 ms (1.5 this hop)  1 duplicate\n"
          "reached 3 of 3 live peers in 2.5 ms, 2 hops, 1 duplicate\n"
          "without it: 7003 (paused)\n");
    CHECK(message_table(*w.view.find_rumor("last"), w.view).render(TableFormat::tsv, false) ==
          "node\tfrom\thop\tafter_ms\thop_ms\tduplicates\thow\tlate\n"
          "127.0.0.1:7000\t\t0\t0.0\t\t0\torigin\t\n"
          "127.0.0.1:7001\t127.0.0.1:7000\t1\t1.0\t1.0\t0\tpush\t\n"
          "127.0.0.1:7002\t127.0.0.1:7001\t2\t2.5\t1.5\t1\tpush\t\n"
          "127.0.0.1:7003\t\t\t\t\t0\tmissing: paused\t\n");
}

TEST_CASE("a late receipt names what is known of the cause") {
    Watched w;
    w.tell_at(1'000'000, 7000, gossip_notice(NoticeKind::said, first_id));
    w.tell_at(1'400'000, 7001, gossip_notice(NoticeKind::delivered, first_id, 7000, 1));
    w.tell_at(1'800'000, 7002, gossip_notice(NoticeKind::delivered, first_id, 7001, 2));
    w.tell_at(90'000'000, 7003, gossip_notice(NoticeKind::delivered, first_id, 7001, 2));
    const auto tree = [&] { return render_message_tree(*w.view.find_rumor("last"), w.view, false); };
    CHECK(tree().find("7003  hop 2  +89.0 ms (88.6 this hop)  late\n") != std::string::npos);
    CHECK(tree().find("7002  hop 2  +0.8 ms (0.4 this hop)\n") != std::string::npos);
    w.view.node_state(at(7003), NodeState::paused, {2'000'000, 2});
    CHECK(tree().find("late: 7003 was paused\n") != std::string::npos);
    NodeSet touched;
    w.view.faults().change({at(7001)}, {at(7003)}, {.delay = std::chrono::milliseconds(80)}, touched);
    CHECK(tree().find("late: delay 80ms\n") != std::string::npos);
}

TEST_CASE("a removal by its steps: what was seen last, who said what, when") {
    Watched w;
    const auto about = [](NoticeKind kind, std::uint16_t other, Notice n = {}) {
        n.kind = kind;
        n.subject = at(7003);
        if (other != 0) n.other = at(other);
        return n;
    };
    CHECK(removal_headline(at(7003), w.view).empty());
    w.tell_at(1'000'000, 7001, gossip_notice(NoticeKind::delivered, first_id, 7003, 1));
    w.view.node_state(at(7003), NodeState::killed, {2'000'000, 1002});
    Notice suspected = about(NoticeKind::suspected, 0);
    suspected.text = "silent";
    w.tell_at(5'000'000, 7000, suspected);
    w.tell_at(6'000'000, 7000, about(NoticeKind::witness_asked, 7001));
    w.tell_at(6'500'000, 7000, about(NoticeKind::witness_asked, 7002));
    w.tell_at(7'000'000, 7001, about(NoticeKind::statement_given, 7000, {.verdict = Verdict::unreachable}));
    CHECK(removal_headline(at(7003), w.view) == "7003 was doubted and not removed");
    for (const std::uint16_t hearer : {std::uint16_t{6000}, std::uint16_t{6001}}) {
        w.tell_at(8'000'000, hearer, about(NoticeKind::case_opinion, 6002, {.yes = true, .text = "own probe failed"}));
    }
    w.tell_at(9'000'000, 6000, about(NoticeKind::vote_cast, 0, {.yes = true, .proposal = 7}));
    w.tell_at(9'500'000, 6000, about(NoticeKind::approved, 0, {.count = 2, .of = 3, .need = 2, .epoch = 5}));
    w.tell_at(10'000'000, 6000, about(NoticeKind::member_removed, 0, {.epoch = 5}));
    CHECK(removal_headline(at(7003), w.view) == "7003 was removed (epoch 5), 8.0 ms after it was killed");
    const std::string rows = removal_table(at(7003), w.view).render(TableFormat::tsv, false);
    for (const char* row :
         {"last heard\t", "-1.0\t127.0.0.1:7001\thad a message of it (PINGs are not noted)\n", "0.0\t\tkilled\n",
          "3.0\t127.0.0.1:7000\tsilent\n", "127.0.0.1:7000\tasks 7001, 7002\n",
          "5.0\t127.0.0.1:7001\tno answer, to 7000\n", "6.0\t127.0.0.1:6002\tyes: own probe failed\n",
          "removal approved, 2 of 3 votes, quorum 2\n", "8.0\t127.0.0.1:6000\tfrom its list, epoch 5\n"}) {
        CHECK_MESSAGE(rows.find(row) != std::string::npos, rows);
    }
    CHECK(rows.find("own probe failed") == rows.rfind("own probe failed"));
    Notice left = about(NoticeKind::proposal_opened, 0);
    w.tell_at(20'000'000, 6000, about(NoticeKind::member_added, 0));
    w.tell_at(21'000'000, 6000, left);
    CHECK(removal_table(at(7003), w.view).render(TableFormat::tsv, false).find("votes yes, at its own word") !=
          std::string::npos);
}

TEST_CASE("a receipt whose sender was never heard of is shown, not lost") {
    Watched w;
    w.tell(7000, gossip_notice(NoticeKind::said, first_id));
    w.tell(7002, gossip_notice(NoticeKind::delivered, first_id, 7999, 3));
    const std::string tree = render_message_tree(*w.view.find_rumor("last"), w.view, false);
    CHECK(tree.find("7999 ─ 7002  hop 3") != std::string::npos);
    CHECK(tree.find("without it: 7001 (has no links), 7003 (has no links)") != std::string::npos);
}

TEST_CASE("who was listed before a message did not join later, however late its quorum answered") {
    Watched w;
    Notice listed = notice(NoticeKind::member_added, 7001, 1);
    listed.incarnation = Incarnation{1};
    w.tell_at(1'000'000, 6000, listed);
    w.tell_at(2'000'000, 7000, gossip_notice(NoticeKind::said, first_id));
    w.tell_at(3'000'000, 6001, listed);
    w.tell_at(4'000'000, 7001, notice(NoticeKind::registration_complete));
    const auto why = [&w] { return why_not_reached(*w.view.find_rumor("last"), *w.view.find(at(7001)), w.view); };
    CHECK(why() == "has no links");
    listed.incarnation = Incarnation{2};
    w.tell_at(5'000'000, 6000, listed);
    CHECK(why() == "joined later");
}

TEST_CASE("live lines: joins are gathered, a removal is said once, with what led to it") {
    Watched w;
    for (std::uint16_t seed = 6000; seed < 6003; ++seed) {
        for (std::uint16_t peer = 7000; peer < 7004; ++peer) {
            CHECK(w.tell(seed, notice(NoticeKind::member_added, peer, 1)).empty());
        }
    }
    REQUIRE(w.live.holds_lines());
    const auto joined = w.live.release(w.view);
    REQUIRE(joined.size() == 1);
    CHECK(joined[0].text == "7000-7003 registered (4 peers); epoch 1, 4 members");
    CHECK_FALSE(w.live.holds_lines());

    Notice suspected = notice(NoticeKind::suspected, 7003);
    suspected.text = "connection refused";
    CHECK(w.tell(7000, suspected).empty());
    CHECK(w.tell(7001, suspected).empty());
    Notice consensus = notice(NoticeKind::peer_consensus, 7003);
    consensus.count = 2;
    consensus.of = 3;
    CHECK(w.tell(7000, consensus).empty());
    Notice removed = notice(NoticeKind::member_removed, 7003, 2);
    removed.text = "dead";
    const auto lines = w.tell(6000, removed);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].text == "7000-7001 suspect 7003: connection refused");
    CHECK(lines[1].text == "7003: 2 of 3 witnesses confirm that it is dead");
    CHECK(lines[2].text == "7003 removed: dead (epoch 2)");
    CHECK(w.tell(6001, removed).empty());
    CHECK(w.tell(7000, consensus).empty());
    CHECK_FALSE(w.live.holds_lines());
}

TEST_CASE("live lines: a typed message that all live peers have, once") {
    Watched w;
    w.view.node_state(at(7003), NodeState::killed);
    w.tell(7000, gossip_notice(NoticeKind::said, first_id));
    CHECK(w.tell(7001, gossip_notice(NoticeKind::delivered, first_id, 7000, 1)).empty());
    const auto lines = w.tell(7002, gossip_notice(NoticeKind::delivered, first_id, 7001, 2));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].text == "\"hi\" reached all 3 peers in 2ms, 2 hops");
    w.start(7004, Role::peer);
    CHECK(w.tell(7004, gossip_notice(NoticeKind::delivered, first_id, 7000, 1)).empty());
}

TEST_CASE("names: ports where that says it all") {
    CHECK(short_name(at(7000)) == "7000");
    CHECK(short_name(node_id({0x0a000001, 7000})) == "10.0.0.1:7000");
    CHECK(short_names({at(7000), at(7001), at(7002)}, 2) == "7000, 7001 and 1 more");
    CHECK(port_ranges({at(7000), at(7001), at(7002), at(7004)}) == "7000-7002, 7004");
    CHECK(shortened("äöü", 3) == "ä…");
}
