#include "manager/live_log.hpp"

#include "manager/parser.hpp"
#include "manager/terminal.hpp"

#include <algorithm>

namespace gossip {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string why(const Notice& notice) { return notice.text.empty() ? "" : ": " + printable(notice.text); }

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

std::optional<LiveLine> LiveLog::on_member(const Notice& n) {
    Epoch& announced = announced_[n.subject];
    if (n.epoch <= announced) return std::nullopt;
    announced = n.epoch;
    if (n.kind == NoticeKind::member_added) {
        joined_.insert(n.subject);
        joined_epoch_ = n.epoch;
        return std::nullopt;
    }
    std::erase_if(doubts_, [&](const auto& doubt) { return doubt.first == n.subject; });
    const std::string how = n.text == "left" ? " left" : " removed: dead";
    return LiveLine{'-', short_name(n.subject) + how + " (epoch " + std::to_string(n.epoch) + ")"};
}

LiveLine LiveLog::gathered(const ClusterView& view) {
    const std::size_t count = joined_.size();
    const Agreement list = view.agreement();
    LiveLine line{'+', port_ranges(joined_) + " registered"};
    if (count > 1) line.text += " (" + counted(count, "peer") + ")";
    line.text += "; epoch " + std::to_string(joined_epoch_) + ", " + counted(list.members.size(), "member");
    joined_.clear();
    return line;
}

// Typed messages only: generated ones come all the time.
std::optional<LiveLine> LiveLog::on_receipt(const Notice& n, const ClusterView& view) {
    if (!n.rumor || !n.rumor->typed || n.rumor->id == complete_) return std::nullopt;
    const RumorView* rumor = view.find_rumor(n.rumor->id);
    if (rumor == nullptr) return std::nullopt;
    const std::set<NodeId> live = view.live_registered();
    std::int64_t last = 0;
    std::uint32_t hops = 0;
    for (const NodeId id : live) {
        const auto receipt = rumor->receipts.find(id);
        if (receipt == rumor->receipts.end()) return std::nullopt;
        last = std::max(last, receipt->second.mono_ns);
        hops = std::max(hops, receipt->second.hop);
    }
    complete_ = n.rumor->id;
    return LiveLine{'=', "\"" + printable(n.rumor->text).substr(0, 40) + "\" reached all " +
                             std::to_string(live.size()) + " peers in " + format_time(Duration{last - rumor->mono_ns}) +
                             ", " + counted(hops, "hop")};
}

std::optional<LiveLine> LiveLog::take(const NodeEvent& event, const ClusterView& view) {
    const Notice& n = event.notice;
    const std::string self = short_name(event.node);
    switch (n.kind) {
        case NoticeKind::member_added:
        case NoticeKind::member_removed:
            return on_member(n);
        case NoticeKind::suspected:
            if (!doubts_.insert({n.subject, event.node}).second) return std::nullopt;
            return LiveLine{'?', self + " suspects " + short_name(n.subject) + why(n)};
        case NoticeKind::suspicion_cancelled:
            if (doubts_.erase({n.subject, event.node}) == 0) return std::nullopt;
            return LiveLine{'=', self + " no longer suspects " + short_name(n.subject) + why(n)};
        case NoticeKind::peer_consensus:
            return LiveLine{'?', self + ": " + std::to_string(n.count) + " of " + std::to_string(n.of) +
                                     " witnesses confirm that " + short_name(n.subject) + " is dead"};
        case NoticeKind::rejected:
            return LiveLine{
                '!', "seeds refused to " + std::string(n.add ? "add " : "remove ") + short_name(n.subject) + why(n)};
        case NoticeKind::no_quorum:
            return LiveLine{'!', self + ": no quorum, " + std::to_string(n.count) + " of " + std::to_string(n.need) +
                                     " seeds answer; nobody is admitted or removed"};
        case NoticeKind::quorum_back:
            return LiveLine{'=', self + ": quorum is back"};
        case NoticeKind::digest_alarm:
            return LiveLine{'!', self + " and " + short_name(n.other) + " hold different lists for epoch " +
                                     std::to_string(n.epoch)};
        case NoticeKind::removed_self:
            return LiveLine{'!', self + " was removed while alive; it registers again"};
        case NoticeKind::isolated:
            return LiveLine{'!', self + " is isolated" + why(n)};
        case NoticeKind::isolation_over:
            return LiveLine{'=', self + " is no longer isolated"};
        case NoticeKind::seed_waiting:
            return LiveLine{'!', self + " does not vote yet" + why(n)};
        case NoticeKind::delivered:
            return on_receipt(n, view);
        default:
            return std::nullopt;
    }
}

}  // namespace gossip
