#include "protocol/notice_traits.hpp"

#include "protocol/enumerator_name.hpp"

#include <algorithm>
#include <array>

namespace gossip {
namespace {

using K = NoticeKind;
using C = NoticeClass;
using L = LogLevel;
using namespace notice_reader;
constexpr NoticeReaders nobody = 0;

// What few kinds have; NoticeTraits says what each is.
struct More {
    MessageStep message{};
    Tone tone{};
    RemovalStep removal{};
    std::string_view refusal{};
};

template <NoticeKind Kind>
constexpr NoticeTraits row(NoticeClass subject_class, LogLevel level, std::string_view log_words, NoticeReaders readers,
                           const More& more = {}) {
    return {Kind,          enumerator_name<Kind>(),
            subject_class, level,
            log_words,     readers,
            more.message,  more.tone,
            more.removal,  more.refusal};
}

constexpr std::array table{
    // ---- seeds: membership
    row<K::seed_started>(C::seed, L::info, "Seed node initialized at", trace | page | others),
    row<K::seed_recovered>(C::seed, L::info, "from the journal", trace | status),
    row<K::seed_waiting>(C::seed, L::warning, "Not voting yet", trace),
    row<K::seed_voting>(C::seed, L::info, "Voting: this seat takes part in decisions", trace | page),
    row<K::proposal_opened>(C::seed, L::info, "PROPOSAL:", trace | page, {.removal = RemovalStep::proposal}),
    row<K::proposal_received>(C::seed, L::info, "Received registration proposal", nobody),
    row<K::vote_cast>(C::seed, L::info, "Voting ", trace | page,
                      {.removal = RemovalStep::vote,
                       .refusal = "this seed voted no; the others decide without it when they are a quorum"}),
    row<K::vote_received>(C::seed, L::info, "Vote from", page),
    row<K::approved>(C::seed, L::info, "CONSENSUS OUTCOME — APPROVED", trace | page, {.removal = RemovalStep::decided}),
    row<K::rejected>(C::seed, L::warning, "CONSENSUS OUTCOME — REJECTED", trace | page,
                     {.tone = Tone::bad,
                      .removal = RemovalStep::decided,
                      .refusal = "a quorum of seeds did not say yes; whoever asked may ask again"}),
    row<K::outcome_unknown>(C::seed, L::warning, "Outcome UNKNOWN", trace | page,
                            {.refusal = "the answer did not come in time; the seed goes on until it is decided"}),
    row<K::recovery>(C::seed, L::info, "RECOVERY:", nobody),
    row<K::already_registered>(C::seed, L::info, "already registered", nobody),
    row<K::already_removed>(C::seed, L::info, "already removed", nobody),
    row<K::registration_pending>(C::seed, L::warning, "is PENDING", trace),
    row<K::no_quorum>(C::seed, L::warning, "NO QUORUM", trace | page,
                      {.refusal = "fewer than a quorum of seeds answer: nothing can be decided until more do"}),
    row<K::quorum_back>(C::seed, L::info, "Quorum is back", trace | page),
    row<K::report_received>(C::seed, L::warning, "Dead-node report received", trace | page, {.tone = Tone::doubtful}),
    row<K::report_ignored>(
        C::seed, L::warning, "report ignored", trace | page,
        {.removal = RemovalStep::report,
         .refusal = "a report of a death without enough witnesses, or of one who is no member, moves nothing"}),
    row<K::case_opinion>(C::seed, L::info, "Own probe of", trace | page, {.removal = RemovalStep::probe}),
    row<K::member_added>(C::seed, L::debug, "", trace | page | others, {.tone = Tone::good}),
    row<K::member_removed>(C::seed, L::info, "CONFIRMED REMOVAL", trace | page | others,
                           {.tone = Tone::bad, .removal = RemovalStep::removed}),
    row<K::epoch_applied>(C::seed, L::info, "Current Peer List", others),
    row<K::caught_up>(C::seed, L::info, "Caught up", trace | status),
    row<K::digest_alarm>(
        C::seed, L::error, "ALARM:", trace | page,
        {.tone = Tone::bad, .refusal = "two lists of one epoch differ, which must not be: this seed stops"}),
    row<K::list_sent>(C::seed, L::info, "Sending Peer List", nobody),
    row<K::seed_reached>(C::seed, L::info, "answers", nobody),
    row<K::seed_unreachable>(C::seed, L::warning, "Cannot reach seed", nobody),
    // ---- peers: membership and links
    row<K::peer_started>(C::membership, L::info, "Peer node initialized at", trace | page),
    row<K::registering>(C::membership, L::info, "Registering with", trace | page),
    row<K::registration_sent>(C::membership, L::info, "Sending registration to seed", nobody),
    row<K::registration_ack>(C::membership, L::info, "← ACK from seed", nobody),
    row<K::registration_nack>(C::membership, L::warning, "← NACK from seed", trace | page,
                              {.refusal = "this seed cannot admit it now; others are asked, and it tries again"}),
    row<K::registration_complete>(C::membership, L::info, "Registration complete", trace | page, {.tone = Tone::good}),
    row<K::registration_retry>(C::membership, L::warning, "Registration failed", trace),
    row<K::peer_list_received>(C::membership, L::info, "Received Peer List", page),
    row<K::overlay_building>(C::membership, L::info, "Building overlay", nobody),
    row<K::overlay_empty>(C::membership, L::info, "overlay is empty", nobody),
    row<K::overlay_built>(C::membership, L::info, "Overlay built", trace),
    row<K::peer_active>(C::membership, L::info, "Peer node fully active", nobody),
    row<K::link_up>(C::membership, L::info, "is up", trace | page),
    row<K::link_down>(C::membership, L::info, "is down", trace | page),
    row<K::link_refused>(
        C::membership, L::info, "Link refused", nobody,
        {.refusal = "the neighbour has as many links as it may have, or is not a member; another is asked"}),
    row<K::epoch_learned>(C::membership, L::debug, "Peer List is at epoch", nobody),
    row<K::removed_self>(C::membership, L::warning, "Removed from the Peer List while alive", trace | page,
                         {.tone = Tone::bad, .refusal = "the seeds took it for dead; it comes back as a new life"}),
    row<K::leaving>(C::membership, L::info, "Leaving the network", trace | page),
    // ---- peers: messages
    row<K::generated>(C::gossip, L::info, "Generated gossip", wave, {.message = MessageStep::begun}),
    row<K::said>(C::gossip, L::info, "Said", wave, {.message = MessageStep::begun}),
    row<K::publish_refused>(C::gossip, L::warning, "Message refused", nobody,
                            {.refusal = "the message was not taken; nothing was sent"}),
    row<K::delivered>(C::gossip, L::info, "Gossip received", wave, {.message = MessageStep::passed}),
    row<K::duplicate>(C::gossip, L::debug, "Duplicate message", wave, {.message = MessageStep::passed}),
    row<K::forwarded>(C::gossip, L::debug, "", nobody, {.message = MessageStep::passed}),
    row<K::repaired>(C::gossip, L::info, "Repair:", nobody),
    row<K::pruned>(C::gossip, L::debug, "Pruned:", nobody),
    row<K::grafted>(C::gossip, L::debug, "Grafted:", nobody),
    // ---- peers: failure detection
    row<K::ping_missed>(C::detection, L::warning, "No sign of life", page),
    row<K::suspected>(C::detection, L::warning, "Initiating peer-level consensus", trace | page,
                      {.tone = Tone::doubtful, .removal = RemovalStep::suspected}),
    row<K::witness_asked>(C::detection, L::debug, "Asking witness", trace | page, {.removal = RemovalStep::asked}),
    row<K::statement_given>(C::detection, L::info, "Witness statement", trace | page,
                            {.removal = RemovalStep::witness}),
    row<K::statement_received>(C::detection, L::info, "Peer-level consensus for", page),
    row<K::peer_consensus>(C::detection, L::warning, "PEER CONSENSUS REACHED", trace | page,
                           {.removal = RemovalStep::consensus}),
    row<K::suspicion_cancelled>(C::detection, L::info, "Suspicion cancelled", trace | page,
                                {.removal = RemovalStep::cancelled,
                                 .refusal = "the suspect answered, or the witnesses disagreed: it stays a member"}),
    row<K::refuted>(C::detection, L::info, "answered ALIVE", trace | page,
                    {.tone = Tone::good, .removal = RemovalStep::refuted}),
    row<K::dead_reported>(C::detection, L::warning, "DEAD NODE REPORT", trace | page,
                          {.tone = Tone::doubtful, .removal = RemovalStep::report}),
    row<K::report_answered>(C::detection, L::info, "answered by seed", trace, {.removal = RemovalStep::answered}),
    row<K::isolated>(C::detection, L::warning, "ISOLATED", trace | page,
                     {.refusal = "nobody answers it: it doubts itself and accuses nobody"}),
    row<K::isolation_over>(C::detection, L::info, "Isolation is over", trace | page),
    // ---- any node
    row<K::stopping>(C::node, L::info, "Shutting down", trace),
    row<K::stopped>(C::node, L::info, "node stopped", trace),
    row<K::unknown_message>(C::node, L::warning, "Unknown message type", nobody,
                            {.refusal = "of a type this version does not know; dropped, the connection goes on"}),
    row<K::refused_message>(
        C::node, L::warning, "Refused a message", nobody,
        {.refusal = "its sender may not say that, or a check failed; it is dropped and nothing else changes"}),
};

constexpr bool in_order_of_kinds() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].kind) != i) return false;
    }
    return true;
}
static_assert(in_order_of_kinds(), "a kind without its row, with two, or in another order than NoticeKind's");
static_assert(enumerator_name<static_cast<NoticeKind>(table.size())>().empty(), "the last kinds have no rows");

}  // namespace

std::span<const NoticeTraits> all_notice_traits() { return table; }

const NoticeTraits& traits(NoticeKind kind) { return table[static_cast<std::size_t>(kind)]; }

std::optional<NoticeKind> kind_named(std::string_view name) {
    const auto row = std::find_if(table.begin(), table.end(), [&](const NoticeTraits& t) { return t.name == name; });
    if (row == table.end()) return std::nullopt;
    return row->kind;
}

RemovalStep removal_step(const Notice& notice) { return notice.add ? RemovalStep::none : traits(notice.kind).removal; }

std::string_view refusal_meaning(const Notice& notice) {
    const bool agrees = notice.kind == NoticeKind::vote_cast && notice.yes;
    return agrees ? std::string_view() : traits(notice.kind).refusal;
}

std::string notice_text(const Notice& notice) {
    switch (notice.kind) {
        case NoticeKind::member_removed:
            return notice.removal == RemovalReason::left ? "left" : "dead";
        case NoticeKind::stopping:
        case NoticeKind::stopped:
            return notice.role == Role::seed ? "seed" : "peer";
        default:
            return notice.text;
    }
}

void set_notice_text(Notice& notice, std::string text) {
    switch (notice.kind) {
        case NoticeKind::member_removed:
            notice.removal = text == "left" ? RemovalReason::left : RemovalReason::dead;
            break;
        case NoticeKind::stopping:
        case NoticeKind::stopped:
            notice.role = text == "seed" ? Role::seed : Role::peer;
            break;
        default:
            notice.text = std::move(text);
    }
}

}  // namespace gossip
