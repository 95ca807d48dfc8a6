#include "manager/shell/session.hpp"

#include "manager/base/options.hpp"

#include <csignal>
#include <ctime>

namespace gossip {
namespace {

constexpr Duration shutdown_grace = std::chrono::seconds(10);  // leaving alone may take 2 s; Ctrl-C cuts it short
constexpr Duration hold_window = std::chrono::milliseconds(120);

Style mark_style(char mark) {
    switch (mark) {
        case '+':
        case '=':
            return Style::green;
        case '-':
        case '!':
            return Style::red;
        case '?':
            return Style::yellow;
        default:
            return Style::cyan;
    }
}

}  // namespace

Session::Session(EventLoop& event_loop, Console& out, const ManagedNetwork::Factory& factory, Settings initial)
    : network_(factory({[this](const NodeEvent& event) { handle_event(event); },
                        [this](const ManagedNode& node) { handle_death(node); },
                        [this](const std::string& text) { console.remark(text); }, [this] { tell_onlooker(nullptr); },
                        [this](const std::string& text) { broken_ = text; },
                        [this](const RunLine& line) {
                            if (recorder_) recorder_->write(line);
                        }})),
      loop(event_loop),
      console(out),
      settings(initial),
      network(*network_),
      rng(network.plan().seed),
      churn(network, rng, [this](const std::string& text) { console.remark(text); }) {}

Result Session::start() {
    WaitEnd end = WaitEnd::done;
    const NetworkPlan& plan = network.plan();
    if (console.interactive() && plan.initial_peers > 20) {
        console.remark("Starting " + std::to_string(plan.config.seeds.size()) + " seeds and " +
                       std::to_string(plan.initial_peers) + " peers…");
    }
    std::size_t peers = plan.initial_peers;
    for (const HostSettings& host : plan.hosts) peers += host.peers;
    const OverlayConfig& overlay = plan.config.overlay;
    if (const auto warning = overlay.strategy->warning(overlay, peers)) console.remark("note: " + *warning);
    if (auto problem = network.start_network(end)) {
        finish();
        return Failure{ErrorKind::start, problem->text};
    }
    if (auto failure = from_wait(end, loop)) {
        finish();
        return failure;
    }
    history.start(network.now());
    if (recorder_ && plan.keep_logs) keep_logs(false);
    return std::nullopt;
}

// The logs of other hosts' nodes are in a folder with the host's name, here as in the log folder.
void Session::keep_logs(bool copies) const {
    const NetworkPlan& plan = network.plan();
    recorder_->folder().keep_logs(plan.log_dir, copies);
    for (const HostSettings& host : plan.hosts) {
        recorder_->folder().keep_logs(plan.log_dir + "/" + host.name, copies, host.name);
    }
}

Result Session::await_convergence() {
    WaitEnd end = WaitEnd::done;
    const std::string problem = network.await_convergence(end);
    if (auto failure = from_wait(end, loop)) return failure;
    if (problem.empty()) return std::nullopt;
    return Failure{ErrorKind::broken, problem};
}

// Asks every node once more for its counters, because the figures of the run need them.
void Session::finish() {
    churn.stop();
    open_ = false;
    settings.live = false;
    if (recorder_ && loop.termination() == 0) {
        std::vector<NodeId> all;
        for (const auto& [id, node] : network.nodes()) all.push_back(id);
        static_cast<void>(network.refresh(all));
    }
    if (recorder_) recorder_->write(RunClosing{stamp()});
    network.shutdown(shutdown_grace);
    if (console.interactive()) console.remark("Network stopped.");
}

void Session::record_to(std::unique_ptr<RunRecorder> recorder) {
    recorder_ = std::move(recorder);
    recorder_->write(RunBegan{stamp(), run_schema, version_text(), network.plan().seed, network.view().seed_count()});
    loop.on_idle(this, [this] { recorder_->flush(); });
}

void Session::record_command(const Command& command) const {
    if (recorder_) recorder_->write(RunCommand{stamp(), command.source});
}

void Session::record_failure(const Failure& failure) const {
    if (recorder_) recorder_->write(RunFailure{stamp(), std::string(error_word(failure.kind)), failure.text});
}

void Session::close_record(int exit_code) {
    if (!recorder_) return;
    if (network.plan().keep_logs) keep_logs(true);
    recorder_->close(stamp(), exit_code);
    loop.on_idle(this, {});
    recorder_.reset();
}

Result Session::from_wait(WaitEnd end, const EventLoop& loop) {
    if (end == WaitEnd::interrupted) return Failure{ErrorKind::interrupted, "interrupted"};
    if (end != WaitEnd::terminated) return std::nullopt;
    return Failure{ErrorKind::terminated, loop.termination() == SIGHUP ? "hung up" : "terminated"};
}

Result Session::wait(const std::function<bool()>& done, std::optional<Duration> timeout, bool& timed_out) {
    const bool script = !console.interactive() && guests_ == 0;
    const auto ends = [&] { return done() || (script && !deaths_.empty()) || is_broken() || (!open_ && guests_ == 0); };
    const WaitEnd end = network.run_until(ends, timeout);
    timed_out = end == WaitEnd::timed_out;
    if (auto failure = take_death()) return failure;
    return from_wait(end, loop);
}

// A broken invariant ends the session: later failures would only be its consequences. In a script a node that died
// unexpectedly is a failure; at the prompt it was reported already.
Result Session::take_death() {
    if (is_broken()) return Failure{ErrorKind::broken, broken_};
    if (deaths_.empty() || guests_ > 0) return std::nullopt;
    const std::string text = deaths_.front();
    deaths_.clear();
    if (console.interactive()) return std::nullopt;
    return Failure{ErrorKind::node_died, text};
}

Result Session::run_one(const Command& command, const std::string& name) {
    record_command(command);
    const Compiled compiled = compile(command);
    const auto* problem = std::get_if<std::string>(&compiled);
    const auto recorded = history.begin(command, network.now());
    Result result = problem == nullptr ? std::get<Action>(compiled)(*this) : Failure{ErrorKind::usage, *problem};
    // A node may have died while the command waited. Nodes that the command killed do not count.
    if (auto death = take_death()) result = std::move(death);
    history.end(command, recorded, result.has_value(), network.now());
    if (result) record_failure(*result);
    if (result && result->where.empty() && !name.empty()) {
        result->where = name + ":" + std::to_string(command.line);
        const bool own_words = result->kind == ErrorKind::wait || result->kind == ErrorKind::expect;
        if (own_words) result->text = command.source + ": " + result->text;
    }
    return result;
}

Result Session::run(const Script& script, const std::string& name) {
    Result first;
    const std::string outer = std::exchange(script_name_, name);
    for (const Command& command : script) {
        if (!open_) break;
        Result result = run_one(command, name);
        if (!result) continue;
        const bool cut_short = result->kind == ErrorKind::interrupted || result->kind == ErrorKind::terminated;
        const bool ends_all = cut_short || result->kind == ErrorKind::broken;
        if (cut_short && console.interactive()) {
            console.result("\n");  // the terminal has shown ^C
        } else if (!result->printed) {
            console.error(error_word(result->kind), result->where, result->text);
        }
        result->printed = true;
        const bool ignored = command.ignore_failure && result->kind != ErrorKind::node_died;
        if (ignored && !ends_all) continue;
        if (!first || ends_all) first = std::move(result);
        if (!settings.keep_going || ends_all) break;
    }
    script_name_ = outer;
    return first;
}

std::variant<std::vector<NodeId>, Failure> Session::select(const Selector& selector, Among among) {
    auto selected = gossip::select(selector, network.view(), among, rng);
    if (const auto* problem = std::get_if<std::string>(&selected)) return Failure{ErrorKind::command, *problem};
    return std::get<std::vector<NodeId>>(std::move(selected));
}

// ---------------------------------------------------------------- what happens meanwhile

void Session::live(const LiveLine& line) {
    const std::time_t seconds = network.wall_now() / 1000;
    char clock[16];
    std::tm local{};
    std::strftime(clock, sizeof clock, "%H:%M:%S", ::localtime_r(&seconds, &local));
    const bool colored = console.announces_in_color();
    console.announce(paint(clock, Style::dim, colored) + " " +
                     paint(std::string(1, line.mark) + " " + line.text, mark_style(line.mark), colored));
}

void Session::tell_onlooker(const NodeEvent* event) {
    if (onlooker_) onlooker_(event);
}

void Session::handle_event(const NodeEvent& event) {
    if (recorder_) recorder_->write(event);
    tell_onlooker(&event);
    if (follower_) follower_(event);
    if (changed_) changed_();
    if (!settings.live || !console.is_announcing()) return;
    const bool held_lines = live_.holds_lines();
    for (const LiveLine& line : live_.apply(event, network.view())) live(line);
    if (held_lines || !live_.holds_lines()) return;
    network.call_after(hold_window, [this] {
        for (const LiveLine& line : live_.release(network.view())) {
            if (settings.live) live(line);
        }
    });
}

void Session::handle_death(const ManagedNode& node) {
    const std::string why = network.last_error_line(node);
    const std::string text =
        short_name(node.id) + " died that nobody killed (" + node.end_text + ")" + (why.empty() ? "" : ": " + why);
    deaths_.push_back(text);
    if (changed_) changed_();
    console.announce(paint(error_word(ErrorKind::node_died), Style::red, console.announces_in_color()) + ": " + text);
}

std::string Session::prompt() const {
    std::size_t seeds = 0;
    std::size_t peers = 0;
    bool doubt = false;
    for (const auto& [id, node] : network.view().nodes()) {
        if (!is_running(node.state)) continue;
        ++(node.role == Role::seed ? seeds : peers);
        doubt = doubt || (node.state == NodeState::alive && !node.suspects.empty());
    }
    const std::string counts =
        "[" + std::to_string(seeds) + "s " + std::to_string(peers) + "p" + (doubt ? "!" : "") + "]";
    return "gossip" + counts + "> ";
}

}  // namespace gossip
