#include "sim/checks/coverage.hpp"

namespace gossip::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Mark::last_mark)> names{
    "adopted from an earlier ballot",
    "nack by a higher promise",
    "outcome unknown",
    "batch of several changes",
    "asks carried in a vote",
    "vote received twice",
    "caught up by deltas",
    "caught up by snapshot",
    "restarted from a journal",
    "torn tail truncated",
    "seed ended by its disk",
    "seat replaced",
    "no quorum",
    "registration pending",
    "rejected",
    "removal decided",
    "left in order",
    "removal refused by own probe",
    "refuted in time",
    "suspicion cancelled",
    "report with bad evidence refused",
    "removed while alive",
    "came back after a wrong removal",
    "message repaired",
    "duplicate dropped",
    "link pruned",
    "message grafted",
    "link refused",
    "isolated",
    "run with one seed",
    "run with five seeds"};

// Notices that are a mark whatever their fields.
const std::map<NoticeKind, Mark>& plain_marks() {
    static const std::map<NoticeKind, Mark> marks{
        {NoticeKind::recovery, Mark::adopted},
        {NoticeKind::outcome_unknown, Mark::outcome_unknown},
        {NoticeKind::seed_recovered, Mark::recovered},
        {NoticeKind::no_quorum, Mark::no_quorum},
        {NoticeKind::registration_pending, Mark::registration_pending},
        {NoticeKind::rejected, Mark::rejected},
        {NoticeKind::refuted, Mark::refuted},
        {NoticeKind::suspicion_cancelled, Mark::suspicion_cancelled},
        {NoticeKind::repaired, Mark::repaired},
        {NoticeKind::duplicate, Mark::duplicate_dropped},
        {NoticeKind::pruned, Mark::pruned},
        {NoticeKind::link_refused, Mark::link_refused},
        {NoticeKind::isolated, Mark::isolated},
    };
    return marks;
}

}  // namespace

std::string_view mark_name(Mark mark) { return names[static_cast<std::size_t>(mark)]; }

Coverage::Coverage(const Cluster& cluster) : cluster_(cluster) {
    if (cluster.seeds().size() == 1) hit(Mark::one_seed);
    if (cluster.seeds().size() == 5) hit(Mark::five_seeds);
}

void Coverage::on_step(Time, NodeId node, const Event& event, const Effects& effects) {
    for (const Notice& n : effects.notices) on_notice(node, n);
    const auto* r = std::get_if<Received>(&event);
    if (r == nullptr) return;
    if (const auto* vote = r->message.get_if<msg::Vote>()) on_vote(node, r->from, *vote);
}

void Coverage::on_notice(NodeId node, const Notice& n) {
    const auto plain = plain_marks().find(n.kind);
    if (plain != plain_marks().end()) hit(plain->second);
    if (n.kind == NoticeKind::grafted && n.count > 0) hit(Mark::grafted);
    if (n.kind == NoticeKind::member_removed)
        hit(n.removal == RemovalReason::left ? Mark::left_in_order : Mark::removal_decided);
    if (n.kind == NoticeKind::removed_self) {
        hit(Mark::removed_alive);
        removed_alive_.insert(node);
    }
    if (n.kind == NoticeKind::registration_complete && removed_alive_.erase(node) > 0) hit(Mark::came_back);
}

void Coverage::on_vote(NodeId node, NodeId from, const msg::Vote& vote) {
    auto& last = last_vote_[{node, from}];
    if (last == std::pair{vote.epoch, vote.ballot}) hit(Mark::vote_repeated);
    last = {vote.epoch, vote.ballot};
}

void Coverage::on_wire(Time, NodeId from, NodeId, const SharedMessage& message) {
    if (!cluster_.is_seed(from)) return;
    message.visit(Overloaded{
        [this](const msg::Nack&) { hit(Mark::nack); },
        [this](const msg::Commit& m) {
            if (m.batch.size() > 1) hit(Mark::batch_of_many);
            for (const Change& c : m.batch) {
                if (c.kind == ChangeKind::replace) hit(Mark::seat_replaced);
            }
        },
        [this](const msg::Vote& m) {
            if (!m.carried_asks.empty()) hit(Mark::asks_carried);
        },
        [this](const msg::Decisions& m) {
            if (!m.decisions.empty()) hit(Mark::caught_up_by_deltas);
        },
        [this](const msg::SnapshotPart&) { hit(Mark::caught_up_by_snapshot); },
        [this](const msg::CaseOpinion& m) {
            if (m.opinion == Opinion::no) hit(Mark::refused_by_own_probe);
        },
        [this](const msg::ReportAck& m) {
            if (m.status == ReportStatus::bad_evidence) hit(Mark::bad_evidence);
        },
        [](const auto&) {},
    });
}

}  // namespace gossip::sim
