#include "manager/view/live_log.hpp"

#include "manager/base/terminal.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>

namespace gossip {
namespace {

using Lines = std::vector<LiveLine>;

std::string why(const Notice& notice) { return notice.text.empty() ? "" : ": " + printable(notice.text); }

Lines alarm(std::string text) { return {{'!', std::move(text)}}; }

}  // namespace

std::string port_ranges(const std::set<NodeId>& ids) {
    std::string text;
    for (auto it = ids.begin(); it != ids.end();) {
        const NodeId first = *it;
        NodeId last = first;
        while (++it != ids.end() && static_cast<std::uint64_t>(*it) == static_cast<std::uint64_t>(last) + 1) last = *it;
        text += (text.empty() ? "" : ", ") + short_name(first);
        if (last != first) text += "-" + std::to_string(endpoint(last).port);
    }
    return text;
}

Lines LiveLog::on_member(const Notice& n) {
    Epoch& announced = announced_[n.subject];
    if (n.epoch <= announced) return {};
    announced = n.epoch;
    if (n.kind == NoticeKind::member_added) {
        joined_.insert(n.subject);
        joined_epoch_ = n.epoch;
        return {};
    }
    Lines lines = suspicion_lines(n.subject);
    std::erase_if(accused_, [&](const auto& pair) { return pair.first == n.subject; });
    const std::string how = n.removal == RemovalReason::left ? " left" : " removed: dead";
    lines.push_back({'-', short_name(n.subject) + how + " (epoch " + std::to_string(n.epoch) + ")"});
    return lines;
}

void LiveLog::on_suspected(const NodeEvent& event) {
    const Notice& n = event.notice;
    if (!accused_.insert({n.subject, event.node}).second) return;
    HeldSuspicion& suspicion = suspicions_[n.subject];
    suspicion.accusers.insert(event.node);
    if (suspicion.why.empty()) suspicion.why = why(n);
}

void LiveLog::on_consensus(const Notice& n) {
    const bool known =
        std::any_of(accused_.begin(), accused_.end(), [&](const auto& pair) { return pair.first == n.subject; });
    if (!known) return;  // it is removed already, and that line was shown
    suspicions_[n.subject].confirmed =
        std::to_string(n.count) + " of " + std::to_string(n.of) + " witnesses confirm that it is dead";
}

Lines LiveLog::suspicion_lines(NodeId suspect) {
    const auto held = suspicions_.extract(suspect);
    if (held.empty()) return {};
    const HeldSuspicion& suspicion = held.mapped();
    Lines lines;
    if (!suspicion.accusers.empty()) {
        const std::string verb = suspicion.accusers.size() == 1 ? " suspects " : " suspect ";
        lines.push_back({'?', port_ranges(suspicion.accusers) + verb + short_name(suspect) + suspicion.why});
    }
    if (!suspicion.confirmed.empty()) lines.push_back({'?', short_name(suspect) + ": " + suspicion.confirmed});
    return lines;
}

LiveLine LiveLog::joins(const ClusterView& view) {
    const std::size_t count = joined_.size();
    LiveLine line{'+', port_ranges(joined_) + " registered"};
    if (count > 1) line.text += " (" + counted(count, "peer") + ")";
    line.text +=
        "; epoch " + std::to_string(joined_epoch_) + ", " + counted(view.agreement().members().size(), "member");
    joined_.clear();
    return line;
}

Lines LiveLog::release(const ClusterView& view) {
    Lines lines;
    if (!joined_.empty()) lines.push_back(joins(view));
    while (!suspicions_.empty()) {
        for (LiveLine& line : suspicion_lines(suspicions_.begin()->first)) lines.push_back(std::move(line));
    }
    return lines;
}

// Only for typed messages: generated ones arrive all the time.
Lines LiveLog::on_receipt(const Notice& n, const ClusterView& view) {
    if (!n.rumor || !n.rumor->typed || n.rumor->id == complete_) return {};
    const RumorView* rumor = view.find_rumor(n.rumor->id);
    if (rumor == nullptr) return {};
    const std::set<NodeId> live = view.live_registered();
    std::int64_t last = 0;
    std::uint32_t hops = 0;
    for (const NodeId id : live) {
        const auto receipt = rumor->receipts.find(id);
        if (receipt == rumor->receipts.end()) return {};
        last = std::max(last, receipt->second.mono_ns);
        hops = std::max(hops, receipt->second.hop);
    }
    complete_ = n.rumor->id;
    return {{'=', "\"" + shortened(printable(n.rumor->text), 40) + "\" reached all " + counted(live.size(), "peer") +
                      " in " + format_time(Duration{last - rumor->mono_ns}) + ", " + counted(hops, "hop")}};
}

Lines LiveLog::apply(const NodeEvent& event, const ClusterView& view) {
    const Notice& n = event.notice;
    const std::string self = short_name(event.node);
    switch (n.kind) {
        case NoticeKind::member_added:
        case NoticeKind::member_removed:
            return on_member(n);
        case NoticeKind::suspected:
            return on_suspected(event), Lines{};
        case NoticeKind::peer_consensus:
            return on_consensus(n), Lines{};
        case NoticeKind::suspicion_cancelled:
            if (accused_.erase({n.subject, event.node}) == 0) return {};
            return {{'=', self + " no longer suspects " + short_name(n.subject) + why(n)}};
        case NoticeKind::rejected:
            return alarm("seeds refused to " + std::string(n.add ? "add " : "remove ") + short_name(n.subject) +
                         why(n));
        case NoticeKind::no_quorum:
            return alarm(self + ": no quorum, " + std::to_string(n.count) + " of " + std::to_string(n.need) +
                         " seeds answer; nobody is admitted or removed");
        case NoticeKind::quorum_back:
            return {{'=', self + ": quorum is back"}};
        case NoticeKind::digest_alarm:
            return alarm(self + " and " + short_name(n.other) + " hold different lists for epoch " +
                         std::to_string(n.epoch));
        case NoticeKind::removed_self:
            return alarm(self + " was removed while alive; it registers again");
        case NoticeKind::isolated:
            return alarm(self + " is isolated" + why(n));
        case NoticeKind::isolation_over:
            return {{'=', self + " is no longer isolated"}};
        case NoticeKind::seed_waiting:
            return alarm(self + " does not vote yet" + why(n));
        case NoticeKind::delivered:
            return on_receipt(n, view);
        default:
            return {};
    }
}

}  // namespace gossip
