#include "manager/demo/demo.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/demo/stage.hpp"
#include "manager/runs/page_strategies.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"
#include "manager/view/narration.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>

namespace gossip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t acts_limit = 100;

struct Phase {
    std::string_view title;
    std::string_view text;
};
constexpr std::array<Phase, 6> phases{{
    {"1. Seeds",
     "The seeds start. They are the authority on membership: no peer enters or leaves the list unless a "
     "majority of them has voted for it"},
    {"2. Registration and votes",
     "The peers start, each by itself. It asks a majority of the seeds to admit it; a "
     "seed proposes, the others vote, and a quorum decides"},
    {"3. Overlay",
     "Members link with each other: with a few chosen by preference for those that have many links, "
     "and with their neighbours on a ring, so that nobody is cut off"},
    {"4. Gossip",
     "A peer says something. Who has it for the first time passes it on over all its links; what "
     "arrives once more is dropped"},
    {"5. Failure detection",
     "A peer is killed without a word. Its neighbours notice, and ask witnesses whether they "
     "can reach it"},
    {"6. Removal by quorum",
     "Witnesses alone remove nobody: the seeds probe the peer themselves, and a quorum of "
     "them strikes it off the list"},
}};

NetworkPlan network_of(const DemoPlan& demo, NetworkPlan plan) {
    plan.initial_peers = 0;
    plan.seed = demo.seed;
    plan.config.overlay.links = demo.links;
    plan.config.gossip.max_messages = 0;  // no generated messages
    plan.runs_dir.clear();
    return plan;
}

class Demo {
public:
    Demo(const DemoPlan& demo, const NetworkPlan& plan)
        : demo_(demo), stage_(plan, demo.loss_percent, [this](const NodeEvent& event) { take(event); }) {}

    DemoRun run() {
        begin_phase(1);
        const Result failure = session().start();
        if (!failure) live();
        stage_.recording().update(now());
        std::string frames = page();
        session().finish();
        return {std::move(steps_), std::move(frames)};
    }

private:
    [[nodiscard]] Session& session() { return stage_.session(); }
    [[nodiscard]] RunStamp now() const { return stage_.now(); }
    [[nodiscard]] const ClusterView& view() const { return stage_.view(); }

    // ---------------------------------------------------------------- what is told

    void begin_phase(int number) {
        if (number <= phase_) return;
        phase_ = number;
        const Phase& phase = phases[static_cast<std::size_t>(number) - 1];
        stage_.recording().add("phase",
                               JsonObject().number("number", number).text("title", phase.title).text("say", phase.text),
                               now().mono_ns);
        steps_.push_back({now().mono_ns / 1000, number, std::string(phase.title), std::string(phase.text)});
    }

    void take(const NodeEvent& event) {
        const NoticeKind kind = event.notice.kind;
        if (kind == NoticeKind::link_up && phase_ == 2) begin_phase(3);
        if (kind == NoticeKind::report_received && phase_ == 5) begin_phase(6);
        if (PageFrames::shows(kind)) steps_.push_back({event.mono_ns / 1000, 0, narrate(event), {}});
    }

    // ---------------------------------------------------------------- what is done

    // Runs until `done` or for `most` of the network's time, and carries out the acts that fall due meanwhile.
    bool until(const std::function<bool()>& done, Duration most) {
        const Time end = session().network().now() + most;
        for (;;) {
            const Time due =
                next_act_ < demo_.acts.size() ? Time{std::chrono::microseconds(demo_.acts[next_act_].us)} : end;
            const Time stop = std::max(session().network().now(), std::min(due, end));
            const WaitEnd how = session().network().run_until(done, stop - session().network().now());
            if (how == WaitEnd::done) return true;
            if (how != WaitEnd::timed_out || due >= end) return false;
            carry_out(demo_.acts[next_act_++].command);
        }
    }
    // A viewer's acts come before the demo's own of the same time.
    void catch_up() {
        const auto due = [this] { return Time{std::chrono::microseconds(demo_.acts[next_act_].us)}; };
        while (next_act_ < demo_.acts.size() && due() <= session().network().now())
            carry_out(demo_.acts[next_act_++].command);
    }
    void pass(Duration time) {
        static_cast<void>(until([] { return false; }, time));
    }

    // The text was checked before: it parses.
    void carry_out(const std::string& text) {
        steps_.push_back({now().mono_ns / 1000, 0, "gossip> " + text, {}});
        const auto script = compile_text(parse_text(text), "");
        for (const CompiledCommand& command : std::get<CompiledScript>(script).commands) {
            static_cast<void>(stage_.carry_out(command, ""));
        }
    }

    [[nodiscard]] std::vector<NodeId> members() const {
        const std::set<NodeId> live = view().live_registered();
        return {live.begin(), live.end()};
    }

    void live() {
        const auto voting = [this] {
            return std::ranges::all_of(view().nodes(), [](const auto& n) { return n.second.voting; });
        };
        static_cast<void>(until(voting, seconds(30)));
        pass(milliseconds(100));
        begin_phase(2);
        catch_up();
        WaitEnd end{};
        static_cast<void>(session().network().add_peers({demo_.peers, 0, {}}, end));
        static_cast<void>(until([this] { return members().size() >= demo_.peers && agreed(); }, seconds(120)));
        begin_phase(3);
        static_cast<void>(until([this] { return linked(); }, seconds(60)));
        pass(milliseconds(500));
        gossip();
        failure();
        // The acts that are due after the demo's own, and their effects.
        while (next_act_ < demo_.acts.size()) pass(seconds(60));
        if (!demo_.acts.empty()) static_cast<void>(until([this] { return calm(); }, seconds(120)));
        pass(milliseconds(500));
    }

    void gossip() {
        begin_phase(4);
        catch_up();
        const auto peers = members();
        if (peers.empty()) return;
        const std::string speaker = short_name(peers.front());
        carry_out("say " + speaker + " hello from " + speaker);
        static_cast<void>(until([this] { return reached_all(); }, seconds(30)));
        pass(milliseconds(500));
    }

    void failure() {
        begin_phase(5);
        catch_up();
        const auto peers = members();
        if (peers.empty()) return;
        const NodeId victim = peers.back();
        carry_out("kill " + short_name(victim));
        // A peer without neighbours is removed only by the seeds, after three leases.
        static_cast<void>(until([&] { return gone(victim); }, seconds(300)));
        begin_phase(6);
        pass(milliseconds(500));
    }

    // ---------------------------------------------------------------- what is waited for

    [[nodiscard]] bool agreed() const {
        const Agreement list = view().agreement();
        const auto seeds_alive = std::ranges::count_if(view().nodes(), [](const auto& n) {
            return n.second.role == Role::seed && n.second.state == NodeState::alive;
        });
        return list.supporters == static_cast<std::size_t>(seeds_alive);
    }
    [[nodiscard]] bool linked() const {
        const auto peers = view().live_registered();
        if (peers.size() < 2) return true;
        const auto links = view().two_sided_links(peers);
        std::set<NodeId> reached{*peers.begin()};
        std::vector<NodeId> left{*peers.begin()};
        while (!left.empty()) {
            const NodeId id = left.back();
            left.pop_back();
            for (const NodeId other : links.at(id)) {
                if (reached.insert(other).second) left.push_back(other);
            }
        }
        return reached.size() == peers.size();
    }
    [[nodiscard]] bool reached_all() const {
        const RumorView* rumor = view().find_rumor("last");
        return rumor != nullptr &&
               std::ranges::all_of(view().live_registered(), [&](NodeId id) { return rumor->receipts.contains(id); });
    }
    [[nodiscard]] bool gone(NodeId id) const { return agreed() && !view().agreement().members().contains(id); }
    // The list holds exactly the live peers, and nobody is suspected.
    [[nodiscard]] bool calm() const {
        const auto members = view().agreement().members();
        return agreed() && std::ranges::all_of(view().nodes(), [&](const auto& n) {
                   const bool lives = n.second.state == NodeState::alive;
                   return n.second.role == Role::seed ||
                          (lives == members.contains(n.first) && n.second.suspects.empty());
               });
    }

    [[nodiscard]] std::string page() {
        std::string acts;
        for (const DemoAct& act : demo_.acts) {
            acts += (acts.empty() ? "" : ",") + JsonObject().number("t", act.us).text("command", act.command).done();
        }
        JsonObject plan;
        plan.count("seeds", demo_.seeds).count("peers", demo_.peers).count("links", demo_.links);
        plan.count("loss", demo_.loss_percent).text("seed", std::to_string(demo_.seed)).raw("acts", "[" + acts + "]");
        JsonObject page;
        page.text("kind", "demo").text("title", "demo, virtual time").raw("plan", plan.done());
        page.raw("strategies", strategies_json(stage_.session().network().plan().config));
        return page.raw("frames", stage_.recording().json()).done();
    }

    DemoPlan demo_;
    std::vector<DemoStep> steps_;
    std::size_t next_act_{0};
    int phase_{0};
    Stage stage_;
};

std::string range_error(std::string_view name, std::string_view value, std::uint64_t least, std::uint64_t most) {
    return std::string(name) + ": \"" + std::string(value) + "\" is not a number from " + std::to_string(least) +
           " to " + std::to_string(most);
}

std::string add_act(DemoPlan& plan, std::string_view text) {
    const std::size_t space = text.find(' ');
    const auto us = parse_count(text.substr(0, space));
    if (!us || *us > 86'400'000'000 || space == std::string_view::npos)
        return "at: a time in microseconds and a command are needed";
    if (plan.acts.size() == acts_limit) return "at: " + std::to_string(acts_limit) + " acts are the most";
    std::string command(trim(text.substr(space)));
    const auto script = compile_text(parse_text(command), "");
    if (const auto* failure = std::get_if<Failure>(&script)) return "at: " + failure->text;
    plan.acts.push_back({static_cast<std::int64_t>(*us), std::move(command)});
    return {};
}

}  // namespace

std::string set_demo(DemoPlan& plan, std::string_view name, std::string_view value) {
    struct Setting {
        std::string_view name;
        std::uint32_t DemoPlan::*field;
        std::uint32_t least;
        std::uint32_t most;
    };
    constexpr Setting settings[] = {{"seeds", &DemoPlan::seeds, 1, 9},
                                    {"peers", &DemoPlan::peers, 1, 50},
                                    {"links", &DemoPlan::links, 1, 10},
                                    {"loss", &DemoPlan::loss_percent, 0, 50}};
    const auto number = parse_count(value);
    for (const Setting& s : settings) {
        if (s.name != name) continue;
        if (!number || *number < s.least || *number > s.most) return range_error(name, value, s.least, s.most);
        plan.*s.field = static_cast<std::uint32_t>(*number);
        return {};
    }
    if (name == "at") return add_act(plan, value);
    if (name != "seed") return "\"" + std::string(name) + "\" is not seeds, peers, links, loss, seed or at";
    if (!number) return "seed: \"" + std::string(value) + "\" is not a number";
    plan.seed = *number;
    return {};
}

std::variant<DemoPlan, std::string> parse_demo_plan(std::string_view text) {
    DemoPlan plan;
    while (!text.empty()) {
        const std::string_view line = trim(text.substr(0, text.find('\n')));
        text.remove_prefix(
            std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1));
        if (line.empty()) continue;
        const std::size_t space = std::min(line.find(' '), line.size());
        if (std::string problem = set_demo(plan, line.substr(0, space), trim(line.substr(space))); !problem.empty())
            return problem;
    }
    std::ranges::stable_sort(plan.acts, {}, &DemoAct::us);
    return plan;
}

std::variant<DemoRun, std::string> run_demo(const DemoPlan& plan) {
    Options options;
    options.seeds = std::to_string(plan.seeds);
    auto network = plan_network(options);
    if (auto* problem = std::get_if<std::string>(&network)) return std::move(*problem);
    return Demo(plan, network_of(plan, std::get<NetworkPlan>(std::move(network)))).run();
}

}  // namespace gossip
