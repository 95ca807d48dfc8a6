#include "manager/shell/session.hpp"

#include "manager/base/local_time.hpp"
#include "manager/base/version.hpp"
#include "node/config/settings.hpp"

#include <csignal>

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

Session::Session(EventLoop& loop, Console& console, const ManagedNetwork::Factory& factory, Settings settings)
    : loop_(loop),
      console_(console),
      settings_(settings),
      network_(factory(observers())),
      rng_(network_->plan().seed),
      churn_(*network_, rng_, [this](const std::string& text) { console_.remark(text); }) {}

ManagedNetwork::Observers Session::observers() {
    return {
        .event = [this](const NodeEvent& event) { handle_event(event); },
        .died = [this](const ManagedNode& node) { handle_death(node); },
        .remark = [this](const std::string& text) { console_.remark(text); },
        .changed = [this] { tell_onlooker(nullptr); },
        .broken = [this](const std::string& text) { broken_ = text; },
        .record =
            [this](const RunLine& line) {
                if (recorder_) recorder_->write(line);
            },
    };
}

Result Session::start() {
    WaitEnd end = WaitEnd::done;
    const NetworkPlan& plan = network_->plan();
    if (console_.interactive() && plan.initial_peers > 20) {
        console_.remark("Starting " + std::to_string(plan.config.seeds.size()) + " seeds and " +
                        std::to_string(plan.initial_peers) + " peers…");
    }
    std::size_t peers = plan.initial_peers;
    for (const HostSettings& host : plan.hosts) peers += host.peers;
    const OverlayConfig& overlay = plan.config.overlay;
    if (const auto warning = overlay.strategy->warning(overlay, peers)) console_.remark("note: " + *warning);
    if (auto problem = network_->start_network(end)) {
        finish();
        return Failure{ErrorKind::start, problem->text};
    }
    if (auto failure = from_wait(end, loop_)) {
        finish();
        return failure;
    }
    history_.start(network_->now());
    return std::nullopt;
}

Result Session::await_convergence() {
    WaitEnd end = WaitEnd::done;
    const std::string problem = network_->await_convergence(end);
    if (auto failure = from_wait(end, loop_)) return failure;
    if (problem.empty()) return std::nullopt;
    return Failure{ErrorKind::broken, problem};
}

// Asks every node once more for its counters, because the figures of the run need them.
void Session::finish() {
    churn_.stop();
    open_ = false;
    settings_.live = false;
    if (recorder_ && loop_.termination() == 0) {
        std::vector<NodeId> all;
        for (const auto& [id, node] : network_->nodes()) all.push_back(id);
        static_cast<void>(network_->refresh(all));
    }
    if (recorder_) recorder_->write(RunClosing{stamp()});
    network_->shutdown(shutdown_grace);
    if (console_.interactive()) console_.remark("Network stopped.");
}

void Session::record_to(std::unique_ptr<RunRecorder> recorder) {
    recorder_ = std::move(recorder);
    const Provenance& from = provenance();
    recorder_->write(RunBegan{stamp(), run_schema, from.version, network_->plan().seed, network_->view().seed_count(),
                              from.commit, from.compiler});
    loop_.on_idle(this, [this] { recorder_->flush(); });
}

void Session::record_command(const Command& command) const {
    if (recorder_) recorder_->write(RunCommand{stamp(), command.source});
}

void Session::record_failure(const Failure& failure) const {
    if (recorder_) recorder_->write(RunFailure{stamp(), std::string(error_word(failure.kind)), failure.text});
}

void Session::close_record(int exit_code, const std::string& trace_hash) {
    if (!recorder_) return;
    recorder_->close(stamp(), exit_code, trace_hash);
    loop_.on_idle(this, {});
    recorder_.reset();
}

Result Session::from_wait(WaitEnd end, const EventLoop& loop) {
    if (end == WaitEnd::interrupted) return Failure{ErrorKind::interrupted, "interrupted"};
    if (end != WaitEnd::terminated) return std::nullopt;
    return Failure{ErrorKind::terminated, loop.termination() == SIGHUP ? "hung up" : "terminated"};
}

Result Session::wait(const std::function<bool()>& done, std::optional<Duration> timeout, bool& timed_out) {
    const bool script = !console_.interactive() && guests_ == 0;
    const auto ends = [&] { return done() || (script && !deaths_.empty()) || is_broken() || (!open_ && guests_ == 0); };
    const WaitEnd end = network_->run_until(ends, timeout);
    timed_out = end == WaitEnd::timed_out;
    if (auto failure = take_death()) return failure;
    return from_wait(end, loop_);
}

// A broken invariant ends the session: later failures would only be its consequences. In a script a node that died
// unexpectedly is a failure; at the prompt it was reported already.
Result Session::take_death() {
    if (is_broken()) return Failure{ErrorKind::broken, broken_};
    if (deaths_.empty() || guests_ > 0) return std::nullopt;
    const std::string text = deaths_.front();
    deaths_.clear();
    if (console_.interactive()) return std::nullopt;
    return Failure{ErrorKind::node_died, text};
}

std::variant<std::vector<NodeId>, Failure> Session::select(const Selector& selector, Among among) {
    auto selected = gossip::select(selector, network_->view(), among, rng_);
    if (const auto* problem = std::get_if<std::string>(&selected)) return Failure{ErrorKind::command, *problem};
    return std::get<std::vector<NodeId>>(std::move(selected));
}

// ---------------------------------------------------------------- what happens meanwhile

void Session::live(const LiveLine& line) {
    const std::string clock = local_time(network_->wall_now(), "%H:%M:%S");
    const bool colored = console_.announces_in_color();
    console_.announce(paint(clock, Style::dim, colored) + " " +
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
    if (!settings_.live || !console_.is_announcing()) return;
    const bool held_lines = live_.holds_lines();
    for (const LiveLine& line : live_.apply(event, network_->view())) live(line);
    if (held_lines || !live_.holds_lines()) return;
    network_->call_after(hold_window, [this] {
        for (const LiveLine& line : live_.release(network_->view())) {
            if (settings_.live) live(line);
        }
    });
}

void Session::handle_death(const ManagedNode& node) {
    const std::string why = network_->last_error_line(node);
    const std::string text =
        short_name(node.id) + " died that nobody killed (" + node.end_text + ")" + (why.empty() ? "" : ": " + why);
    deaths_.push_back(text);
    if (changed_) changed_();
    console_.announce(paint(error_word(ErrorKind::node_died), Style::red, console_.announces_in_color()) + ": " + text);
}

std::string Session::prompt() const {
    std::size_t seeds = 0;
    std::size_t peers = 0;
    bool doubt = false;
    for (const auto& [id, node] : network_->view().nodes()) {
        if (!is_running(node.state)) continue;
        ++(node.role == Role::seed ? seeds : peers);
        doubt = doubt || (node.state == NodeState::alive && !node.suspects.empty());
    }
    const std::string counts =
        "[" + std::to_string(seeds) + "s " + std::to_string(peers) + "p" + (doubt ? "!" : "") + "]";
    return "gossip" + counts + "> ";
}

}  // namespace gossip
