#include "protocol/names.hpp"
#include "protocol/log_text.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {
const NodeId seed = *parse_node("127.0.0.1:6000");
const NodeId peer = *parse_node("127.0.0.1:7003");
}  // namespace

TEST_CASE("a node id is read back from its name, and nothing else is") {
    for (const char* text : {"0.0.0.0:1", "127.0.0.1:7000", "255.255.255.255:65535"}) {
        REQUIRE(parse_node(text).has_value());
        CHECK(node_name(*parse_node(text)) == text);
    }
    for (const char* text : {"",
                             ":",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:0",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0:7000",
                             "127.0.0.1.2:7000",
                             "256.0.0.1:7000",
                             "127.0.0.1:7000 ",
                             " 127.0.0.1:7",
                             "127..0.1:7000",
                             "localhost:7000",
                             "[::1]:7000",
                             "0x7f.0.0.1:7000",
                             "+1.2.3.4:5",
                             "127.0.0.01:7000",
                             "010.0.0.1:7000",
                             "127.0.0.1:07000",
                             "00.0.0.1:7000"}) {
        CHECK_MESSAGE(!parse_node(text), text);
    }
}

TEST_CASE("a message id is parsed from the right and its timestamp never touched") {
    const std::string id = make_rumor_id(1708776008500, peer, 3);
    CHECK(id == "1708776008.500:127.0.0.1:7003:3");
    for (const char* text : {"1708776008.5:127.0.0.1:7003:3", "any:thing:127.0.0.1:7003:3"}) {
        REQUIRE(parse_rumor_id(text).has_value());
        CHECK(parse_rumor_id(text)->origin == peer);
        CHECK(parse_rumor_id(text)->number == 3);
    }
    for (const char* text : {"", ":::", "1:127.0.0.1:7003", "1:127.0.0.1:7003:", "1:127.0.0.1:x:3", ":127.0.0.1:7003:3",
                             "1:127.0.0.1:7003:-3"}) {
        CHECK_MESSAGE(!parse_rumor_id(text), text);
    }
    CHECK(!parse_rumor_id(std::string(200, '1') + ":127.0.0.1:7003:3"));
}

TEST_CASE("the dead-node report has document 000's form") {
    CHECK(dead_node_text(peer, 1708776008500, seed) == "Dead Node:127.0.0.1:7003:1708776008.500:127.0.0.1");
}

TEST_CASE("log lines keep document 000's wording") {
    Notice n{.kind = NoticeKind::proposal_opened, .add = true, .proposal = 0xab12, .count = 1, .need = 2};
    n.subject = peer;
    CHECK(log_text(n) == "PROPOSAL: Register peer 127.0.0.1:7003  [id=0000ab12, self-vote=YES, votes=1/2 needed]");
    n = {.kind = NoticeKind::proposal_opened, .removal = RemovalReason::left, .proposal = 0xab12};
    n.subject = peer;
    CHECK(log_text(n) == "PROPOSAL: Peer 127.0.0.1:7003 leaves  [id=0000ab12]");
    n = {.kind = NoticeKind::vote_received, .yes = true, .add = true, .count = 2, .need = 2};
    n.other = seed;
    CHECK(log_text(n) == "Vote from 127.0.0.1:6000: YES  (total 2/2)");
    n = {.kind = NoticeKind::approved, .add = true, .count = 3, .of = 3, .need = 2};
    n.subject = peer;
    n.epoch = 4;
    CHECK(log_text(n) ==
          "CONSENSUS OUTCOME — APPROVED: Peer 127.0.0.1:7003  [votes=3/3, quorum=2] epoch=4 digest=00000000");
    n = {.kind = NoticeKind::member_removed, .count = 2, .need = 2};
    n.subject = peer;
    n.epoch = 5;
    CHECK(log_text(n) == "CONFIRMED REMOVAL: Peer 127.0.0.1:7003 removed from Peer List  [seed votes=2/2] epoch=5");
    auto rumor = make_rumor();
    rumor->id = "1708776008.5:127.0.0.1:7003:1";
    n = {.kind = NoticeKind::delivered};
    n.other = seed;
    n.rumor = rumor;
    CHECK(log_text(n) ==
          "Gossip received  [from=127.0.0.1:6000, msg=1708776008.5:127.0.0.1:7003:1, time=1708776008.5]");
}
