#include "node/control/control.hpp"
#include "node/base/escape.hpp"
#include "node/transport/link_fault.hpp"
#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

const NodeId peer = node_id({0x7f000001, 7000});
const NodeId other = node_id({0x7f000001, 7001});

Digest some_digest() {
    Digest d;
    for (std::size_t i = 0; i < d.bytes.size(); ++i) d.bytes[i] = static_cast<std::uint8_t>(i * 9);
    return d;
}

template <class T>
T through(const FromNode& line) {
    const std::string text = encode(line);
    REQUIRE(text.back() == '\n');
    REQUIRE(text.find('\n') == text.size() - 1);
    const auto back = decode_from_node(std::string_view(text).substr(0, text.size() - 1));
    REQUIRE(back);
    REQUIRE(std::holds_alternative<T>(*back));
    CHECK(encode(*back) == text);
    return std::get<T>(*back);
}

Notice full_notice(NoticeKind kind) {
    Notice n{.kind = kind,
             .yes = true,
             .add = true,
             .verdict = Verdict::refused,
             .link = LinkKind::implied,
             .removal = RemovalReason::left,
             .role = Role::peer,
             .proposal = 1,
             .count = 2,
             .of = 3,
             .need = 4,
             .hop = 5,
             .subject = peer,
             .other = anonymous_id(12),
             .incarnation = Incarnation{1'700'000'000'000},
             .epoch = ~Epoch{0},
             .latency_ms = -7,
             .digest = some_digest(),
             .rumor = nullptr,
             .ids = {peer, other},
             .text = "why — \"quoted\"\n"};
    n.rumor = make_rumor(Rumor{"1.5:127.0.0.1:7000:3", {}, peer, Incarnation{9}, 3, true, "héllo", 1'700'000'000'000});
    return n;
}

}  // namespace

TEST_CASE("what happens at time 0 has a time") {
    const std::string line = encode(FromNode{NodeEvent{0, 0, peer, full_notice(NoticeKind::link_up)}});
    CHECK(line.find("\"t\":0,\"wall\":0,") != std::string::npos);
}

TEST_CASE("every kind of notice survives the channel with all its fields") {
    for (const NoticeTraits& row : all_notice_traits()) {
        const Notice sent = full_notice(row.kind);
        const auto event = through<NodeEvent>(NodeEvent{123, 456, peer, sent});
        const Notice& n = event.notice;
        CHECK(event.mono_ns == 123);
        CHECK(event.wall == 456);
        CHECK(event.node == peer);
        CHECK(n.kind == sent.kind);
        CHECK(n.yes);
        CHECK(n.add);
        CHECK(n.verdict == Verdict::refused);
        CHECK(n.link == LinkKind::implied);
        CHECK(n.proposal == 1);
        CHECK(n.count == 2);
        CHECK(n.of == 3);
        CHECK(n.need == 4);
        CHECK(n.hop == 5);
        CHECK(n.subject == peer);
        CHECK(n.other == anonymous_id(12));
        CHECK(n.incarnation == sent.incarnation);
        CHECK(n.epoch == ~Epoch{0});
        CHECK(n.latency_ms == -7);
        CHECK(n.digest == sent.digest);
        REQUIRE(n.rumor);
        CHECK(n.rumor->id == sent.rumor->id);
        CHECK(n.rumor->origin == peer);
        CHECK(n.rumor->incarnation == Incarnation{9});
        CHECK(n.rumor->number == 3);
        CHECK(n.rumor->typed);
        CHECK(n.rumor->text == "héllo");
        CHECK(n.rumor->born == sent.rumor->born);
        CHECK(n.ids == sent.ids);
        const bool by_enum = notice_text(sent) != sent.text;
        CHECK(n.text == (by_enum ? "" : "why — \"quoted\"\\x0a"));
        CHECK(notice_text(n) == (by_enum ? notice_text(sent) : n.text));
    }
}

TEST_CASE("an empty notice takes few bytes") {
    CHECK(encode(NodeEvent{1, 2, peer, Notice{.kind = NoticeKind::overlay_empty}}).size() < 110);
}

TEST_CASE("ready, status, reply") {
    const auto ready = through<NodeReady>(NodeReady{peer, Role::peer, 4711});
    CHECK(ready.id == peer);
    CHECK(ready.role == Role::peer);
    CHECK(ready.pid == 4711);

    NodeStatus s{.seq = 5,
                 .id = peer,
                 .seed = SeedStatus{.seat = 0,
                                    .life = 77,
                                    .epoch = 3,
                                    .digest = some_digest(),
                                    .members = 2,
                                    .pending = 1,
                                    .voting = true,
                                    .quorum = true},
                 .peer = {},
                 .members = {{peer, Incarnation{5}, 0, {}, 2}, {other, Incarnation{6}, 1, {}, 3}},
                 .transport = {1, 2, 3, 4, 5, 6, 7},
                 .events_lost = 8};
    const auto seed = through<NodeStatus>(s);
    REQUIRE(seed.seed);
    CHECK_FALSE(seed.peer);
    CHECK(seed.seed->seat == 0);
    CHECK(seed.seed->life == 77);
    CHECK(seed.seed->digest == some_digest());
    CHECK(seed.seed->quorum);
    CHECK(seed.members == s.members);
    CHECK(seed.transport.unknown_types == 7);
    CHECK(seed.events_lost == 8);

    const PeerStatus p{.incarnation = Incarnation{9},
                       .registered = true,
                       .active = true,
                       .epoch = 4,
                       .digest = some_digest(),
                       .links = {peer, other},
                       .preferential = {other},
                       .suspects = 1,
                       .delivered = 2,
                       .duplicates = 3,
                       .gossip_sent = 4,
                       .stored = 5};
    const auto status = through<NodeStatus>(NodeStatus{.seq = 1, .id = peer, .seed = {}, .peer = p});
    REQUIRE(status.peer);
    CHECK(status.peer->links == p.links);
    CHECK(status.peer->preferential == p.preferential);
    CHECK(status.peer->active);
    CHECK(status.peer->stored == 5);

    const auto reply = through<NodeReply>(NodeReply{3, false, "no such thing"});
    CHECK(reply.seq == 3);
    CHECK_FALSE(reply.ok);
    CHECK(through<NodeReply>(NodeReply{3, true, {}}).ok);
}

TEST_CASE("commands") {
    const auto back = [](const ToNode& line) {
        const std::string text = encode(line);
        const auto decoded = decode_to_node(std::string_view(text).substr(0, text.size() - 1));
        REQUIRE(decoded);
        return *decoded;
    };
    const auto say = std::get<SayCommand>(back(SayCommand{7, "hello — world"}));
    CHECK(say.seq == 7);
    CHECK(say.text == "hello — world");
    CHECK(std::get<StatusCommand>(back(StatusCommand{8})).seq == 8);
    CHECK(std::holds_alternative<LeaveCommand>(back(LeaveCommand{})));
}

TEST_CASE("what is not a line of the channel is refused, not guessed at") {
    for (const char* bad :
         {"", "{", "null", "[]", "{}", R"({"event":"nothing"})", R"({"event":1})", R"({"event":"event"})",
          R"({"event":"notice","kind":"no_such_kind"})", R"({"event":"notice","kind":"said","count":-1})",
          R"({"event":"notice","kind":"said","count":4294967296})", R"({"event":"notice","kind":"said","verdict":3})",
          R"({"event":"notice","kind":"said","digest":"zz"})", R"({"event":"notice","kind":"said","ids":[1,"2"]})",
          R"({"event":"notice","kind":"said","rumor":5})", R"({"event":"ready","role":"seed","id":1.5})",
          R"({"event":"ready","role":2})", R"({"event":"status","members":[3]})", R"({"event":"reply","text":5})"}) {
        CHECK_MESSAGE(!decode_from_node(bad), bad);
    }
    for (const char* bad :
         {"", "{}", R"({"cmd":"stop"})", R"({"cmd":"say","text":5})", R"({"cmd":"status","seq":"1"})"}) {
        CHECK_MESSAGE(!decode_to_node(bad), bad);
    }
}

TEST_CASE("text from the network is made harmless") {
    CHECK(escape_text("plain — ünïcode 🐌") == "plain — ünïcode 🐌");
    CHECK(escape_text("a\nb\x1b[31m\x7f\t") == "a\\x0ab\\x1b[31m\\x7f\\x09");
    CHECK(escape_text("\xc2\x9b") == "\\xc2\\x9b");  // C1: CSI
    CHECK(escape_text("\xff\xc0\x80\xe2\x82") == "\\xff\\xc0\\x80\\xe2\\x82");
    CHECK(escape_text("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
    CHECK(escape_text("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
    CHECK(escape_text(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("faults survive the channel, and a negative delay does not") {
    LinkFault slow;
    slow.delay = std::chrono::milliseconds(50);
    slow.jitter = std::chrono::milliseconds(5);
    slow.loss = 100'000;
    slow.duplicate = 1;
    slow.reorder = 2;
    slow.bytes_per_second = 64'000;
    const FaultCommand command{7, 42, {{{peer, other}, slow}, {{other}, {.cut = true, .deaf = true}}}};
    const std::string line = encode(ToNode{command});
    const auto read = decode_to_node(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE(read);
    const auto* faults = std::get_if<FaultCommand>(&*read);
    REQUIRE(faults != nullptr);
    CHECK(faults->seq == 7);
    CHECK(faults->seed == 42);
    CHECK(faults->rules == command.rules);
    CHECK_FALSE(decode_to_node(R"({"cmd":"faults","seq":1,"rules":[{"to":["127.0.0.1:7000"],"delay":-1}]})"));
    CHECK_FALSE(decode_to_node(R"({"cmd":"faults","seq":1,"rules":[7]})"));
}
