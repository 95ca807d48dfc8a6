#pragma once
// What a machine lets the world observe: logs, traces, metrics, the page and the tests read notices.
// Never needed for correctness. notice_traits.hpp has what holds for all notices of a kind, log_text.hpp
// their log lines.

#include "protocol/messages.hpp"
#include "protocol/types.hpp"

#include <string>
#include <vector>

namespace gossip {

// Beside each kind: the fields it fills. `subject` is the node the notice is about, `other` the node
// it came from or goes to.
enum class NoticeKind : std::uint8_t {
    // ---- seed: membership
    seed_started,          // subject=self count=seeds need=quorum ids=other seeds
    seed_recovered,        // count=members epoch digest
    seed_waiting,          // text: why it does not vote yet (new seat, lost journal)
    seed_voting,           // it may vote now
    proposal_opened,       // subject proposal add? other=reporter(removal) count=1 need epoch
    proposal_received,     // subject proposal add? other=proposer
    vote_cast,             // subject proposal add? yes text=reason
    vote_received,         // subject proposal add? other=voter yes count=total need
    approved,              // subject incarnation proposal add? count=votes of=seeds need epoch digest
    rejected,              // as approved, text=reason
    outcome_unknown,       // subject proposal epoch: COMMIT was sent, time ran out, the seed keeps driving it
    recovery,              // epoch proposal: finishing a batch accepted under an earlier ballot
    already_registered,    // subject incarnation
    already_removed,       // subject
    registration_pending,  // subject
    no_quorum,             // count=seeds answering need
    quorum_back,           // count need
    report_received,       // subject other=reporter count=peer votes text=report string
    report_ignored,        // subject other=reporter text=reason
    case_opinion,          // subject other=seed yes text=reason: a seed's own probe before a removal
    member_added,          // subject incarnation epoch: applied to this seed's list
    member_removed,        // subject incarnation epoch count=votes need removal
    epoch_applied,         // epoch digest count=members ids=members (the whole list)
    caught_up,             // epoch count=epochs learnt other=from
    digest_alarm,          // epoch other: same epoch, other digest; this seed stops
    list_sent,             // other=to count
    seed_reached,          // other
    seed_unreachable,      // other text
    // ---- peer: life cycle
    peer_started,           // subject=self
    registering,            // ids=chosen seeds count=k of=n need=quorum
    registration_sent,      // other=seed
    registration_ack,       // other=seed count need text
    registration_nack,      // other=seed text
    registration_complete,  // count=acks epoch
    registration_retry,     // text: no answer, trying again
    peer_list_received,     // other=seed ids
    overlay_building,       // count=target degree of=available
    overlay_empty,          //
    overlay_built,          // count=degree ids=neighbours
    peer_active,            //
    link_up,                // other link
    link_down,              // other text=reason
    link_refused,           // other text=reason
    epoch_learned,          // epoch; yes: jumped to, over decisions that were missed
    removed_self,           // incarnation: the list dropped us while alive
    leaving,                //
    // ---- peer: gossip
    generated,        // rumor count=i of=max
    said,             // rumor
    publish_refused,  // text=reason
    delivered,        // rumor other=from hop repair=yes latency_ms
    duplicate,        // rumor other=from
    forwarded,        // rumor count=links it was pushed to
    repaired,         // other count: messages pulled from it
    pruned,           // other: the link with it carries announcements from now on
    grafted,          // other count: so many messages asked for, the link with it carries messages again
    // ---- peer: detection
    ping_missed,          // subject count
    suspected,            // subject incarnation text=why
    witness_asked,        // subject other=witness
    statement_given,      // subject other=accuser verdict
    statement_received,   // subject other=witness verdict count=confirming of=witnesses need
    peer_consensus,       // subject count of
    suspicion_cancelled,  // subject text=why
    refuted,              // subject=self other=accuser: we are alive and said so
    dead_reported,        // subject other=seed text=report string
    report_answered,      // subject other=seed text=status
    isolated,             // text
    isolation_over,       //
    // ---- anyone
    stopping,         // role
    stopped,          // role
    unknown_message,  // other text
    refused_message,  // other text: a message that its sender may not send, or that fails a check
};

// Why a life left the list.
enum class RemovalReason : std::uint8_t {
    dead,  // a quorum of seeds found it dead
    left,  // it said so itself
};

struct Notice {
    NoticeKind kind{};
    bool yes{false};
    bool add{false};
    Verdict verdict{};
    LinkKind link{};
    RemovalReason removal{};
    Role role{};
    std::uint32_t proposal{0};
    std::uint32_t count{0};
    std::uint32_t of{0};
    std::uint32_t need{0};
    std::uint32_t hop{0};
    NodeId subject{};
    NodeId other{};
    Incarnation incarnation{};
    Epoch epoch{0};
    std::int64_t latency_ms{0};
    Digest digest;
    RumorPtr rumor;
    std::vector<NodeId> ids;
    std::string text;
};

}  // namespace gossip
