// Plays a lesson: runs its networks one after the other, and evaluates its measures at their places in the text.

#include "manager/demo/lesson.hpp"

#include "manager/base/options.hpp"
#include "manager/demo/stage.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/runs/page_strategies.hpp"
#include "manager/view/condition.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

namespace gossip {
namespace {

using Kind = LessonStep::Kind;

std::string seconds_text(std::int64_t ns) {
    char text[32];
    const bool short_one = ns < 1'000'000'000;
    std::snprintf(text, sizeof text, short_one ? "%.1f ms" : "%.1f s",
                  static_cast<double>(ns) / (short_one ? 1e6 : 1e9));
    return text;
}

std::string percent(const std::string& share) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * parse_number(share).value_or(0));
    return text;
}

std::variant<NetworkPlan, std::string> plan_of(const LessonNetwork& network) {
    Options options;
    options.seeds = std::to_string(network.seeds);
    options.sets = network.sets;
    options.sets.insert(options.sets.begin(), "gossip.max_messages=0");  // no generated messages
    auto plan = plan_network(options);
    if (auto* problem = std::get_if<std::string>(&plan)) return std::move(*problem);
    auto& found = std::get<NetworkPlan>(plan);
    found.initial_peers = network.peers;
    found.seed = network.seed;
    found.runs_dir.clear();
    return plan;
}

// The measures that a lesson may write between braces.
class Measures {
public:
    // By peer and seed: true when the seed's own probe failed.
    using Probes = std::map<NodeId, std::map<NodeId, bool>>;

    Measures(Stage& stage, const Probes& probes) : stage_(stage), probes_(probes) {}

    // Nothing when it is not a measure.
    [[nodiscard]] std::optional<std::string> value(const std::string& text) const {
        const std::size_t open = text.find('(');
        const std::string name = text.substr(0, open);
        const std::string argument =
            open == std::string::npos || !text.ends_with(')') ? "" : text.substr(open + 1, text.size() - open - 2);
        if (auto found = of_message(name, argument)) return found;
        if (auto found = of_node(name, argument)) return found;
        return of_condition(text);
    }

private:
    [[nodiscard]] std::optional<std::string> of_message(const std::string& name, const std::string& which) const {
        if (name != "hops" && name != "duplicates" && name != "copies" && name != "spread") return std::nullopt;
        const RunAnalysis run = stage_.figures();
        const RumorView* rumor = stage_.view().find_rumor(which);
        const auto& all = run.messages();
        const auto message =
            std::ranges::find_if(all, [&](const RunMessage& m) { return rumor && m.id == rumor->rumor->id; });
        if (message == all.end()) return std::nullopt;
        if (name == "duplicates") return std::to_string(message->duplicates);
        if (name == "copies") return std::to_string(message->duplicates + message->receipts.size());
        std::uint32_t hops = 0;
        std::int64_t last = message->born_ns;
        for (const RunReceipt& receipt : message->receipts) {
            hops = std::max(hops, receipt.hop);
            last = std::max(last, receipt.mono_ns);
        }
        return name == "hops" ? std::to_string(hops) : seconds_text(last - message->born_ns);
    }

    [[nodiscard]] std::optional<std::string> of_node(const std::string& name, const std::string& which) const {
        constexpr std::array<std::string_view, 6> names{"suspected", "removed",  "epoch",
                                                        "degree",    "answered", "unanswered"};
        if (std::ranges::find(names, name) == names.end()) return std::nullopt;
        const NodeView* node = nullptr;
        for (const auto& [id, view] : stage_.view().nodes()) {
            if (short_name(id) == which) node = &view;
        }
        if (node == nullptr) return std::nullopt;
        if (name == "epoch") return std::to_string(node->epoch);
        if (name == "degree") return std::to_string(node->links.size());
        if (name.ends_with("answered")) {
            const auto probes = probes_.find(node->id);
            if (probes == probes_.end()) return "0";
            return std::to_string(std::ranges::count_if(
                probes->second, [&](const auto& probe) { return probe.second == (name == "unanswered"); }));
        }
        const RunAnalysis run = stage_.figures();
        std::string found = "not at all";
        for (const RunDetection& d : run.detections()) {
            const MaybeNs at = name == "suspected" ? d.suspected_ns : d.removed_ns;
            if (d.node != node->id) continue;
            found = !at                         ? "not at all"
                    : d.how == NodeState::alive ? "though it lives"
                                                : "after " + seconds_text(*at - d.ended_ns);
        }
        return found;
    }

    // The left side of a condition of wait and expect.
    [[nodiscard]] std::optional<std::string> of_condition(const std::string& text) const {
        for (const std::string_view rest : {" >= 0", "", " in 0..99"}) {
            const auto condition = parse_condition(text + std::string(rest));
            if (!std::holds_alternative<Condition>(condition)) continue;
            const auto outcome = evaluate(std::get<Condition>(condition), stage_.view(), {});
            if (const auto* known = std::get_if<Outcome>(&outcome)) {
                return std::get<Condition>(condition).term == Term::coverage ? percent(known->left) : known->left;
            }
        }
        return std::nullopt;
    }

    Stage& stage_;
    const Probes& probes_;
};

class Player {
public:
    explicit Player(const Lesson& lesson) : lesson_(lesson) {}

    std::variant<LessonRun, std::string> play() {
        std::string parts;
        for (const LessonNetwork& network : lesson_.networks) {
            const std::string part = play(network);
            if (!problem_.empty()) return lesson_.file + ":" + std::to_string(line_) + ": " + problem_;
            parts += (parts.empty() ? "" : ",") + part;
        }
        JsonObject page;
        page.text("kind", "lesson").text("title", "lesson: " + lesson_.title).raw("parts", "[" + parts + "]");
        run_.page = page.done();
        return std::move(run_);
    }

private:
    // The network's part of the page.
    std::string play(const LessonNetwork& network) {
        line_ = network.steps.front().line;
        const auto plan = plan_of(network);
        if (const auto* error = std::get_if<std::string>(&plan)) return problem_ = *error, "";
        probes_.clear();
        Stage stage(std::get<NetworkPlan>(plan), network.loss_percent, [this](const NodeEvent& event) {
            const Notice& n = event.notice;
            if (n.kind == NoticeKind::case_opinion && n.other == event.node) probes_[n.subject][n.other] = n.yes;
        });
        bring_up(stage, network);
        new_network_ = network.name;
        for (const LessonStep& step : network.steps) {
            line_ = step.line;
            if (problem_.empty()) take(stage, step);
        }
        stage.recording().update(stage.now());
        JsonObject part;
        part.text("name", network.name).raw("strategies", strategies_json(std::get<NetworkPlan>(plan).config));
        part.raw("frames", stage.recording().json());
        stage.session().finish();
        return part.done();
    }

    void bring_up(Stage& stage, const LessonNetwork& network) {
        if (const Result failure = stage.session().start()) problem_ = failure->text;
        const auto script = compile_text(
            parse_text("wait registered == " + std::to_string(network.peers) + " 5m; wait connected 2m; wait agree 1m"),
            lesson_.file);
        for (const CompiledCommand& command : std::get<CompiledScript>(script).commands) {
            if (problem_.empty()) problem_ = stage.carry_out(command, lesson_.file);
        }
    }

    void take(Stage& stage, const LessonStep& step) {
        if (step.kind == Kind::command) {
            show(step.kind, to_text(step.command.command));
            problem_ = stage.carry_out(step.command, lesson_.file);
            return;
        }
        if (step.kind == Kind::keep) {
            if (auto value = Measures(stage, probes_).value(step.text))
                kept_[step.name] = *value;
            else
                problem_ = "\"" + step.text + "\" cannot be measured here";
            return;
        }
        const std::string text = filled(stage, step.text);
        constexpr std::string_view titles[] = {"", "Question", "Measured"};
        const std::string_view title = titles[static_cast<std::size_t>(step.kind)];
        show(step.kind, text);
        stage.recording().add("phase",
                              JsonObject()
                                  .number("number", 0)
                                  .text("title", title.empty() ? lesson_.title : title)
                                  .text("say", text)
                                  .flag("asks", step.kind == Kind::ask),
                              stage.now().mono_ns);
    }

    void show(Kind kind, const std::string& text) {
        run_.lines.push_back({kind, text, std::exchange(new_network_, {})});
    }

    // The text with the values of its measures.
    std::string filled(Stage& stage, const std::string& text) {
        std::string out;
        std::size_t at = 0;
        for (std::size_t open; (open = text.find('{', at)) != std::string::npos;) {
            const std::size_t close = text.find('}', open);
            if (close == std::string::npos) break;
            const std::string name = text.substr(open + 1, close - open - 1);
            const auto known = kept_.find(name);
            const auto value =
                known != kept_.end() ? std::optional(known->second) : Measures(stage, probes_).value(name);
            if (!value) problem_ = "\"" + name + "\" is no measure, and was not kept";
            out += text.substr(at, open - at) + value.value_or("");
            at = close + 1;
        }
        return out + text.substr(at);
    }

    const Lesson& lesson_;
    LessonRun run_;
    std::map<std::string, std::string> kept_;
    Measures::Probes probes_;
    std::string new_network_;
    std::string problem_;
    int line_{1};
};

}  // namespace

std::variant<LessonRun, std::string> play_lesson(const Lesson& lesson) { return Player(lesson).play(); }

}  // namespace gossip
