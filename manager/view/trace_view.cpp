#include "manager/view/trace_view.hpp"

#include "manager/base/local_time.hpp"
#include "manager/view/removal_view.hpp"
#include "manager/view/step_text.hpp"
#include "node/base/value_text.hpp"
#include "node/transport/link_fault.hpp"
#include "protocol/log_text.hpp"
#include "protocol/notice_traits.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>

namespace gossip {
namespace {

std::uint32_t duplicates_of(const RumorView& rumor, NodeId node) {
    const auto it = rumor.duplicates.find(node);
    return it == rumor.duplicates.end() ? 0 : it->second;
}

// When a seed first listed the present life; 0 when no seed said so. The peer itself counts as registered only once a
// quorum has told it, which can be later than its first message.
std::int64_t joined_at(NodeId id, const ClusterView& view) {
    const auto* life = view.life(id);
    if (life == nullptr) return 0;
    Incarnation newest{};
    std::int64_t at = 0;
    for (const NodeEvent& event : *life) {
        const Notice& n = event.notice;
        if (n.kind != NoticeKind::member_added || n.subject != id) continue;
        if (at != 0 && n.incarnation < newest) continue;
        at = at != 0 && n.incarnation == newest ? std::min(at, event.mono_ns) : event.mono_ns;
        newest = n.incarnation;
    }
    return at;
}

// Names the neighbours that have the message: all of them cut off by a partition, or some about to send it.
std::string why_no_neighbour_told(const RumorView& rumor, const NodeView& node, const ClusterView& view) {
    std::vector<NodeId> have;
    std::vector<NodeId> cut;
    for (const NodeId neighbour : node.links) {
        if (!rumor.receipts.contains(neighbour)) continue;
        have.push_back(neighbour);
        const LinkFault* fault = view.faults().find(neighbour, node.id);
        if (fault != nullptr && fault->cut) cut.push_back(neighbour);
    }
    if (have.empty()) return "no neighbour has it";
    if (cut.size() == have.size()) return "cut off from " + short_names(cut);
    return "on its way from " + short_names(have);
}

std::optional<std::int64_t> hop_ns(const Receipt& receipt, const RumorView& rumor) {
    if (receipt.hop == 0) return std::nullopt;
    const auto parent = rumor.receipts.find(receipt.from);
    if (parent == rumor.receipts.end()) return std::nullopt;
    return receipt.mono_ns - parent->second.mono_ns;
}

// The time from which a hop is late: far longer than the message's median hop.
std::int64_t late_from(const RumorView& rumor) {
    constexpr std::int64_t least = 5'000'000;  // on one machine a hop takes less than one millisecond
    std::vector<std::int64_t> hops;
    for (const auto& [node, receipt] : rumor.receipts) {
        if (const auto hop = hop_ns(receipt, rumor)) hops.push_back(*hop);
    }
    if (hops.empty()) return std::numeric_limits<std::int64_t>::max();
    const auto middle = hops.begin() + static_cast<std::ptrdiff_t>((hops.size() - 1) / 2);
    std::nth_element(hops.begin(), middle, hops.end());
    return 4 * std::max<std::int64_t>(*middle, 0) + least;
}

// The known cause of a late hop. Faults in force come first.
std::string why_late(const Receipt& receipt, const RumorView& rumor, const ClusterView& view) {
    if (const LinkFault* fault = view.faults().find(receipt.from, receipt.node)) return fault_text(*fault);
    const auto meanwhile = [&](std::int64_t ns) { return ns >= rumor.mono_ns && ns <= receipt.mono_ns; };
    for (auto note = view.notes().rbegin(); note != view.notes().rend(); ++note) {
        if (note->nodes.contains(receipt.node) && meanwhile(note->mono_ns)) return "after " + note->text;
    }
    for (const NodeId id : {receipt.node, receipt.from}) {
        const Ending* ending = view.ending(id);
        const bool was_paused = ending != nullptr && ending->state == NodeState::paused;
        if (was_paused && ending->at.mono_ns <= receipt.mono_ns) return short_name(id) + " was paused";
    }
    if (joined_at(receipt.node, view) > rumor.mono_ns) return "joined later";
    return receipt.repair ? "by repair" : "";
}

// Empty when the hop was in time; else "late", with the cause if it is known.
std::string lateness(const Receipt& receipt, std::int64_t from, const RumorView& rumor, const ClusterView& view) {
    const auto hop = hop_ns(receipt, rumor);
    if (!hop || *hop <= from) return {};
    const std::string why = why_late(receipt, rumor, view);
    return why.empty() ? "late" : "late: " + why;
}

class TreePrinter {
public:
    TreePrinter(const RumorView& rumor, const ClusterView& view, bool colored)
        : rumor_(rumor), view_(view), colored_(colored), late_from_(late_from(rumor)) {
        for (const auto& [node, receipt] : rumor.receipts) {
            if (receipt.hop > 0) children_[receipt.from].push_back(&receipt);
        }
        for (auto& [node, receipts] : children_) {
            std::sort(receipts.begin(), receipts.end(),
                      [](const Receipt* a, const Receipt* b) { return a->mono_ns < b->mono_ns; });
        }
    }

    std::string run() {
        head();
        const NodeId origin = rumor_.rumor->origin;
        out_ += paint(short_name(origin), Style::bold, colored_) + duplicates(origin) + "\n";
        shown_.insert(origin);
        branches(origin, "");
        orphans();
        foot();
        return out_;
    }

private:
    void head() {
        const Rumor& rumor = *rumor_.rumor;
        out_ += rumor.id;
        if (!rumor.text.empty()) out_ += " \"" + printable(rumor.text) + "\"";
        out_ += (rumor.typed ? "  said by " : "  generated by ") + short_name(rumor.origin);
        if (rumor.born != 0) out_ += " at " + clock_text(rumor.born);
        out_ += "\n";
    }

    std::string duplicates(NodeId node) const {
        const std::uint32_t count = duplicates_of(rumor_, node);
        return count == 0 ? "" : paint("  " + counted(count, "duplicate"), Style::dim, colored_);
    }

    void line(const Receipt& receipt, const std::string& prefix) {
        const auto parent = rumor_.receipts.find(receipt.from);
        out_ += prefix + paint(short_name(receipt.node), Style::bold, colored_) + "  hop " +
                std::to_string(receipt.hop) + "  +" + milliseconds_text(receipt.mono_ns - rumor_.mono_ns, 1) + " ms";
        if (receipt.hop > 1 && parent != rumor_.receipts.end()) {
            out_ += " (" + milliseconds_text(receipt.mono_ns - parent->second.mono_ns, 1) + " this hop)";
        }
        if (receipt.repair) out_ += paint("  by repair", Style::yellow, colored_);
        const std::string late = lateness(receipt, late_from_, rumor_, view_);
        if (!late.empty()) out_ += paint("  " + late, Style::yellow, colored_);
        out_ += duplicates(receipt.node) + "\n";
    }

    void branches(NodeId node, const std::string& prefix) {
        const auto it = children_.find(node);
        if (it == children_.end()) return;
        for (std::size_t i = 0; i < it->second.size(); ++i) {
            const Receipt& receipt = *it->second[i];
            if (!shown_.insert(receipt.node).second) continue;
            const bool last = i + 1 == it->second.size();
            line(receipt, prefix + (last ? "└─ " : "├─ "));
            branches(receipt.node, prefix + (last ? "   " : "│  "));
        }
    }

    // Receipts from a node whose own receipt is missing, because it died before reporting it.
    void orphans() {
        for (const auto& [node, receipt] : rumor_.receipts) {
            if (!shown_.insert(node).second) continue;
            line(receipt, short_name(receipt.from) + " ─ ");
            branches(node, "   ");
        }
    }

    void foot() {
        const std::set<NodeId> live = view_.live_registered();
        std::size_t have = 0;
        std::uint32_t hops = 0;
        std::uint32_t copies = 0;
        std::int64_t last = rumor_.mono_ns;
        for (const auto& [node, receipt] : rumor_.receipts) {
            if (live.contains(node)) ++have;
            hops = std::max(hops, receipt.hop);
            last = std::max(last, receipt.mono_ns);
        }
        for (const auto& [node, count] : rumor_.duplicates) copies += count;
        const std::string summary = "reached " + std::to_string(have) + " of " + counted(live.size(), "live peer") +
                                    " in " + milliseconds_text(last - rumor_.mono_ns, 1) + " ms, " +
                                    counted(hops, "hop") + ", " + counted(copies, "duplicate");
        out_ += paint(summary, have == live.size() ? Style::green : Style::yellow, colored_) + "\n";
        std::string missing;
        for (const auto& [id, node] : view_.nodes()) {
            if (node.role != Role::peer || node.state == NodeState::elsewhere || rumor_.receipts.contains(id)) continue;
            missing +=
                (missing.empty() ? "" : ", ") + short_name(id) + " (" + why_not_reached(rumor_, node, view_) + ")";
        }
        if (!missing.empty()) out_ += "without it: " + missing + "\n";
    }

    const RumorView& rumor_;
    const ClusterView& view_;
    bool colored_;
    std::int64_t late_from_;
    std::map<NodeId, std::vector<const Receipt*>> children_;
    std::set<NodeId> shown_;
    std::string out_;
};

Style step_style(NoticeKind kind) {
    switch (traits(kind).tone) {
        case Tone::good:
            return Style::green;
        case Tone::doubtful:
            return Style::yellow;
        case Tone::bad:
            return Style::red;
        case Tone::neutral:
            return Style::plain;
    }
    return Style::plain;
}

}  // namespace

// For a live peer, what keeps the message from it; for another, its state.
std::string why_not_reached(const RumorView& rumor, const NodeView& node, const ClusterView& view) {
    if (node.state != NodeState::alive) return std::string(state_name(node.state));
    if (!view.agreement().members().contains(node.id)) return "not registered";
    if (joined_at(node.id, view) > rumor.mono_ns) return "joined later";
    if (node.links.empty()) return "has no links";
    return why_no_neighbour_told(rumor, node, view);
}

std::string render_message_tree(const RumorView& rumor, const ClusterView& view, bool colored) {
    return TreePrinter(rumor, view, colored).run();
}

Table message_table(const RumorView& rumor, const ClusterView& view) {
    Table table({{"node"},
                 {"from"},
                 {"hop", true},
                 {"after_ms", true},
                 {"hop_ms", true},
                 {"duplicates", true},
                 {"how"},
                 {"late"}});
    const std::int64_t from = late_from(rumor);
    std::vector<const Receipt*> receipts;
    for (const auto& [node, receipt] : rumor.receipts) receipts.push_back(&receipt);
    std::sort(receipts.begin(), receipts.end(),
              [](const Receipt* a, const Receipt* b) { return a->mono_ns < b->mono_ns; });
    for (const Receipt* r : receipts) {
        const auto parent = rumor.receipts.find(r->from);
        const bool origin = r->hop == 0;
        table.add(
            {{node_name(r->node)},
             {origin ? "" : node_name(r->from)},
             {std::to_string(r->hop)},
             {milliseconds_text(r->mono_ns - rumor.mono_ns, 1)},
             {origin || parent == rumor.receipts.end() ? ""
                                                       : milliseconds_text(r->mono_ns - parent->second.mono_ns, 1)},
             {std::to_string(duplicates_of(rumor, r->node))},
             {origin      ? "origin"
              : r->repair ? "repair"
                          : "push"},
             {lateness(*r, from, rumor, view)}});
    }
    for (const auto& [id, node] : view.nodes()) {
        if (node.role != Role::peer || node.state == NodeState::elsewhere || rumor.receipts.contains(id)) continue;
        table.add({{node_name(id)}, {}, {}, {}, {}, {"0"}, {"missing: " + why_not_reached(rumor, node, view)}, {}});
    }
    return table;
}

Table life_table(NodeId id, const ClusterView& view) {
    Table table({{"time"}, {"since_s", true}, {"node"}, {"step"}, {"event"}});
    const auto* life = view.life(id);
    if (life == nullptr || life->empty()) return table;
    const std::int64_t start = life->front().mono_ns;
    const auto add = [&](std::int64_t mono_ns, WallMs wall, Cell node, Cell event, std::string_view step) {
        char since[32];
        std::snprintf(since, sizeof since, "%.3f", static_cast<double>(mono_ns - start) / 1e9);
        table.add({{clock_text(wall)}, {since}, std::move(node), {std::string(step)}, std::move(event)});
    };
    auto note = view.notes().begin();
    const auto add_notes_before = [&](std::int64_t mono_ns) {
        for (; note != view.notes().end() && note->mono_ns <= mono_ns; ++note) {
            if (note->nodes.contains(id)) add(note->mono_ns, note->wall, {}, {note->text, "", Style::cyan}, "fault");
        }
    };
    for (const NodeEvent& event : *life) {
        add_notes_before(event.mono_ns);
        add(event.mono_ns, event.wall, {node_name(event.node), short_name(event.node)},
            {step_text(event.notice), "", step_style(event.notice.kind)}, step_name(removal_step(event.notice)));
    }
    add_notes_before(std::numeric_limits<std::int64_t>::max());
    return table;
}

}  // namespace gossip
