#include "manager/view/removal_view.hpp"

#include "manager/base/local_time.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gossip {
namespace {

using Life = std::deque<NodeEvent>;

bool is_removal(const Notice& n) { return n.kind == NoticeKind::member_removed; }

// The events of the newest removal or suspicion, from the admission before it to the last of its steps.
std::pair<std::size_t, std::size_t> newest_removal(const Life& life) {
    std::size_t end = life.size();
    while (end > 0 && removal_step(life[end - 1].notice) == RemovalStep::none) --end;
    std::size_t begin = end;
    const auto admits = [](const Notice& n) {
        return n.kind == NoticeKind::member_added || n.kind == NoticeKind::registration_complete;
    };
    while (begin > 0 && !admits(life[begin - 1].notice)) --begin;
    return {begin, end};
}

std::string because(const Notice& n) { return n.text.empty() ? "" : ": " + printable(n.text); }

std::string_view said(Verdict verdict) {
    switch (verdict) {
        case Verdict::reachable:
            return "it answers";
        case Verdict::unreachable:
            return "no answer";
        default:
            return "connection refused";
    }
}

std::string what(const Notice& n) {
    const std::string other = n.other == NodeId::none ? "" : short_name(n.other);
    switch (n.kind) {
        case NoticeKind::suspected:
        case NoticeKind::suspicion_cancelled:
            return printable(n.text);
        case NoticeKind::refuted:
            return "answers " + other + " that it is alive";
        case NoticeKind::witness_asked:
            return "asks ";
        case NoticeKind::statement_given:
            return std::string(said(n.verdict)) + ", to ";
        case NoticeKind::peer_consensus:
            return std::to_string(n.count) + " of " + std::to_string(n.of) + " witnesses confirm";
        case NoticeKind::dead_reported:
            return "to seed ";
        case NoticeKind::report_answered:
            return "by seed " + other + because(n);
        case NoticeKind::report_ignored:
            return "ignored" + because(n);
        case NoticeKind::case_opinion:
        case NoticeKind::vote_cast:
            return (n.yes ? "yes" : "no") + because(n);
        case NoticeKind::proposal_opened:
            return "votes yes, " + (other.empty() ? "at its own word" : "after " + other + "'s report");
        case NoticeKind::member_removed:
            return "from its list, epoch " + std::to_string(n.epoch);
        default:  // approved, rejected
            return (n.kind == NoticeKind::approved ? "removal approved, " : "removal rejected, ") +
                   std::to_string(n.count) + " of " + std::to_string(n.of) + " votes, quorum " + std::to_string(n.need);
    }
}

struct Step {
    std::string_view step;
    Moment at;
    std::string node;  // in full, for programs; empty: the manager saw it
    std::string shown;
    std::string what;
    std::vector<NodeId> others;  // whom the node asked, answered or reported to, when a step has several such events
};

bool has_others(NoticeKind kind) {
    return kind == NoticeKind::witness_asked || kind == NoticeKind::statement_given ||
           kind == NoticeKind::dead_reported;
}

class Steps {
public:
    Steps(NodeId id, const ClusterView& view) : id_(id), view_(view) {
        const Life* life = view.life(id);
        if (life == nullptr) return;
        const auto [begin, end] = newest_removal(*life);
        std::vector<const NodeEvent*> events;
        for (std::size_t i = begin; i < end; ++i) {
            if (removal_step((*life)[i].notice) != RemovalStep::none) events.push_back(&(*life)[i]);
        }
        std::ranges::stable_sort(events, {}, [](const NodeEvent* event) { return removal_step(event->notice); });
        for (const NodeEvent* event : events) add(*event);
        if (steps_.empty()) return;
        const auto removal = std::find_if(life->begin() + static_cast<std::ptrdiff_t>(begin), life->end(),
                                          [](const NodeEvent& event) { return is_removal(event.notice); });
        if (removal != life->end()) removal_ = &*removal;
        add_beginning();
    }

    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] const NodeEvent* removal() const { return removal_; }
    // How its process ended, if it did so before the removal.
    [[nodiscard]] const Ending* ending() const { return ending_; }
    [[nodiscard]] std::int64_t start() const {
        return ending_ != nullptr ? ending_->at.mono_ns : steps_.empty() ? 0 : first_;
    }

private:
    void add(const NodeEvent& event) {
        const Notice& n = event.notice;
        // A seed also reports the opinions of the other seeds: each is listed once, under the seed that holds it.
        const NodeId node = n.kind == NoticeKind::case_opinion && n.other != NodeId::none ? n.other : event.node;
        Step fresh{
            step_name(removal_step(n)), {event.mono_ns, event.wall}, node_name(node), short_name(node), what(n), {}};
        const auto known = std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) {
            return s.step == fresh.step && s.node == fresh.node && s.what == fresh.what;
        });
        if (first_ == 0 || event.mono_ns < first_) first_ = event.mono_ns;
        Step& step_of_node = known == steps_.end() ? steps_.emplace_back(std::move(fresh)) : *known;
        auto& others = step_of_node.others;
        const bool named = std::find(others.begin(), others.end(), n.other) != others.end();
        if (has_others(n.kind) && !named) others.push_back(n.other);
    }

    void add_beginning() {
        const Ending* ending = view_.ending(id_);
        const std::int64_t until = removal_ == nullptr ? steps_.back().at.mono_ns : removal_->mono_ns;
        std::vector<Step> before;
        if (ending != nullptr && ending->last_sign.at.mono_ns != 0) {
            const SignOfLife& sign = ending->last_sign;
            before.push_back({"last heard",
                              sign.at,
                              node_name(sign.by),
                              short_name(sign.by),
                              sign.by == id_ ? "its own last event" : "had a message of it (PINGs are not noted)",
                              {}});
        }
        if (ending != nullptr && ending->at.mono_ns != 0 && ending->at.mono_ns <= until) {
            ending_ = ending;
            before.push_back({"stopped", ending->at, "", "", std::string(state_name(ending->state)), {}});
        }
        steps_.insert(steps_.begin(), before.begin(), before.end());
    }

    NodeId id_;
    const ClusterView& view_;
    std::vector<Step> steps_;
    std::int64_t first_{0};
    const NodeEvent* removal_{nullptr};
    const Ending* ending_{nullptr};
};

}  // namespace

std::string_view step_name(RemovalStep step) {
    constexpr std::array<std::string_view, 14> names{"",          "suspected", "refuted", "asked",    "witness",
                                                     "cancelled", "consensus", "report",  "answered", "probe",
                                                     "proposal",  "vote",      "decided", "removed"};
    static_assert(names.size() == static_cast<std::size_t>(RemovalStep::removed) + 1);
    return names[static_cast<std::size_t>(step)];
}

Table removal_table(NodeId id, const ClusterView& view) {
    Table table({{"step"}, {"time"}, {"after_ms", true}, {"node"}, {"what"}});
    const Steps steps(id, view);
    std::string_view group;
    for (const Step& s : steps.steps()) {
        const bool again = s.step == group;
        group = s.step;
        table.add({{std::string(s.step), again ? " " : "", Style::bold},
                   {clock_text(s.at.wall)},
                   {milliseconds_text(s.at.mono_ns - steps.start(), 1)},
                   {s.node, s.shown},
                   {s.what + short_names(s.others)}});
    }
    return table;
}

std::string removal_headline(NodeId id, const ClusterView& view) {
    const Steps steps(id, view);
    if (steps.steps().empty()) return {};
    const NodeEvent* removal = steps.removal();
    if (removal == nullptr) return short_name(id) + " was doubted and not removed";
    std::string text = short_name(id) + " was removed (epoch " + std::to_string(removal->notice.epoch) + "), " +
                       milliseconds_text(removal->mono_ns - steps.start(), 1) + " ms after ";
    const Ending* ending = steps.ending();
    return text + (ending == nullptr ? "the first step" : "it was " + std::string(state_name(ending->state)));
}

}  // namespace gossip
