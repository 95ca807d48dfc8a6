#include "manager/demo/demo.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/demo/stage.hpp"
#include "manager/demo/story.hpp"
#include "manager/runs/page_strategies.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>

namespace gossip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t acts_limit = 100;
constexpr std::uint32_t first_peers = 3;  // those whose registration is shown before the overlay grows

struct Phase {
    std::string_view title;
    std::string_view text;
};
constexpr std::array<Phase, 6> phases{{
    {"1. Seeds", "Seeds keep the list of members: nobody enters or leaves it unless a majority of them votes for it"},
    {"2. Registration and votes",
     "A peer starts alone and asks a majority of the seeds to admit it. One seed proposes, the others vote, and a "
     "quorum of yes votes decides"},
    {"3. Overlay",
     "The other peers join one by one. Each links with a few peers, more likely the more links they have, and with its "
     "neighbour on a ring: few hubs arise, and nobody is cut off"},
    {"4. Gossip",
     "Peers say something. Whoever gets a message for the first time forwards it over all its links; a copy of a "
     "message "
     "that it knows is dropped"},
    {"5. Failure detection",
     "A peer is paused: it still holds its connections, but answers nobody. Its neighbours count PINGs without an "
     "answer, then ask witnesses"},
    {"6. Removal by quorum",
     "Witnesses alone remove nobody: the seeds probe the peer themselves, and a quorum of them takes it off the list. "
     "Then another peer is killed, which is noticed at once"},
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
        : demo_(demo),
          stage_(plan, demo.loss_percent, [this](const NodeEvent& event) { take(event); }),
          story_(stage_.view()) {}

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
        add_step(DemoStep::Kind::phase, std::string(phase.title), std::string(phase.text));
    }

    // What was measured in the phase that ends.
    void end_phase(const std::string& measured) {
        stage_.recording().add("finding", JsonObject().number("number", phase_).text("say", measured), now().mono_ns);
        add_step(DemoStep::Kind::finding, measured);
    }

    void tell(DemoStory::Lines lines) {
        std::ranges::stable_sort(lines, {}, [](const DemoStory::Line& line) { return line.order(); });
        for (const auto& [mono_ns, text] : lines) {
            steps_.push_back({(mono_ns == 0 ? now().mono_ns : mono_ns) / 1000, DemoStep::Kind::sentence, text, {}});
        }
    }
    void add_step(DemoStep::Kind kind, const std::string& text, const std::string& more = {}) {
        steps_.push_back({now().mono_ns / 1000, kind, text, more});
    }

    void take(const NodeEvent& event) {
        if (event.notice.kind == NoticeKind::report_received && phase_ == 5) begin_removal();
        story_.hear(event);
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
        add_step(DemoStep::Kind::command, text);
        const auto script = compile_text(parse_text(text), "");
        for (const CompiledCommand& command : std::get<CompiledScript>(script).commands) {
            static_cast<void>(stage_.carry_out(command, ""));
        }
    }

    [[nodiscard]] NodeId best_connected() const {
        NodeId best = NodeId::none;
        std::size_t most = 0;
        for (const auto& [id, links] : view().two_sided_links(view().live_registered())) {
            if (best == NodeId::none || links.size() > most) best = id;
            most = std::max(most, links.size());
        }
        return best;
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
        tell(story_.seeds_started());
        end_phase(story_.quorum());
        begin_phase(2);
        const std::uint32_t first = std::min(demo_.peers, first_peers);
        for (std::uint32_t i = 0; i < first; ++i) add_peer(i == 0);
        end_phase(story_.registration(first));
        begin_phase(3);
        for (std::uint32_t i = first; i < demo_.peers; ++i) add_peer(false);
        static_cast<void>(until([this] { return linked(); }, seconds(60)));
        pass(milliseconds(500));
        for (const std::string& bar : story_.degree_bars()) add_step(DemoStep::Kind::bar, bar);
        end_phase(story_.overlay());
        gossip();
        failure();
        // The acts that are due after the demo's own, and their effects.
        while (next_act_ < demo_.acts.size()) pass(seconds(60));
        if (!demo_.acts.empty()) static_cast<void>(until([this] { return calm(); }, seconds(120)));
        pass(milliseconds(500));
    }

    void add_peer(bool in_detail) {
        catch_up();
        WaitEnd end{};
        const auto added = session().network().add_peers({1, 0, {}}, end);
        if (!std::holds_alternative<std::vector<NodeId>>(added)) return;
        const NodeId peer = std::get<std::vector<NodeId>>(added).front();
        static_cast<void>(until([&] { return agreed() && view().live_registered().contains(peer); }, seconds(60)));
        pass(milliseconds(200));
        tell(story_.joined(peer, in_detail));
    }

    // Three messages: from the first peer, from the best-connected one, from the last.
    void gossip() {
        begin_phase(4);
        catch_up();
        const auto peers = members();
        if (!peers.empty()) say(peers.front(), true);
        if (peers.size() > 2) say(best_connected(), false);
        if (peers.size() > 1) say(peers.back(), false);
        end_phase(story_.dissemination());
    }
    void say(NodeId peer, bool in_detail) {
        const std::string name = short_name(peer);
        carry_out("say " + name + " hello from " + name);
        static_cast<void>(until([this] { return reached_all(); }, seconds(30)));
        pass(milliseconds(500));
        if (const RumorView* rumor = view().find_rumor("last")) tell(story_.spread(*rumor, in_detail));
    }

    void failure() {
        begin_phase(5);
        catch_up();
        const auto peers = members();
        if (peers.empty()) return;
        paused_ = peers.size() > 1 ? peers[peers.size() - 2] : peers.back();
        carry_out("pause " + short_name(paused_));
        // A peer without neighbours is removed only by the seeds, after three leases.
        static_cast<void>(until([this] { return gone(paused_); }, seconds(300)));
        begin_removal();
        pass(milliseconds(500));
        tell(story_.removed(paused_, true));
        if (peers.size() < 2) return end_phase(story_.removals({paused_}));
        const NodeId killed = peers.back();
        carry_out("kill " + short_name(killed));
        static_cast<void>(until([&] { return gone(killed); }, seconds(300)));
        pass(milliseconds(500));
        tell(story_.removed(killed, false));
        end_phase(story_.removals({paused_, killed}));
    }
    void begin_removal() {
        if (phase_ != 5) return;
        tell(story_.detected(paused_));
        end_phase(story_.detection(paused_));
        begin_phase(6);
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
    NodeId paused_{};
    Stage stage_;
    DemoStory story_;
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
    constexpr Setting settings[] = {{"seeds", &DemoPlan::seeds, 1, 10},
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
