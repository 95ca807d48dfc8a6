#include "protocol/notice_traits.hpp"

#include "protocol/log_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace gossip;

namespace {

std::string_view level_name(LogLevel level) {
    constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
    return names[static_cast<std::size_t>(level)];
}

// Recorded runs and the control channel have the names, logs the levels: neither changes by accident.
constexpr std::string_view names_and_levels = R"(seed_started info
seed_recovered info
seed_waiting warning
seed_voting info
proposal_opened info
proposal_received info
vote_cast info
vote_received info
approved info
rejected warning
outcome_unknown warning
recovery info
already_registered info
already_removed info
registration_pending warning
no_quorum warning
quorum_back info
report_received warning
report_ignored warning
case_opinion info
member_added debug
member_removed info
epoch_applied info
caught_up info
digest_alarm error
list_sent info
seed_reached info
seed_unreachable warning
peer_started info
registering info
registration_sent info
registration_ack info
registration_nack warning
registration_complete info
registration_retry warning
peer_list_received info
overlay_building info
overlay_empty info
overlay_built info
peer_active info
link_up info
link_down info
link_refused info
epoch_learned debug
removed_self warning
leaving info
generated info
said info
publish_refused warning
delivered info
duplicate debug
forwarded debug
repaired info
pruned debug
grafted debug
ping_missed warning
suspected warning
witness_asked debug
statement_given info
statement_received info
peer_consensus warning
suspicion_cancelled info
refuted info
dead_reported warning
report_answered info
isolated warning
isolation_over info
stopping info
stopped info
unknown_message warning
refused_message warning
)";

}  // namespace

TEST_CASE("kinds keep their names, which no two share, and their log levels") {
    std::string all;
    for (const NoticeTraits& row : all_notice_traits()) {
        all += std::string(row.name) + " " + std::string(level_name(row.level)) + "\n";
    }
    CHECK(all == names_and_levels);
}

TEST_CASE("a kind is found by its name, and by no other text") {
    for (const NoticeTraits& row : all_notice_traits()) {
        CHECK(kind_named(row.name) == row.kind);
        CHECK(&traits(row.kind) == &row);
    }
    for (const char* text : {"", "delivere", "delivered ", "Delivered", "none"}) CHECK_MESSAGE(!kind_named(text), text);
}

TEST_CASE("a log line is found by the words of its kind, and by those of no other kind") {
    for (const NoticeTraits& row : all_notice_traits()) {
        const std::string text = log_text({.kind = row.kind, .add = true});
        CHECK_MESSAGE(text.empty() == row.log_words.empty(), row.name);
        for (const NoticeTraits& other : all_notice_traits()) {
            if (other.log_words.empty()) continue;
            const bool found = text.find(other.log_words) != std::string::npos;
            CHECK_MESSAGE(found == (other.kind == row.kind), row.name << ", " << other.name << ": " << text);
        }
    }
}

TEST_CASE("only what is about a removal is a step of one") {
    CHECK(removal_step({.kind = NoticeKind::vote_cast, .add = false}) == RemovalStep::vote);
    CHECK(removal_step({.kind = NoticeKind::vote_cast, .add = true}) == RemovalStep::none);
    CHECK(removal_step({.kind = NoticeKind::member_removed}) == RemovalStep::removed);
    CHECK(removal_step({.kind = NoticeKind::delivered}) == RemovalStep::none);
}

TEST_CASE("a vote refuses something when it is a no") {
    CHECK(!refusal_meaning({.kind = NoticeKind::vote_cast, .yes = false}).empty());
    CHECK(refusal_meaning({.kind = NoticeKind::vote_cast, .yes = true}).empty());
    CHECK(!refusal_meaning({.kind = NoticeKind::link_refused, .yes = true}).empty());
    CHECK(refusal_meaning({.kind = NoticeKind::delivered}).empty());
}

TEST_CASE("what a text stands for is read back from it") {
    const auto read_back = [](const Notice& notice) {
        Notice read{.kind = notice.kind};
        set_notice_text(read, notice_text(notice));
        return read;
    };
    for (const RemovalReason removal : {RemovalReason::dead, RemovalReason::left}) {
        CHECK(read_back({.kind = NoticeKind::member_removed, .removal = removal}).removal == removal);
    }
    for (const Role role : {Role::seed, Role::peer}) {
        CHECK(read_back({.kind = NoticeKind::stopped, .role = role}).role == role);
        CHECK(read_back({.kind = NoticeKind::stopping, .role = role}).role == role);
    }
    CHECK(read_back({.kind = NoticeKind::link_down, .text = "left"}).text == "left");
    CHECK(notice_text({.kind = NoticeKind::member_removed, .removal = RemovalReason::left}) == "left");
    CHECK(notice_text({.kind = NoticeKind::member_removed}) == "dead");
    CHECK(notice_text({.kind = NoticeKind::stopped, .role = Role::peer}) == "peer");
}
