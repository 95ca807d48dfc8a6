#include "manager/view/narration.hpp"

#include "manager/base/terminal.hpp"
#include "manager/view/cluster_view.hpp"
#include "node/base/value_text.hpp"
#include "protocol/notice_traits.hpp"

namespace gossip {
namespace {

std::string reason(const Notice& n) { return n.text.empty() ? "" : ": " + shortened(printable(n.text), 120); }

std::string change(const Notice& n) { return (n.add ? "admitting " : "removing ") + short_name(n.subject); }

std::string quoted(const Notice& n) {
    if (!n.rumor || n.rumor->text.empty()) return "the message";
    return "\"" + shortened(printable(n.rumor->text), 60) + "\"";
}

std::string_view finding(Verdict verdict) {
    switch (verdict) {
        case Verdict::reachable:
            return "it answers";
        case Verdict::unreachable:
            return "no answer";
        case Verdict::refused:
            return "connection refused";
    }
    return "?";
}

std::string_view link_reason(LinkKind kind) {
    switch (kind) {
        case LinkKind::preferential:
            return "chosen because it has many links";
        case LinkKind::ring:
            return "its neighbour on the ring";
        case LinkKind::implied:
            return "opened by the other";
    }
    return "?";
}

std::string outcome(const std::string& self, const Notice& n) {
    const bool yes = n.kind == NoticeKind::approved;
    const std::string votes =
        std::to_string(n.count) + " of " + std::to_string(n.of) + " votes, " + std::to_string(n.need) + " needed";
    return "Seed " + self + ": " + change(n) + " is " + (yes ? "approved" : "rejected") + " with " + votes +
           (yes ? "; epoch " + std::to_string(n.epoch) : reason(n));
}

std::string of_seed(const std::string& self, const Notice& n) {
    const std::string seed = "Seed " + self;
    const std::string subject = short_name(n.subject);
    const std::string other = short_name(n.other);
    switch (n.kind) {
        case NoticeKind::seed_started:
            return seed + " starts: one of " + counted(n.count, "seed") + ", of which " + std::to_string(n.need) +
                   " must agree on every change of the list";
        case NoticeKind::seed_recovered:
            return seed + " recovers a list of " + counted(n.count, "member") + " from its journal";
        case NoticeKind::seed_waiting:
            return seed + " does not vote yet" + reason(n);
        case NoticeKind::seed_voting:
            return seed + " takes part in votes from now on";
        case NoticeKind::proposal_opened:
            return seed + " proposes " + change(n) + (n.add ? "" : ", reported dead by " + other) +
                   ", and votes yes itself; " + std::to_string(n.need) + " needed";
        case NoticeKind::vote_cast:
            return seed + " votes " + (n.yes ? "yes" : "no") + " on " + change(n) + reason(n);
        case NoticeKind::vote_received:
            return seed + " counts " + other + "'s " + (n.yes ? "yes" : "no") + " vote on " + change(n) + ": " +
                   std::to_string(n.count) + " yes, " + std::to_string(n.need) + " needed";
        case NoticeKind::approved:
        case NoticeKind::rejected:
            return outcome(self, n);
        case NoticeKind::outcome_unknown:
            return seed + " ran out of time on " + change(n) + " and keeps retrying until it is decided";
        case NoticeKind::no_quorum:
            return seed + " sees no quorum: " + std::to_string(n.count) + " of the " + std::to_string(n.need) +
                   " seeds it needs answer; nobody is admitted or removed";
        case NoticeKind::quorum_back:
            return seed + " sees a quorum again";
        case NoticeKind::report_received:
            return seed + " is told by " + other + " that " + subject + " is dead, confirmed by " +
                   std::to_string(n.count) + (n.count == 1 ? " witness" : " witnesses");
        case NoticeKind::report_ignored:
            return seed + " does not follow the report of " + other + " on " + subject + reason(n);
        case NoticeKind::case_opinion:
            return "Seed " + other + " probed " + subject + " itself: " + (n.yes ? "no answer either" : "it answers");
        case NoticeKind::member_added:
            return seed + " lists " + subject + " as a member from epoch " + std::to_string(n.epoch) + " on";
        case NoticeKind::member_removed:
            return seed + " removes " + subject + " from its list in epoch " + std::to_string(n.epoch) +
                   (n.removal == RemovalReason::left ? ": it left" : "");
        case NoticeKind::digest_alarm:
            return seed + " and " + other + " hold different lists for epoch " + std::to_string(n.epoch);
        default:
            return {};
    }
}

std::string of_membership(const std::string& self, const Notice& n) {
    const std::string other = short_name(n.other);
    switch (n.kind) {
        case NoticeKind::peer_started:
            return self + " starts and knows nobody but the seeds";
        case NoticeKind::registering:
            return self + " asks " + std::to_string(n.count) + " of " + counted(n.of, "seed") +
                   " to admit it: " + short_names(n.ids);
        case NoticeKind::registration_nack:
            return self + " is refused by seed " + other + reason(n);
        case NoticeKind::registration_retry:
            return self + " tries to register again" + reason(n);
        case NoticeKind::registration_complete:
            return self + " is registered; " + counted(n.count, "seed") + " confirmed";
        case NoticeKind::peer_list_received:
            return self + " is told of " + counted(static_cast<std::uint32_t>(n.ids.size()), "peer") + " by seed " +
                   other;
        case NoticeKind::overlay_building:
            return self + " chooses " + std::to_string(n.count) + " of " + counted(n.of, "peer") + " to link with";
        case NoticeKind::overlay_built:
            return self + " has its " + counted(n.count, "link") + ": " + short_names(n.ids);
        case NoticeKind::link_up:
            return self + " has a link with " + other + ", " + std::string(link_reason(n.link));
        case NoticeKind::link_down:
            return self + " has lost its link with " + other + reason(n);
        case NoticeKind::removed_self:
            return self + " was removed while alive, and registers again";
        case NoticeKind::leaving:
            return self + " leaves and tells the seeds";
        default:
            return {};
    }
}

std::string of_gossip(const std::string& self, const Notice& n) {
    const std::string other = short_name(n.other);
    switch (n.kind) {
        case NoticeKind::said:
            return self + " says " + quoted(n) + " and pushes it to all its links";
        case NoticeKind::generated:
            return self + " begins message " + std::to_string(n.count) + " of " + std::to_string(n.of);
        case NoticeKind::delivered:
            return self + " has " + quoted(n) + " from " + other + ", " + counted(n.hop, "hop") + " from its origin" +
                   (n.yes ? ", by repair" : "");
        case NoticeKind::duplicate:
            return self + " drops " + quoted(n) + " from " + other + ": it has it already";
        default:
            return {};
    }
}

std::string of_detection(const NodeEvent& event) {
    const Notice& n = event.notice;
    const std::string self = short_name(event.node);
    const std::string subject = short_name(n.subject);
    const std::string other = short_name(n.other);
    switch (n.kind) {
        case NoticeKind::ping_missed:
            return self + " has no answer from " + subject + " to " + counted(n.count, "PING");
        case NoticeKind::suspected:
            return self + " suspects " + subject + reason(n);
        case NoticeKind::witness_asked:
            return self + " asks witness " + other + " to probe " + subject;
        case NoticeKind::statement_given:
            return self + " probes " + subject + " for " + other + ": " + std::string(finding(n.verdict));
        case NoticeKind::statement_received:
            return self +
                   (n.other == event.node ? " counts its own probe of " : " hears from witness " + other + " on ") +
                   subject + ": " + std::string(finding(n.verdict)) + "; " + std::to_string(n.count) + " of " +
                   std::to_string(n.of) + " confirm, " + std::to_string(n.need) + " needed";
        case NoticeKind::peer_consensus:
            return self + " has a majority: " + std::to_string(n.count) + " of " + std::to_string(n.of) +
                   " witnesses confirm that " + subject + " is dead";
        case NoticeKind::suspicion_cancelled:
            return self + " no longer suspects " + subject + reason(n);
        case NoticeKind::refuted:
            return self + " says to " + other + " that it is alive";
        case NoticeKind::dead_reported:
            return self + " reports " + subject + " dead to seed " + other;
        case NoticeKind::isolated:
            return self + " is isolated" + reason(n);
        case NoticeKind::isolation_over:
            return self + " is no longer isolated";
        default:
            return {};
    }
}

}  // namespace

std::string narrate(const NodeEvent& event) {
    const std::string self = short_name(event.node);
    switch (traits(event.notice.kind).subject_class) {
        case NoticeClass::seed:
            return of_seed(self, event.notice);
        case NoticeClass::membership:
            return of_membership(self, event.notice);
        case NoticeClass::gossip:
            return of_gossip(self, event.notice);
        case NoticeClass::detection:
            return of_detection(event);
        case NoticeClass::node:
            return {};
    }
    return {};
}

}  // namespace gossip
