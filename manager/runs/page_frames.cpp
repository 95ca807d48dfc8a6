#include "manager/runs/page_frames.hpp"

#include "manager/base/terminal.hpp"
#include "manager/view/narration.hpp"
#include "node/base/value_text.hpp"
#include "protocol/notice_traits.hpp"
#include "protocol/ring.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::int64_t hold_ns = 120'000'000;
constexpr std::int64_t second_ns = 1'000'000'000;

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::reachable:
            return "reachable";
        case Verdict::unreachable:
            return "unreachable";
        case Verdict::refused:
            return "refused";
    }
    return "";
}

JsonObject notice_json(const NodeEvent& event) {
    const Notice& n = event.notice;
    JsonObject json;
    json.text("kind", kind_name(n.kind)).node("node", event.node);
    if (n.subject != NodeId::none) json.node("subject", n.subject);
    if (n.other != NodeId::none && !is_anonymous(n.other)) json.node("other", n.other);
    if (n.proposal != 0) json.count("proposal", n.proposal);
    if (n.epoch != 0) json.count("epoch", n.epoch);
    if (n.need != 0) json.count("need", n.need);
    if (n.count != 0) json.count("count", n.count);
    if (n.of != 0) json.count("of", n.of);
    if (n.kind == NoticeKind::registering) json.nodes("ids", n.ids);
    if (n.kind == NoticeKind::statement_given || n.kind == NoticeKind::statement_received)
        json.text("verdict", verdict_name(n.verdict));
    if (const std::string text = notice_text(n); !text.empty()) json.text("text", text);
    return json.flag("yes", n.yes).flag("add", n.add).number("wall", event.wall).text("say", narrate(event));
}

std::string change_words(NodeState state) {
    switch (state) {
        case NodeState::starting:
            return "starts";
        case NodeState::killed:
            return "was killed";
        case NodeState::paused:
            return "was paused";
        case NodeState::left:
            return "has left";
        case NodeState::leaving:
            return "is leaving";
        case NodeState::died:
            return "died; nobody killed it";
        case NodeState::alive:
            return "runs";
        case NodeState::elsewhere:
            return "is run by somebody else";
    }
    return "";
}

std::string node_json(const NodeView& node, std::int64_t pid, bool listed, const NodeFaults& faults) {
    JsonObject json;
    json.node("id", node.id).text("name", short_name(node.id));
    json.text("role", role_name(node.role)).text("state", state_name(node.state));
    json.count("epoch", node.epoch).text("digest", hex(node.digest));
    if (node.role == Role::seed) {
        json.flag("voting", node.voting).count("members", node.members.size());
    } else {
        const bool runs = is_running(node.state);
        json.flag("listed", listed).flag("registered", node.registered);
        json.count("degree", runs ? node.links.size() : 0).nodes("suspects", node.suspects);
        json.nodes("links", runs ? node.links : std::set<NodeId>{});
        if (runs && !node.ring_links.empty()) json.nodes("ring_links", node.ring_links);
        json.count("ring", ring_position(node.id) >> 32);
    }
    if (pid != 0 && is_running(node.state)) json.number("pid", pid);
    if (!faults.words.empty()) json.text("faults", faults.words);
    if (!faults.cut.empty()) json.nodes("cut", faults.cut);
    if (!faults.impaired.empty()) json.nodes("slow", faults.impaired);
    return json.done();
}

std::string cluster_text(const ClusterView& view, const Agreement& list) {
    JsonObject json;
    json.count("seeds", view.seed_count()).count("need", list.need).count("supporters", list.supporters);
    json.flag("quorum", list.quorum()).count("epoch", list.epoch).text("digest", hex(list.digest));
    return json.count("members", list.members().size()).done();
}

std::string with_time(const std::string& object, std::int64_t mono_ns) {
    return "{\"t\":" + std::to_string(mono_ns / 1000) + "," + object.substr(1);
}

}  // namespace

PageFrames::PageFrames(const ClusterView& view, Facts facts, std::size_t waves_a_second, Sink sink)
    : view_(view), facts_(std::move(facts)), waves_a_second_(waves_a_second), sink_(std::move(sink)) {}

void PageFrames::emit(std::string_view kind, const JsonObject& json, std::int64_t mono_ns) {
    sink_(kind, with_time(json.done(), mono_ns));
}

void PageFrames::emit_line(RunStamp now, char mark, const std::string& text) {
    emit("line", JsonObject().text("mark", std::string(1, mark)).text("text", text).number("wall", now.wall),
         now.mono_ns);
}

void PageFrames::line(RunStamp now, char mark, const std::string& text) {
    if (live_.holds_lines()) release(now);
    emit_line(now, mark, text);
}

bool PageFrames::shows(NoticeKind kind) { return traits(kind).read_by(notice_reader::page | notice_reader::wave); }

bool PageFrames::apply(const NodeEvent& event) {
    const NoticeTraits& kind = traits(event.notice.kind);
    const RunStamp now{event.mono_ns, event.wall};
    if (release_due_ && event.mono_ns >= *release_due_) release(now);
    if (kind.message != MessageStep::none) {
        write_wave(event);
    } else {
        if (kind.read_by(notice_reader::page)) emit("notice", notice_json(event), event.mono_ns);
        if (const NodeView* node = view_.find(event.node)) compare_node(*node, now);
    }
    write_lines(event);
    return kind.read_by(notice_reader::others);
}

void PageFrames::write_lines(const NodeEvent& event) {
    const RunStamp now{event.mono_ns, event.wall};
    const Notice& n = event.notice;
    if (n.kind == NoticeKind::said && n.rumor) {
        line(now, '>', short_name(event.node) + " says \"" + shortened(printable(n.rumor->text), 200) + "\"");
    }
    const bool held_lines = live_.holds_lines();
    for (const LiveLine& line : live_.apply(event, view_)) emit_line(now, line.mark, line.text);
    if (!held_lines && live_.holds_lines()) release_due_ = event.mono_ns + hold_ns;
}

void PageFrames::release(RunStamp now) {
    release_due_.reset();
    for (const LiveLine& line : live_.release(view_)) emit_line(now, line.mark, line.text);
}

bool PageFrames::wave_allowed(std::int64_t mono_ns) {
    if (mono_ns - wave_window_ >= second_ns || mono_ns < wave_window_) {
        wave_window_ = mono_ns;
        waves_ = 0;
    }
    if (waves_++ < waves_a_second_) return true;
    ++skipped_;
    return false;
}

void PageFrames::write_wave(const NodeEvent& event) {
    const Notice& n = event.notice;
    const NoticeTraits& kind = traits(n.kind);
    if (!n.rumor || !kind.read_by(notice_reader::wave) || !wave_allowed(event.mono_ns)) return;
    JsonObject json;
    json.text("message", n.rumor->id).node("node", event.node).flag("typed", n.rumor->typed);
    if (kind.message == MessageStep::begun) {
        json.text("text", n.rumor->text);
    } else {
        json.node("from", n.other).count("hop", n.hop);
        if (n.kind == NoticeKind::duplicate) json.flag("duplicate", true);
        if (n.yes) json.flag("repair", true);
    }
    if (const std::uint64_t missing = std::exchange(skipped_, 0)) json.count("skipped", missing);
    emit("wave", json.text("say", narrate(event)), event.mono_ns);
}

void PageFrames::compare_state(const NodeView& node, RunStamp now) {
    const auto [known, fresh] = states_.try_emplace(node.id, node.state);
    const NodeState before = std::exchange(known->second, node.state);
    if (fresh || before == node.state) return;
    const std::string name = short_name(node.id);
    const std::string say = name + " " + change_words(node.state);
    emit("change", JsonObject().node("node", node.id).text("state", state_name(node.state)).text("say", say),
         now.mono_ns);
    if (node.state == NodeState::killed) line(now, '!', name + " killed");
    if (node.state == NodeState::died) line(now, '!', name + " died that nobody killed");
    if (node.state == NodeState::paused) line(now, '!', name + " paused");
    if (node.state == NodeState::left) line(now, '-', name + " stopped");
    if (node.state == NodeState::alive && before == NodeState::paused) line(now, '=', name + " resumed");
    if (node.state == NodeState::starting) line(now, '+', name + " starts again");
}

void PageFrames::compare_node(const NodeView& node, RunStamp now) {
    std::string json = node_json(node, facts_.pid(node.id), listed_.contains(node.id), facts_.faults(node.id));
    std::string& known = nodes_[node.id];
    if (known == json) return;
    known = std::move(json);
    sink_("node", with_time(known, now.mono_ns));
}

void PageFrames::compare_notes(RunStamp now) {
    const auto& notes = view_.notes();
    const std::uint64_t fresh = std::min<std::uint64_t>(view_.notes_taken() - notes_, notes.size());
    notes_ = view_.notes_taken();
    for (std::size_t i = notes.size() - fresh; i < notes.size(); ++i) {
        const RunStamp at{notes[i].mono_ns, notes[i].wall};
        line(at, '!', notes[i].text);
        emit("fault", JsonObject().text("text", notes[i].text).nodes("nodes", notes[i].nodes), now.mono_ns);
    }
}

void PageFrames::compare_states(RunStamp now) {
    for (const auto& [id, node] : view_.nodes()) compare_state(node, now);
}

void PageFrames::compare(RunStamp now) {
    if (release_due_ && now.mono_ns >= *release_due_) release(now);
    const Agreement list = view_.agreement();
    listed_ = list.members();
    compare_notes(now);
    for (const auto& [id, node] : view_.nodes()) {
        compare_state(node, now);
        compare_node(node, now);
    }
    if (std::string json = cluster_text(view_, list); json != cluster_) {
        cluster_ = std::move(json);
        sink_("cluster", with_time(cluster_, now.mono_ns));
    }
}

std::string PageFrames::nodes_json() const {
    std::string nodes;
    for (const auto& [id, json] : nodes_) nodes += (nodes.empty() ? "" : ",") + json;
    return "[" + nodes + "]";
}

}  // namespace gossip
