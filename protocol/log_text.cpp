// The log lines: document 000's wording where it has a line for the event, so that its grep recipes
// keep working, and the same manner where it has none.

#include "protocol/log_text.hpp"

#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

namespace gossip {
namespace {

std::string operator+(std::string text, std::uint64_t number) { return std::move(text) + std::to_string(number); }

std::string list(const std::vector<NodeId>& ids) {
    std::string text = "[";
    for (const NodeId id : ids) text += (text.size() > 1 ? ", '" : "'") + node_name(id) + "'";
    return text + "]";
}

std::string yes_no(const Notice& n) { return n.yes ? "YES" : "NO"; }

std::string because(const Notice& n) { return n.text.empty() ? "" : " — " + n.text; }

std::string proposal_id(const Notice& n) {
    std::string digits;
    for (int shift = 28; shift >= 0; shift -= 4) digits.push_back("0123456789abcdef"[n.proposal >> shift & 15U]);
    return digits;
}

std::string ratio(std::uint32_t a, std::uint32_t b) { return std::to_string(a) + "/" + std::to_string(b); }

std::string at_epoch(const Notice& n) { return std::string(" epoch=") + n.epoch + " digest=" + hex(n.digest); }

std::string_view verdict_name(Verdict v) {
    switch (v) {
        case Verdict::reachable:
            return "reachable";
        case Verdict::unreachable:
            return "unreachable";
        case Verdict::refused:
            return "refused";
    }
    return "?";
}

std::string_view link_name(LinkKind k) {
    switch (k) {
        case LinkKind::preferential:
            return "preferential";
        case LinkKind::ring:
            return "ring";
        case LinkKind::implied:
            return "implied";
    }
    return "?";
}

std::string rumor_id(const Notice& n) { return n.rumor ? n.rumor->id : "?"; }

std::string seed_started(const Notice& n) {
    return "Seed node initialized at " + node_name(n.subject) + "\nTotal seeds: " + std::to_string(n.count) +
           ", Quorum: " + std::to_string(n.need) + "\nOther seeds: " + list(n.ids) + "\nSeed node listening on " +
           node_name(n.subject);
}

std::string proposal_opened(const Notice& n) {
    if (n.removal == RemovalReason::left)
        return "PROPOSAL: Peer " + node_name(n.subject) + " leaves  [id=" + proposal_id(n) + "]";
    if (!n.add) {
        return "PROPOSAL: Remove dead peer " + node_name(n.subject) + "  [id=" + proposal_id(n) +
               ", reporter=" + node_name(n.other) + "]";
    }
    return "PROPOSAL: Register peer " + node_name(n.subject) + "  [id=" + proposal_id(n) +
           ", self-vote=YES, votes=" + ratio(n.count, n.need) + " needed]";
}

std::string proposal_received(const Notice& n) {
    return std::string("Received ") + (n.add ? "registration" : "removal") + " proposal " + proposal_id(n) + " for " +
           node_name(n.subject) + " from " + node_name(n.other);
}

std::string vote_cast(const Notice& n) {
    return "Voting " + yes_no(n) + " on " + (n.add ? "proposal " : "removal ") + proposal_id(n) + because(n);
}

std::string vote_received(const Notice& n) {
    return std::string(n.add ? "Vote from " : "Removal vote from ") + node_name(n.other) + ": " + yes_no(n) +
           "  (total " + ratio(n.count, n.need) + ")";
}

std::string outcome(const Notice& n, std::string_view word) {
    const std::string who = n.add ? "Peer " + node_name(n.subject) : "Remove peer " + node_name(n.subject);
    return "CONSENSUS OUTCOME — " + std::string(word) + ": " + who + "  [votes=" + ratio(n.count, n.of) +
           ", quorum=" + std::to_string(n.need) + "]";
}

std::string rejected(const Notice& n) {
    const std::string line = outcome(n, "REJECTED") + because(n);
    if (n.add) return line;
    return line + "\nRemoval REJECTED for " + node_name(n.subject) + " — only " + ratio(n.count, n.need) +
           " seed votes";
}

std::string member_removed(const Notice& n) {
    const std::string epoch = " epoch=" + std::to_string(n.epoch);
    if (n.removal == RemovalReason::left)
        return "Peer " + node_name(n.subject) + " left the Peer List at its own word " + epoch;
    const std::string votes = n.count > 0 ? "  [seed votes=" + ratio(n.count, n.need) + "]" : " ";
    return "CONFIRMED REMOVAL: Peer " + node_name(n.subject) + " removed from Peer List" + votes + epoch;
}

std::string report_received(const Notice& n) {
    return "Dead-node report received: " + n.text + "\nReporter=" + node_name(n.other) +
           ", peer-level votes=" + std::to_string(n.count);
}

// ---- seeds
std::string seed_text(const Notice& n) {
    const std::string subject = node_name(n.subject);
    const std::string other = node_name(n.other);
    switch (n.kind) {
        case NoticeKind::seed_started:
            return seed_started(n);
        case NoticeKind::seed_recovered:
            return std::string("Recovered ") + n.count + " peers from the journal " + at_epoch(n);
        case NoticeKind::seed_waiting:
            return "Not voting yet" + because(n);
        case NoticeKind::seed_voting:
            return "Voting: this seat takes part in decisions";
        case NoticeKind::proposal_opened:
            return proposal_opened(n);
        case NoticeKind::proposal_received:
            return proposal_received(n);
        case NoticeKind::vote_cast:
            return vote_cast(n);
        case NoticeKind::vote_received:
            return vote_received(n);
        case NoticeKind::approved:
            return outcome(n, "APPROVED") + at_epoch(n);
        case NoticeKind::rejected:
            return rejected(n);
        case NoticeKind::outcome_unknown:
            return "Outcome UNKNOWN for " + subject + "  [id=" + proposal_id(n) + "] epoch=" + std::to_string(n.epoch) +
                   " — driving it on until it is decided";
        case NoticeKind::recovery:
            return "RECOVERY: finishing proposal id=" + proposal_id(n) + " epoch=" + std::to_string(n.epoch);
        case NoticeKind::already_registered:
            return "Peer " + subject + " already registered — sending ACK";
        case NoticeKind::already_removed:
            return "Peer " + subject + " already removed";
        case NoticeKind::registration_pending:
            return "Registration of " + subject + " is PENDING — no quorum yet";
        case NoticeKind::no_quorum:
            return "NO QUORUM: " + ratio(n.count, n.need) + " seeds answer — lists are stale, nothing is decided";
        case NoticeKind::quorum_back:
            return "Quorum is back: " + ratio(n.count, n.need) + " seeds answer";
        case NoticeKind::report_received:
            return report_received(n);
        case NoticeKind::report_ignored:
            return "Dead node " + subject + ": report ignored" + because(n);
        case NoticeKind::case_opinion:
            return "Own probe of " + subject + " at " + other + ": removal " + yes_no(n) + because(n);
        case NoticeKind::member_removed:
            return member_removed(n);
        case NoticeKind::epoch_applied:
            return "Current Peer List: " + list(n.ids) + at_epoch(n);
        case NoticeKind::caught_up:
            return std::string("Caught up ") + n.count + " epochs from " + other + at_epoch(n);
        case NoticeKind::digest_alarm:
            return "ALARM: " + other + " holds another list at epoch " + std::to_string(n.epoch) + " — stopping";
        case NoticeKind::list_sent:
            return std::string("Sending Peer List (") + n.count + " peers) to " + other;
        case NoticeKind::seed_reached:
            return "Seed " + other + " answers";
        case NoticeKind::seed_unreachable:
            return "Cannot reach seed " + other + ": " + n.text;
        default:
            return {};
    }
}

std::string delivered(const Notice& n) {
    const std::string id = rumor_id(n);
    std::string text =
        "Gossip received  [from=" + node_name(n.other) + ", msg=" + id + ", time=" + id.substr(0, id.find(':')) + "]";
    if (n.rumor && n.rumor->typed) text += " \"" + n.rumor->text + "\"";
    return text;
}

std::string registering(const Notice& n) {
    return "Registering with " + ratio(n.count, n.of) + " seeds (quorum = " + std::to_string(n.need) + ")";
}

// ---- peers: membership and links
std::string membership_text(const Notice& n) {
    const std::string other = node_name(n.other);
    switch (n.kind) {
        case NoticeKind::peer_started:
            return "Peer node initialized at " + node_name(n.subject) + "\nListening on " + node_name(n.subject);
        case NoticeKind::registering:
            return registering(n);
        case NoticeKind::registration_sent:
            return "→ Sending registration to seed " + other;
        case NoticeKind::registration_ack:
            return "← ACK from seed " + other + "  (" + ratio(n.count, n.need) + ")";
        case NoticeKind::registration_nack:
            return "← NACK from seed " + other + because(n);
        case NoticeKind::registration_complete:
            return std::string("Registration complete — ACKs=") + n.count;
        case NoticeKind::registration_retry:
            return "Registration failed — no ACKs received" + because(n);
        case NoticeKind::peer_list_received:
            return "Received Peer List from seed " + other + ": " + list(n.ids) +
                   "\nUnion of Peer Lists: " + std::to_string(n.ids.size()) + " peers — " + list(n.ids);
        case NoticeKind::overlay_building:
            return std::string("Building overlay: target degree=") + n.count + "  (from " + std::to_string(n.of) +
                   " available peers)";
        case NoticeKind::overlay_empty:
            return "No other peers — overlay is empty";
        case NoticeKind::overlay_built:
            return std::string("Overlay built: degree=") + n.count + "  neighbors=" + list(n.ids);
        case NoticeKind::peer_active:
            return "Peer node fully active — gossip & liveness running";
        case NoticeKind::link_up:
            return "Link with " + other + " is up (" + std::string(link_name(n.link)) + ")";
        case NoticeKind::link_down:
            return "Link with " + other + " is down" + because(n);
        case NoticeKind::link_refused:
            return "Link refused by " + other + because(n);
        case NoticeKind::epoch_learned:
            return std::string("Peer List is at epoch ") + n.epoch +
                   (n.yes ? ", some decisions before it were missed" : "");
        case NoticeKind::removed_self:
            return "Removed from the Peer List while alive — registering again";
        case NoticeKind::leaving:
            return "Leaving the network";
        default:
            return {};
    }
}

// ---- peers: messages
std::string gossip_text(const Notice& n) {
    const std::string other = node_name(n.other);
    switch (n.kind) {
        case NoticeKind::generated:
            return "Generated gossip #" + ratio(n.count, n.of) + ": " + rumor_id(n);
        case NoticeKind::said:
            return "Said " + rumor_id(n) + (n.rumor ? ": \"" + n.rumor->text + "\"" : std::string());
        case NoticeKind::publish_refused:
            return "Message refused" + because(n);
        case NoticeKind::delivered:
            return delivered(n);
        case NoticeKind::duplicate:
            return "Duplicate message " + rumor_id(n) + " from " + other;
        case NoticeKind::pruned:
            return "Pruned: the link with " + other + " carries announcements";
        case NoticeKind::grafted:
            return "Grafted: the link with " + other + " carries messages again, " + std::to_string(n.count) +
                   " missing";
        case NoticeKind::repaired:
            return std::string("Repair: asked ") + other + " for " + std::to_string(n.count) + " missing messages";
        default:
            return {};
    }
}

std::string statement_received(const Notice& n) {
    return "Peer-level consensus for " + node_name(n.subject) + ": " + ratio(n.count, n.of) + " (need " +
           std::to_string(n.need) + ") — " + node_name(n.other) + " says " + std::string(verdict_name(n.verdict));
}

// ---- peers: failure detection
std::string detection_text(const Notice& n) {
    const std::string subject = node_name(n.subject);
    const std::string other = node_name(n.other);
    switch (n.kind) {
        case NoticeKind::ping_missed:
            return "No sign of life from " + subject + " for " + std::to_string(n.count) + " cycles";
        case NoticeKind::suspected:
            return "Initiating peer-level consensus for " + subject + because(n);
        case NoticeKind::witness_asked:
            return "Asking witness " + other + " about " + subject;
        case NoticeKind::statement_given:
            return "Witness statement about " + subject + " to " + other + ": " + std::string(verdict_name(n.verdict));
        case NoticeKind::statement_received:
            return statement_received(n);
        case NoticeKind::peer_consensus:
            return "PEER CONSENSUS REACHED: " + subject + " confirmed dead (" + ratio(n.count, n.of) + ")";
        case NoticeKind::suspicion_cancelled:
            return "Suspicion cancelled for " + subject + because(n);
        case NoticeKind::refuted:
            return "Suspected by " + other + " — answered ALIVE";
        case NoticeKind::dead_reported:
            return "DEAD NODE REPORT: " + n.text + " to seed " + other;
        case NoticeKind::report_answered:
            return "Report on " + subject + " answered by seed " + other + ": " + n.text;
        case NoticeKind::isolated:
            return "ISOLATED: accusing nobody" + because(n);
        case NoticeKind::isolation_over:
            return "Isolation is over";
        default:
            return {};
    }
}

// ---- any node
std::string node_text(const Notice& n) {
    const std::string other = node_name(n.other);
    switch (n.kind) {
        case NoticeKind::stopping:
            return n.role == Role::seed ? "Shutting down seed node..." : "Shutting down...";
        case NoticeKind::stopped:
            return n.role == Role::seed ? "Seed node stopped." : "Peer node stopped.";
        case NoticeKind::unknown_message:
            return "Unknown message type: " + n.text + " from " + other;
        case NoticeKind::refused_message:
            return "Refused a message from " + other + because(n);
        default:
            return {};
    }
}

}  // namespace

std::string log_text(const Notice& notice) {
    switch (traits(notice.kind).subject_class) {
        case NoticeClass::seed:
            return seed_text(notice);
        case NoticeClass::membership:
            return membership_text(notice);
        case NoticeClass::gossip:
            return gossip_text(notice);
        case NoticeClass::detection:
            return detection_text(notice);
        case NoticeClass::node:
            return node_text(notice);
    }
    return {};
}

}  // namespace gossip
